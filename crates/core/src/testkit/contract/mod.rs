//! What every store must do, as one suite that runs on each of them. It knows nothing of how a store works.

mod commits;
mod concurrency;
mod rows;
mod scans;

use std::sync::Arc;

use crate::model::{EventId, NodeId};
use crate::store::{Change, Commit, OutboxEvent, OutboxRow, Row, RowKey, Store, StoreError, Table};

const NODE: NodeId = NodeId::from_bytes([0xA0; 16]);

/// Runs the suite. `make` gives a new, empty store each time.
///
/// # Panics
/// When the store breaks the contract.
pub async fn run<S: Store + 'static>(make: impl Fn() -> S) {
    rows::rows_come_back_as_written(&make()).await;
    rows::keys_are_exact(&make()).await;
    rows::changes_need_the_revision(&make()).await;
    rows::keys_and_lookups_are_unique(&make()).await;
    commits::changes_of_a_commit_see_each_other(&make()).await;
    commits::a_failure_undoes_the_whole_commit(&make()).await;
    scans::scans_are_ordered_and_paged(&make()).await;
    scans::scans_stay_in_their_tenant_and_scope(&make()).await;
    commits::the_outbox_keeps_its_order(&make()).await;
    commits::logged_events_leave_the_outbox(&make()).await;
    commits::generations_count_commits_with_events(&make()).await;
    concurrency::acknowledged_commits_are_seen(&make()).await;
    concurrency::one_of_many_wins(Arc::new(make())).await;
    concurrency::concurrent_commits_all_count(Arc::new(make())).await;
    concurrency::nothing_half_done_is_seen(Arc::new(make())).await;
}

fn key(tenant: u8, scope: &str, id: &str, number: u32) -> RowKey {
    RowKey { tenant: [tenant; 16], scope: scope.to_owned(), id: id.to_owned(), number }
}

fn row(key: RowKey) -> Row {
    Row {
        table: Table::Keys,
        body: key.id.as_bytes().to_vec(),
        key,
        lookup: None,
        revision: 1,
        mac_generation: 1,
        mac: [0x11; 32],
    }
}

fn next(row: &Row, body: &[u8]) -> Row {
    Row { body: body.to_vec(), revision: row.revision + 1, ..row.clone() }
}

fn delete(row: &Row) -> Change {
    Change::Delete { table: row.table, key: row.key.clone(), revision: row.revision }
}

fn event(number: u8) -> OutboxEvent {
    OutboxEvent {
        id: EventId::from_bytes([number; 16]),
        bytes: vec![b'{', number, 0, b'}'],
        mac: [number ^ 0xFF; 32],
    }
}

fn empty() -> Commit {
    Commit { node: NODE, changes: Vec::new(), events: Vec::new(), logged: Vec::new() }
}

async fn commit(store: &dyn Store, changes: Vec<Change>) -> Result<u64, StoreError> {
    store.commit(Commit { changes, ..empty() }).await
}

async fn refusal(store: &dyn Store, changes: Vec<Change>) -> StoreError {
    match commit(store, changes).await {
        Ok(generation) => panic!("the store took it as generation {generation}"),
        Err(error) => error,
    }
}

async fn get(store: &dyn Store, row: &Row) -> Option<Row> {
    must(store.get(row.table, row.key.clone()).await)
}

async fn scan(
    store: &dyn Store,
    table: Table,
    tenant: u8,
    scope: &str,
    after: Option<(String, u32)>,
    limit: usize,
) -> Vec<Row> {
    must(store.scan(table, [tenant; 16], scope.to_owned(), after, limit).await)
}

/// The whole outbox: each event's number, node and generation.
async fn outbox(store: &dyn Store) -> Vec<(u8, NodeId, u64)> {
    let rows = must(store.outbox(1_000).await);
    rows.into_iter().map(|row| (row.event.id.as_bytes()[0], row.node, row.generation)).collect()
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| &*row.key.id).collect()
}

#[track_caller]
fn must<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error:?}"),
    }
}
