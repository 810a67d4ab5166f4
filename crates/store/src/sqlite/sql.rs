//! The statements of each table, and the ways between SQLite's values and errors and the store's.

use std::sync::LazyLock;

use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, ffi};
use trent_core::model::{EventId, NodeId};
use trent_core::store::{OutboxEvent, OutboxRow, Row, RowKey, StoreError, Table};

/// The statements of one table of rows.
pub(super) struct Statements {
    pub(super) get: String,
    pub(super) lookup: String,
    pub(super) scan: String,
    pub(super) scan_after: String,
    pub(super) insert: String,
    pub(super) update: String,
    pub(super) delete: String,
}

static STATEMENTS: LazyLock<[(Table, Statements); Table::ALL.len()]> =
    LazyLock::new(|| Table::ALL.map(|table| (table, Statements::new(table.as_str()))));

impl Statements {
    fn new(table: &str) -> Self {
        const COLUMNS: &str =
            "tenant, scope, id, number, lookup, body, revision, mac_generation, mac";
        const KEY: &str = "tenant = ?1 AND scope = ?2 AND id = ?3 AND number = ?4";
        let select = format!("SELECT {COLUMNS} FROM {table} WHERE");
        let listed = "tenant = ?1 AND scope = ?2";
        let order = "ORDER BY id, number LIMIT ?3";
        Self {
            get: format!("{select} {KEY}"),
            lookup: format!("{select} lookup = ?1"),
            scan: format!("{select} {listed} {order}"),
            scan_after: format!("{select} {listed} AND (id, number) > (?4, ?5) {order}"),
            insert: format!(
                "INSERT INTO {table} ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            ),
            update: format!(
                "UPDATE {table} SET lookup = ?5, body = ?6, revision = ?7, mac_generation = ?8, mac = ?9 \
                 WHERE {KEY} AND revision = ?10"
            ),
            delete: format!("DELETE FROM {table} WHERE {KEY} AND revision = ?5"),
        }
    }

    /// All of them.
    pub(super) fn each(&self) -> [&str; 7] {
        [
            &self.get,
            &self.lookup,
            &self.scan,
            &self.scan_after,
            &self.insert,
            &self.update,
            &self.delete,
        ]
    }
}

/// The statements of this table.
pub(super) fn of(table: Table) -> &'static Statements {
    // `Table::ALL` holds the tables in the order of their declaration.
    &STATEMENTS[table as usize].1
}

pub(super) const OUTBOX_READ: &str =
    "SELECT event, bytes, node, generation, mac FROM outbox ORDER BY position LIMIT ?1";
pub(super) const OUTBOX_ADD: &str =
    "INSERT INTO outbox (event, bytes, node, generation, mac) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const OUTBOX_REMOVE: &str = "DELETE FROM outbox WHERE event = ?1";
pub(super) const GENERATION_READ: &str = "SELECT generation FROM meta";
pub(super) const GENERATION_NEXT: &str =
    "UPDATE meta SET generation = generation + 1 RETURNING generation";

/// Refuses a database whose tables are not those that the statements need.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let rows = STATEMENTS.iter().flat_map(|(_, statements)| statements.each());
    let others = [OUTBOX_READ, OUTBOX_ADD, OUTBOX_REMOVE, GENERATION_READ, GENERATION_NEXT];
    for statement in rows.chain(others) {
        connection.prepare(statement).map_err(|cause| match error(cause) {
            StoreError::Failed(text) => StoreError::Corrupt(text),
            other => other,
        })?;
    }
    generation(connection).map(drop).map_err(error)
}

/// The database generation.
pub(super) fn generation(connection: &Connection) -> rusqlite::Result<u64> {
    connection.prepare_cached(GENERATION_READ)?.query_row([], |row| unsigned(row, 0))
}

/// A row of a table, from the columns of `Statements`.
pub(super) fn row(table: Table, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        table,
        key: RowKey {
            tenant: row.get(0)?,
            scope: row.get(1)?,
            id: row.get(2)?,
            number: row.get(3)?,
        },
        lookup: row.get(4)?,
        body: row.get(5)?,
        revision: unsigned(row, 6)?,
        mac_generation: row.get(7)?,
        mac: row.get(8)?,
    })
}

/// A row of the outbox, from [`OUTBOX_READ`].
pub(super) fn outbox_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        event: OutboxEvent {
            id: EventId::from_bytes(row.get(0)?),
            bytes: row.get(1)?,
            mac: row.get(4)?,
        },
        node: NodeId::from_bytes(row.get(2)?),
        generation: unsigned(row, 3)?,
    })
}

/// A column that SQLite keeps as a signed integer and that must not be negative.
pub(super) fn unsigned(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

/// A number as SQLite keeps it.
pub(super) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Failed("a number is too large".to_owned()))
}

/// Whether the error says that a row of that key exists.
pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE))
}

/// An error of SQLite as the store's.
pub(super) fn error(error: rusqlite::Error) -> StoreError {
    use rusqlite::Error as E;
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt(error.to_string())
        }
        Some(_) => StoreError::Failed(error.to_string()),
        None => match error {
            E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnType(..)
            | E::QueryReturnedNoRows => StoreError::Corrupt(error.to_string()),
            other => StoreError::Failed(other.to_string()),
        },
    }
}

/// The same error once more, for another caller whose commit was in the same transaction.
pub(super) fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Busy => StoreError::Busy,
        StoreError::Conflict => StoreError::Conflict,
        StoreError::Exists(table) => StoreError::Exists(*table),
        StoreError::Full => StoreError::Full,
        StoreError::Closed => StoreError::Closed,
        StoreError::Corrupt(text) => StoreError::Corrupt(text.clone()),
        StoreError::Failed(text) => StoreError::Failed(text.clone()),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn each_table_has_its_own_statements() {
        for table in Table::ALL {
            assert_eq!(STATEMENTS[table as usize].0, table);
            for statement in of(table).each() {
                assert!(statement.contains(&format!(" {} ", table.as_str())), "{statement}");
            }
        }
    }
}
