//! How often a version was used under the plain suite. Random 96-bit nonces allow 2^32 messages a key (SP 800-38D),
//! so uses are counted in memory and accounted for in the store in steps, rounded up after a crash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Engine;
use crate::error::{Error, ErrorKind, Result, What};
use crate::model::{Key, KeyId};
use crate::record::{Loaded, UseCounter};
use crate::store::{Commit, StoreError};

/// Limits of the plain suite, in uses of one version.
#[derive(Clone, Copy, Debug)]
pub struct PlainLimits {
    /// The key rotates by itself.
    pub rotate_at: u64,
    /// The version encrypts no more.
    pub refuse_at: u64,
    /// How many uses are accounted for ahead.
    pub step: u64,
}

impl Default for PlainLimits {
    fn default() -> Self {
        Self { rotate_at: 1 << 31, refuse_at: 1 << 32, step: 1 << 16 }
    }
}

/// One slot a version, each behind a lock of its own: waiting for the store for one key must hold up no other.
#[derive(Default)]
pub(crate) struct Counters(Mutex<HashMap<(KeyId, u32), SharedSlot>>);

type SharedSlot = Arc<tokio::sync::Mutex<Slot>>;

#[derive(Clone, Copy, Default)]
struct Slot {
    used: u64,
    reserved: u64,
}

impl Counters {
    fn slot(&self, key: KeyId, version: u32) -> SharedSlot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((key, version)).or_default())
    }
}

impl Engine {
    /// Counts one more use; answers how many uses the version has had before.
    pub(crate) async fn count_use(&self, key: &Key, version: u32) -> Result<u64> {
        let limits = self.options.plain_limits;
        let slot = self.counters.slot(key.id, version);
        let mut slot = slot.lock().await;
        if slot.used >= slot.reserved && slot.used < limits.refuse_at {
            *slot = self.reserve(key, version, limits.step).await?;
        }
        if slot.used >= limits.refuse_at {
            return Err(Error::new(
                ErrorKind::LimitExceeded(What::VersionUses),
                "this version has encrypted as often as its algorithm allows; rotate the key",
            )
            .about_key(key));
        }
        slot.used += 1;
        Ok(slot.used - 1)
    }

    async fn reserve(&self, key: &Key, version: u32, step: u64) -> Result<Slot> {
        for _ in 0..5 {
            let row = UseCounter::row_key(key.tenant, key.id, version);
            let stored: Option<Loaded<UseCounter>> = self.get(row).await?;
            let used = stored.as_ref().map_or(0, |loaded| loaded.record.reserved);
            let reserved = used.saturating_add(step);
            let counter = UseCounter { tenant: key.tenant, key: key.id, version, reserved };
            let change = match stored {
                Some(loaded) => self.keyring.rows.update(&counter, loaded.revision),
                None => self.keyring.rows.insert(&counter),
            };
            let commit = Commit {
                node: self.options.node,
                changes: vec![change],
                events: Vec::new(),
                logged: Vec::new(),
            };
            match self.store.commit(commit).await {
                Ok(_) => return Ok(Slot { used, reserved }),
                Err(StoreError::Conflict | StoreError::Exists(_)) => {}
                Err(cause) => return Err(cause.into()),
            }
        }
        Err(Error::from(StoreError::Conflict))
    }

    /// Whether a version used this often should make way for the next.
    pub(crate) fn is_worn(&self, uses: u64) -> bool {
        uses >= self.options.plain_limits.rotate_at
    }
}
