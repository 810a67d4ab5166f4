//! State changes: one atomic write that holds the change and its audit event, then the log line, then the answer.
//! An event stays in the outbox until the log holds it durably, so a change can never go unlogged.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::Engine;
use crate::audit::{AuditError, AuditSink, Entry, Event};
use crate::error::{Error, ErrorKind, Result};
use crate::keyring::Keyring;
use crate::model::{EventId, NodeId};
use crate::store::{Change, Commit, OutboxRow, Store, StoreError};

/// The most outbox rows handled at once.
const MOST: usize = 1_000;

/// The way from commits to the log, and what this process knows of the outbox.
pub(crate) struct Outbox {
    store: Arc<dyn Store>,
    audit: Arc<dyn AuditSink>,
    keyring: Arc<Keyring>,
    node: NodeId,
    /// Another process owns the log.
    left: bool,
    state: Mutex<State>,
    draining: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Of ours, and not known to be in the log: it did not take them, or their commit's outcome is unknown.
    unlogged: HashSet<EventId>,
    /// In the log; the outbox row may go with the next commit.
    logged: Vec<EventId>,
    /// Of other processes and in the log, until their rows are seen to be gone.
    foreign: HashSet<EventId>,
    /// Rows that nobody with our keys wrote. They stay where they are and are never logged.
    forged: HashSet<EventId>,
}

impl Outbox {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        audit: Arc<dyn AuditSink>,
        keyring: Arc<Keyring>,
        node: NodeId,
        left: bool,
    ) -> Self {
        let (state, draining) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { store, audit, keyring, node, left, state, draining }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many rows failed their integrity check.
    pub(crate) fn forged(&self) -> usize {
        self.with(|state| state.forged.len())
    }

    async fn commit(&self, changes: Vec<Change>, id: EventId, bytes: Vec<u8>) -> CommitResult {
        let logged = self.with(|state| std::mem::take(&mut state.logged));
        let event = self.keyring.rows.event(id, bytes.clone(), self.node);
        let commit =
            Commit { node: self.node, changes, events: vec![event], logged: logged.clone() };
        let generation = match self.store.commit(commit).await {
            Ok(generation) => generation,
            Err(cause) => {
                let error = CommitError::Store(cause);
                self.with(|state| {
                    state.logged.extend(logged);
                    if error.is_indefinite() {
                        state.unlogged.insert(id);
                    }
                });
                return Err(error);
            }
        };
        if self.left {
            return Ok(());
        }
        let entry = Entry { id, bytes, generation: Some(generation) };
        let appended = self.audit.append(vec![entry]).await;
        self.with(|state| match &appended {
            Ok(()) => state.logged.push(id),
            Err(_) => {
                state.unlogged.insert(id);
            }
        });
        appended.map_err(CommitError::Audit)
    }

    async fn drain(&self) -> Result<usize> {
        let _alone = self.draining.lock().await;
        let rows = self.store.outbox(MOST).await?;
        let missing = self.with(|state| {
            if rows.len() < MOST {
                let present: HashSet<EventId> = rows.iter().map(|row| row.event.id).collect();
                state.foreign.retain(|id| present.contains(id));
            }
            let is_missing = |row: &OutboxRow| {
                if row.node == self.node {
                    state.unlogged.contains(&row.event.id)
                } else {
                    !state.foreign.contains(&row.event.id)
                }
            };
            rows.into_iter().filter(is_missing).collect()
        });
        let missing = self.ours(missing);
        let ids: Vec<EventId> = missing.iter().map(|row| row.event.id).collect();
        self.log(missing).await?;
        self.with(|state| {
            for id in &ids {
                if !state.unlogged.remove(id) {
                    state.foreign.insert(*id);
                }
            }
            state.logged.extend(&ids);
        });
        // Rows left behind would make the next start search the log for them.
        self.forget_logged().await?;
        Ok(ids.len())
    }

    /// At start: logs what the log does not hold yet.
    pub(crate) async fn recover(&self) -> Result<()> {
        if self.left {
            return Ok(());
        }
        loop {
            let rows = self.store.outbox(MOST).await?;
            let last = rows.len() < MOST;
            let rows = self.ours(rows);
            if rows.is_empty() {
                return Ok(());
            }
            let ids: Vec<EventId> = rows.iter().map(|row| row.event.id).collect();
            let held = self.audit.holding(ids.clone()).await.map_err(unrecorded)?;
            self.log(rows.into_iter().filter(|row| !held.contains(&row.event.id)).collect())
                .await?;
            self.with(|state| state.logged.extend(&ids));
            self.forget_logged().await?;
            if last {
                return Ok(());
            }
        }
    }

    /// The rows without those that nobody with our keys wrote.
    fn ours(&self, rows: Vec<OutboxRow>) -> Vec<OutboxRow> {
        let (ours, forged): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| self.keyring.rows.is_ours(row));
        for row in forged {
            if self.with(|state| state.forged.insert(row.event.id)) {
                tracing::error!(event = %row.event.id, "an outbox row failed its integrity check");
            }
        }
        ours
    }

    async fn log(&self, rows: Vec<OutboxRow>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let entry = |row: OutboxRow| Entry {
            id: row.event.id,
            bytes: row.event.bytes,
            generation: Some(row.generation),
        };
        self.audit.append(rows.into_iter().map(entry).collect()).await.map_err(unrecorded)
    }

    async fn forget_logged(&self) -> Result<()> {
        let logged = self.with(|state| std::mem::take(&mut state.logged));
        if logged.is_empty() {
            return Ok(());
        }
        let (changes, events) = (Vec::new(), Vec::new());
        let commit = Commit { node: self.node, changes, events, logged: logged.clone() };
        if let Err(cause) = self.store.commit(commit).await {
            self.with(|state| state.logged.extend(logged));
            return Err(cause.into());
        }
        Ok(())
    }
}

