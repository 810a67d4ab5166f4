//! An audit log in memory.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audit::{AuditError, AuditSink, Entry};
use crate::model::EventId;
use crate::store::BoxFuture;

/// An audit log in memory, which can be made to fail.
#[derive(Default)]
pub struct MemAudit {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    failing: bool,
    delay: Duration,
}

impl MemAudit {
    /// An empty log that works.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every append fails, and takes nothing; or no longer.
    pub fn fail(&self, failing: bool) {
        self.state().failing = failing;
    }

    /// From now on every append takes this long after it took its events.
    pub fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// All that was appended, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.state().entries.clone()
    }

    /// The events' bytes as text, oldest first.
    pub fn lines(&self) -> Vec<String> {
        let text = |entry: &Entry| String::from_utf8_lossy(&entry.bytes).into_owned();
        self.state().entries.iter().map(text).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditSink for MemAudit {
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'_, Result<(), AuditError>> {
        Box::pin(async move {
            let delay = {
                let mut state = self.state();
                if state.failing {
                    return Err(AuditError::Unavailable("told to fail".to_owned()));
                }
                state.entries.extend(entries);
                state.delay
            };
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(())
        })
    }

    fn holding(&self, events: Vec<EventId>) -> BoxFuture<'_, Result<HashSet<EventId>, AuditError>> {
        Box::pin(async move {
            let held: HashSet<EventId> = self.state().entries.iter().map(|e| e.id).collect();
            Ok(events.into_iter().filter(|id| held.contains(id)).collect())
        })
    }
}
