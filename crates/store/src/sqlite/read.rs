//! The reading threads and their queries. Each query is one statement, so it sees one state of the database:
//! the newest that was committed when it began.

use rusqlite::{Connection, OptionalExtension, params};
use trent_core::store::{OutboxRow, Row, RowKey, Table};

use super::queue::{Queue, Served};
use super::sql;

/// A query with the way back to its caller.
pub(super) type Work = Box<dyn FnOnce(&Connection) + Send>;

/// Does what comes, until the queue is closed.
pub(super) fn run(connection: &Connection, queue: &Queue<Work>, _served: Served<Work>) {
    while let Some(work) = queue.pop() {
        work(connection);
    }
}

pub(super) fn get(
    connection: &Connection,
    table: Table,
    key: &RowKey,
) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached(&sql::of(table).get)?
        .query_row(params![key.tenant, key.scope, key.id, key.number], |row| sql::row(table, row))
        .optional()
}

pub(super) fn lookup(
    connection: &Connection,
    table: Table,
    lookup: &str,
) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached(&sql::of(table).lookup)?
        .query_row([lookup], |row| sql::row(table, row))
        .optional()
}

pub(super) fn scan(
    connection: &Connection,
    table: Table,
    tenant: [u8; 16],
    scope: &str,
    after: Option<(String, u32)>,
    limit: usize,
) -> rusqlite::Result<Vec<Row>> {
    let (statements, limit) = (sql::of(table), most(limit));
    let read = |row: &rusqlite::Row<'_>| sql::row(table, row);
    match after {
        None => connection
            .prepare_cached(&statements.scan)?
            .query_map(params![tenant, scope, limit], read)?
            .collect(),
        Some((id, number)) => connection
            .prepare_cached(&statements.scan_after)?
            .query_map(params![tenant, scope, limit, id, number], read)?
            .collect(),
    }
}

pub(super) fn outbox(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<OutboxRow>> {
    connection
        .prepare_cached(sql::OUTBOX_READ)?
        .query_map([most(limit)], sql::outbox_row)?
        .collect()
}

/// A limit as SQLite takes it, where a negative one would mean none.
fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
