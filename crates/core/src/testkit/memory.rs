//! A store in memory: the plainest thing that keeps the contract.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::EventId;
use crate::store::{BoxFuture, Change, Commit, OutboxRow, Row, RowKey, Store, StoreError, Table};

/// A store in memory. It is gone with the process.
#[derive(Default)]
pub struct MemStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<(Table, RowKey), Row>,
    outbox: Vec<OutboxRow>,
    generation: u64,
    failure: Option<fn() -> StoreError>,
    fails_after: bool,
}

/// What a changed place held before.
type Undo = ((Table, RowKey), Option<Row>);

impl MemStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every commit fails with this error and changes nothing; `None` ends it.
    pub fn fail_commits(&self, failure: Option<fn() -> StoreError>) {
        self.state().failure = failure;
    }

    /// From now on every commit is made and then answered as failed, as when only its sync failed; or no longer.
    pub fn fail_after_commits(&self, failing: bool) {
        self.state().fails_after = failing;
    }

    /// Takes a row away behind everyone's back. Answers whether there was one.
    pub fn lose(&self, table: Table, key: &RowKey) -> bool {
        self.state().rows.remove(&(table, key.clone())).is_some()
    }

    /// All rows of a table, in the order of their primary keys.
    pub fn rows(&self, table: Table) -> Vec<Row> {
        self.state().rows.values().filter(|row| row.table == table).cloned().collect()
    }

    /// Changes a stored row behind everyone's back, as someone with access to the disk could.
    /// Answers whether there is such a row.
    pub fn tamper(&self, table: Table, key: &RowKey, change: impl FnOnce(&mut Row)) -> bool {
        self.state().rows.get_mut(&(table, key.clone())).map(change).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn by_lookup(&self, table: Table, lookup: &str) -> Option<&Row> {
        self.rows.values().find(|row| row.table == table && row.lookup.as_deref() == Some(lookup))
    }

    fn commit(&mut self, commit: Commit) -> Result<u64, StoreError> {
        if let Some(failure) = self.failure {
            return Err(failure());
        }
        let mut ids: HashSet<EventId> = self.outbox.iter().map(|row| row.event.id).collect();
        if !commit.events.iter().all(|event| ids.insert(event.id)) {
            return Err(StoreError::Failed("the outbox holds this event already".to_owned()));
        }
        let mut undo = Vec::with_capacity(commit.changes.len());
        for change in commit.changes {
            match self.apply(change) {
                Ok(before) => undo.push(before),
                Err(error) => {
                    self.revert(undo);
                    return Err(error);
                }
            }
        }
        // Each generation has a line in the log, so only a commit with events makes one.
        self.generation += u64::from(!commit.events.is_empty());
        let (node, generation) = (commit.node, self.generation);
        let added = commit.events.into_iter().map(|event| OutboxRow { event, node, generation });
        self.outbox.extend(added);
        let logged: HashSet<EventId> = commit.logged.into_iter().collect();
        self.outbox.retain(|row| !logged.contains(&row.event.id));
        Ok(generation)
    }

    fn apply(&mut self, change: Change) -> Result<Undo, StoreError> {
        match change {
            Change::Insert(row) => {
                let place = (row.table, row.key.clone());
                if self.rows.contains_key(&place) || self.takes_lookup(&row) {
                    return Err(StoreError::Exists(row.table));
                }
                self.rows.insert(place.clone(), row);
                Ok((place, None))
            }
            Change::Update(row) => {
                let place = (row.table, row.key.clone());
                let revision = row.revision.checked_sub(1).ok_or(StoreError::Conflict)?;
                self.expect(&place, revision)?;
                if self.takes_lookup(&row) {
                    return Err(StoreError::Exists(row.table));
                }
                let before = self.rows.insert(place.clone(), row);
                Ok((place, before))
            }
            Change::Delete { table, key, revision } => {
                let place = (table, key);
                self.expect(&place, revision)?;
                let before = self.rows.remove(&place);
                Ok((place, before))
            }
        }
    }

    fn expect(&self, place: &(Table, RowKey), revision: u64) -> Result<(), StoreError> {
        let stored = self.rows.get(place).map(|row| row.revision);
        if stored == Some(revision) { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Whether the row's second key belongs to another row.
    fn takes_lookup(&self, row: &Row) -> bool {
        let lookup = row.lookup.as_deref();
        let other = lookup.and_then(|lookup| self.by_lookup(row.table, lookup));
        other.is_some_and(|other| other.key != row.key)
    }

    fn revert(&mut self, undo: Vec<Undo>) {
        for (place, before) in undo.into_iter().rev() {
            match before {
                Some(row) => self.rows.insert(place, row),
                None => self.rows.remove(&place),
            };
        }
    }
}

impl Store for MemStore {
    fn get(&self, table: Table, key: RowKey) -> BoxFuture<'_, Result<Option<Row>, StoreError>> {
        Box::pin(async move { Ok(self.state().rows.get(&(table, key)).cloned()) })
    }

    fn lookup(
        &self,
        table: Table,
        lookup: String,
    ) -> BoxFuture<'_, Result<Option<Row>, StoreError>> {
        Box::pin(async move { Ok(self.state().by_lookup(table, &lookup).cloned()) })
    }

    fn scan(
        &self,
        table: Table,
        tenant: [u8; 16],
        scope: String,
        after: Option<(String, u32)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Row>, StoreError>> {
        Box::pin(async move {
            let place = |id, number| (table, RowKey { tenant, scope: scope.clone(), id, number });
            let from = match after {
                Some((id, number)) => Bound::Excluded(place(id, number)),
                None => Bound::Included(place(String::new(), 0)),
            };
            let state = self.state();
            let rows = state.rows.range((from, Bound::Unbounded)).map(|(_, row)| row);
            let here = |row: &&Row| {
                row.table == table && row.key.tenant == tenant && row.key.scope == scope
            };
            Ok(rows.take_while(here).take(limit).cloned().collect())
        })
    }

    fn outbox(&self, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxRow>, StoreError>> {
        Box::pin(async move { Ok(self.state().outbox.iter().take(limit).cloned().collect()) })
    }

    fn generation(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { Ok(self.state().generation) })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            // Others get their turn here, as they do while a real store waits for its disk.
            tokio::task::yield_now().await;
            let mut state = self.state();
            let made = state.commit(commit)?;
            if state.fails_after {
                return Err(StoreError::Failed("told to fail after the commit".to_owned()));
            }
            Ok(made)
        })
    }
}
