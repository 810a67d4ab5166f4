//! Stand-ins for tests (a store, a log and a clock in memory) and the suite that every store must pass.
//! Nothing here is built into the product.

pub mod contract;
pub mod kinds;
mod log;
mod memory;

pub use log::MemAudit;
pub use memory::MemStore;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;

/// A clock that stands still until it is moved.
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock at `now_ms` milliseconds since the Unix epoch.
    pub const fn new(now_ms: u64) -> Self {
        Self(AtomicU64::new(now_ms))
    }

    /// Puts the clock to `now_ms` milliseconds since the Unix epoch, forwards or backwards.
    pub fn set(&self, now_ms: u64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }

    /// Moves the clock forwards by `ms` milliseconds.
    pub fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_memory_store_keeps_the_contract() {
        contract::run(MemStore::new).await;
    }
}
