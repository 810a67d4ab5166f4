//! State changes: one atomic write that holds the change and its audit event, then the log line, then the answer.
//! An event stays in the outbox until the log holds it durably, so a change can never go unlogged.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::Engine;
use crate::audit::{Entry, Event};
use crate::error::{Error, ErrorKind, Result};
use crate::model::EventId;
use crate::store::{Change, Commit, OutboxEvent, OutboxRow, StoreError};

/// What this process knows of the outbox.
#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    draining: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Committed by us; the log did not take them.
    unlogged: HashSet<EventId>,
    /// In the log; the outbox row may go with the next commit.
    logged: Vec<EventId>,
    /// Of other processes and in the log, until their rows are seen to be gone.
    foreign: HashSet<EventId>,
}

impl Outbox {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine {
    /// Commits the changes with their event and makes the log hold it.
    pub(crate) async fn commit(
        &self,
        changes: Vec<Change>,
        event: &Event,
    ) -> std::result::Result<(), CommitError> {
        if event.dry_run {
            return Err(CommitError::DryRun);
        }
        let commit = Commit {
            node: self.options.node,
            changes,
            events: vec![OutboxEvent { id: event.id, bytes: event.encode() }],
            logged: self.outbox.with(|state| std::mem::take(&mut state.logged)),
        };
        if self.options.leave_outbox {
            return self.store.commit(commit).await.map(drop).map_err(CommitError::Store);
        }
        let (store, audit) = (Arc::clone(&self.store), Arc::clone(&self.audit));
        let outbox = Arc::clone(&self.outbox);
        let (id, bytes) = (event.id, event.encode());
        // A task of its own: a caller that goes away must not leave the change committed and the line unwritten.
        let written = tokio::spawn(async move {
            let retry = commit.logged.clone();
            let committed = store.commit(commit).await;
            let result = match committed {
                Ok(generation) => {
                    let entry = Entry { id, bytes, generation: Some(generation) };
                    audit.append(vec![entry]).await.map_err(CommitError::Audit)
                }
                Err(cause) => {
                    outbox.with(|state| state.logged.extend(retry));
                    return Err(CommitError::Store(cause));
                }
            };
            outbox.with(|state| match &result {
                Ok(()) => state.logged.push(id),
                Err(_) => {
                    state.unlogged.insert(id);
                }
            });
            result
        });
        written.await.unwrap_or(Err(CommitError::Stopped))
    }

    /// Writes into the log what the outbox holds and nobody is writing: events left by other processes, or by an
    /// append that failed. Answers how many there were. The server calls it every second.
    pub async fn drain_outbox(&self) -> Result<usize> {
        const MOST: usize = 1_000;
        if self.options.leave_outbox {
            return Ok(0);
        }
        let _alone = self.outbox.draining.lock().await;
        let rows = self.store.outbox(MOST).await?;
        let missing: Vec<OutboxRow> = self.outbox.with(|state| {
            if rows.len() < MOST {
                let present: HashSet<EventId> = rows.iter().map(|row| row.event.id).collect();
                state.foreign.retain(|id| present.contains(id));
            }
            let is_missing = |row: &OutboxRow| {
                if row.node == self.options.node {
                    state.unlogged.contains(&row.event.id)
                } else {
                    !state.foreign.contains(&row.event.id)
                }
            };
            rows.into_iter().filter(is_missing).collect()
        });
        if missing.is_empty() {
            // Rows left behind would make the next start search the log for them.
            self.forget_logged().await?;
            return Ok(0);
        }
        let ids: Vec<EventId> = missing.iter().map(|row| row.event.id).collect();
        self.log_rows(missing).await?;
        self.outbox.with(|state| {
            for id in &ids {
                if !state.unlogged.remove(id) {
                    state.foreign.insert(*id);
                }
            }
            state.logged.extend(&ids);
        });
        self.forget_logged().await?;
        Ok(ids.len())
    }

    /// At start: the same, leaving out what the log holds already.
    pub(crate) async fn recover_outbox(&self) -> Result<()> {
        if self.options.leave_outbox {
            return Ok(());
        }
        loop {
            let rows = self.store.outbox(1_000).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let ids: Vec<EventId> = rows.iter().map(|row| row.event.id).collect();
            let held = self.audit.holding(ids.clone()).await.map_err(unrecorded)?;
            let missing = rows.into_iter().filter(|row| !held.contains(&row.event.id)).collect();
            self.log_rows(missing).await?;
            self.outbox.with(|state| state.logged.extend(&ids));
            self.forget_logged().await?;
        }
    }

    async fn log_rows(&self, rows: Vec<OutboxRow>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let entries = rows
            .into_iter()
            .map(|row| Entry {
                id: row.event.id,
                bytes: row.event.bytes,
                generation: Some(row.generation),
            })
            .collect();
        self.audit.append(entries).await.map_err(unrecorded)
    }

    async fn forget_logged(&self) -> Result<()> {
        let logged = self.outbox.with(|state| std::mem::take(&mut state.logged));
        if logged.is_empty() {
            return Ok(());
        }
        let commit = Commit {
            node: self.options.node,
            changes: Vec::new(),
            events: Vec::new(),
            logged: logged.clone(),
        };
        if let Err(cause) = self.store.commit(commit).await {
            self.outbox.with(|state| state.logged.extend(logged));
            return Err(cause.into());
        }
        Ok(())
    }
}

fn unrecorded(cause: crate::audit::AuditError) -> Error {
    Error::new(ErrorKind::Unavailable, "the audit log cannot be written").caused_by(cause)
}

/// Why a commit was not acknowledged.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// The store did not take it: nothing changed.
    Store(StoreError),
    /// The store took it, but the log did not: the outcome is not acknowledged, and the event is logged later.
    Audit(crate::audit::AuditError),
    /// The process is going down.
    Stopped,
    /// It was only to be tried.
    DryRun,
}

impl CommitError {
    /// Whether someone else changed or made the same record first.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict | StoreError::Exists(_)))
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(cause) => cause.into(),
            CommitError::Audit(cause) => unrecorded(cause),
            CommitError::DryRun => Self::new(ErrorKind::DryRun, "it would have been done"),
            CommitError::Stopped => Self::internal("the commit was interrupted"),
        }
    }
}
