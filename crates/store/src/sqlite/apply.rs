//! One commit's statements, within a transaction that the writing thread has begun.

use rusqlite::{Connection, params};
use trent_core::store::{Change, Commit, Row, RowKey, StoreError, Table};

use super::sql;

/// Makes the commit's changes and answers the generation. After an error some of them may be made: undo them.
pub(super) fn commit(connection: &Connection, commit: &Commit) -> Result<u64, StoreError> {
    for change in &commit.changes {
        match change {
            Change::Insert(row) => insert(connection, row)?,
            Change::Update(row) => update(connection, row)?,
            Change::Delete { table, key, revision } => delete(connection, *table, key, *revision)?,
        }
    }
    // Each generation has a line in the log, so only a commit with events makes one.
    let generation = if commit.events.is_empty() {
        sql::generation(connection).map_err(sql::error)?
    } else {
        next_generation(connection).map_err(sql::error)?
    };
    add_events(connection, commit, sql::signed(generation)?)?;
    remove_events(connection, commit).map_err(sql::error)?;
    Ok(generation)
}

fn insert(connection: &Connection, row: &Row) -> Result<(), StoreError> {
    let key = &row.key;
    let values = params![
        key.tenant,
        key.scope,
        key.id,
        key.number,
        row.lookup,
        row.body,
        sql::signed(row.revision)?,
        row.mac_generation,
        row.mac,
    ];
    let inserted = connection
        .prepare_cached(&sql::of(row.table).insert)
        .and_then(|mut statement| statement.execute(values));
    inserted.map(drop).map_err(|error| duplicate(row.table, error))
}

fn update(connection: &Connection, row: &Row) -> Result<(), StoreError> {
    let key = &row.key;
    let before = row.revision.checked_sub(1).ok_or(StoreError::Conflict)?;
    let values = params![
        key.tenant,
        key.scope,
        key.id,
        key.number,
        row.lookup,
        row.body,
        sql::signed(row.revision)?,
        row.mac_generation,
        row.mac,
        sql::signed(before)?,
    ];
    let updated = connection
        .prepare_cached(&sql::of(row.table).update)
        .and_then(|mut statement| statement.execute(values));
    one(updated.map_err(|error| duplicate(row.table, error))?)
}

fn delete(
    connection: &Connection,
    table: Table,
    key: &RowKey,
    revision: u64,
) -> Result<(), StoreError> {
    let values = params![key.tenant, key.scope, key.id, key.number, sql::signed(revision)?];
    let deleted = connection
        .prepare_cached(&sql::of(table).delete)
        .and_then(|mut statement| statement.execute(values));
    one(deleted.map_err(sql::error)?)
}

fn next_generation(connection: &Connection) -> rusqlite::Result<u64> {
    connection.prepare_cached(sql::GENERATION_NEXT)?.query_row([], |row| sql::unsigned(row, 0))
}

fn add_events(connection: &Connection, commit: &Commit, generation: i64) -> Result<(), StoreError> {
    let mut add = connection.prepare_cached(sql::OUTBOX_ADD).map_err(sql::error)?;
    for event in &commit.events {
        let (id, node) = (event.id.as_bytes(), commit.node.as_bytes());
        let values = params![id, event.bytes, node, generation, event.mac];
        add.execute(values).map_err(sql::error)?;
    }
    Ok(())
}

fn remove_events(connection: &Connection, commit: &Commit) -> rusqlite::Result<()> {
    let mut remove = connection.prepare_cached(sql::OUTBOX_REMOVE)?;
    for id in &commit.logged {
        remove.execute([id.as_bytes()])?;
    }
    Ok(())
}

/// A statement that names a revision changes one row, or that revision is not stored.
fn one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn duplicate(table: Table, error: rusqlite::Error) -> StoreError {
    if sql::is_duplicate(&error) { StoreError::Exists(table) } else { sql::error(error) }
}