impl Engine {
    /// Commits the changes with their event and makes the log hold it.
    pub(crate) async fn commit(&self, changes: Vec<Change>, event: &Event) -> CommitResult {
        if event.dry_run {
            return Err(CommitError::DryRun);
        }
        let (outbox, id, bytes) = (Arc::clone(&self.outbox), event.id, event.encode());
        // A task of its own: a caller that goes away must not leave the change committed and the line unwritten.
        let work = tokio::spawn(async move { outbox.commit(changes, id, bytes).await });
        work.await.unwrap_or(Err(CommitError::Stopped))
    }

    /// Writes into the log what the outbox holds and nobody is writing: events left by other processes, or by an
    /// append that failed. Answers how many there were. Also closes the KEKs of tenants that are gone. The server
    /// calls it every second.
    pub async fn drain_outbox(&self) -> Result<usize> {
        if self.options.leave_outbox {
            return Ok(0);
        }
        self.close_lost_keks().await?;
        let outbox = Arc::clone(&self.outbox);
        // A task of its own, or a drain given up between its append and its notes would be logged again by the next.
        let work = tokio::spawn(async move { outbox.drain().await });
        work.await.unwrap_or_else(|_| Err(Error::internal("draining the outbox was interrupted")))
    }
}

fn unrecorded(cause: AuditError) -> Error {
    Error::new(ErrorKind::Unavailable, "the audit log cannot be written").caused_by(cause)
}

/// What came of a commit.
pub(crate) type CommitResult = std::result::Result<(), CommitError>;

/// Why a commit was not acknowledged.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// The store failed.
    Store(StoreError),
    /// The store took it, but the log did not: the outcome is not acknowledged, and the event is logged later.
    Audit(AuditError),
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

    /// Whether the change may have been made all the same.
    fn is_indefinite(&self) -> bool {
        !self.is_conflict() && !matches!(self, Self::Store(StoreError::Busy) | Self::DryRun)
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
