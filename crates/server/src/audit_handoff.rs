//! The audit log of a command that changes things while a server runs: the events stay in the store's outbox, which
//! the server, who owns the log's files, empties into the log every second.

use std::collections::HashSet;

use trent_core::audit::{AuditError, AuditSink, Entry};
use trent_core::model::EventId;
use trent_core::store::BoxFuture;

/// A sink for events that another process will log. It belongs to an engine that leaves its outbox alone.
pub(crate) struct AuditHandoff;

impl AuditSink for AuditHandoff {
    /// Takes what the outbox keeps as well; refuses what would be lost here.
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'_, Result<(), AuditError>> {
        let kept = entries.iter().all(|entry| entry.generation.is_some());
        Box::pin(async move {
            if kept {
                Ok(())
            } else {
                Err(AuditError::Unavailable("another process owns it".to_owned()))
            }
        })
    }

    fn holding(
        &self,
        _events: Vec<EventId>,
    ) -> BoxFuture<'_, Result<HashSet<EventId>, AuditError>> {
        Box::pin(async { Ok(HashSet::new()) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn only_what_the_outbox_keeps_is_taken() {
        let entry = |generation| Entry {
            id: EventId::from_bytes([1; 16]),
            bytes: b"{}".to_vec(),
            generation,
        };
        AuditHandoff.append(vec![]).await.unwrap();
        AuditHandoff.append(vec![entry(Some(4))]).await.unwrap();
        assert!(AuditHandoff.append(vec![entry(Some(4)), entry(None)]).await.is_err());
    }
}
