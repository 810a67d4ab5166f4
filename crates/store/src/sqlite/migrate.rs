//! Brings a database's schema up to date: numbered SQL files, each in a transaction of its own.
//! Released files never change; a change of the schema is a new file.

use rusqlite::{Connection, TransactionBehavior};
use trent_core::store::StoreError;

use super::sql;

/// The files in order. The first makes version 1.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/sqlite/0001_rows.sql")];

/// Marks the file as a store of this product (`TRNT`), in SQLite's header.
const APPLICATION: i64 = 0x5452_4E54;

/// Applies what is missing.
///
/// # Errors
/// `Corrupt` when the file is no store or its schema is newer than this program's.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    // A current store is opened without its write lock.
    while version(connection, migrations.len())? < migrations.len() {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sql::error)?;
        // Another process may have been here before us.
        let version = version(&transaction, migrations.len())?;
        if let Some(migration) = migrations.get(version) {
            transaction.execute_batch(migration).map_err(sql::error)?;
            let version = sql::signed(version as u64 + 1)?;
            transaction.pragma_update(None, "user_version", version).map_err(sql::error)?;
        }
        transaction.commit().map_err(sql::error)?;
    }
    Ok(())
}

/// How many migrations the database has had, at most `known`.
fn version(connection: &Connection, known: usize) -> Result<usize, StoreError> {
    let number =
        |query| connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(sql::error);
    let version = number("SELECT user_version FROM pragma_user_version")?;
    let ours = match version {
        0 => number("SELECT count(*) FROM sqlite_schema")? == 0,
        _ => number("SELECT application_id FROM pragma_application_id")? == APPLICATION,
    };
    if !ours {
        return Err(StoreError::Corrupt("the file is a database of something else".to_owned()));
    }
    usize::try_from(version).ok().filter(|version| *version <= known).ok_or_else(|| {
        StoreError::Corrupt(format!("its schema has version {version}, this program knows {known}"))
    })
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_is_applied_once_and_whole() {
        let first = format!("CREATE TABLE a (x); PRAGMA application_id = {APPLICATION};");
        let second = "CREATE TABLE b (x); INSERT INTO a VALUES (1);";
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[&first]).unwrap();
        apply(&mut connection, &[&first, second]).unwrap();
        apply(&mut connection, &[&first, second]).unwrap();

        let count = |connection: &Connection, table| {
            let query = format!("SELECT count(*) FROM {table}");
            connection.query_row(&query, [], |row| row.get::<_, i64>(0))
        };
        assert_eq!((count(&connection, "a").unwrap(), count(&connection, "b").unwrap()), (1, 0));

        let broken = "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1);";
        assert!(apply(&mut connection, &[&first, second, broken]).is_err());
        assert!(count(&connection, "c").is_err(), "half a migration stayed");
        assert_eq!(version(&connection, 2).unwrap(), 2);
        let newer = apply(&mut connection, &[&first]);
        assert!(matches!(newer, Err(StoreError::Corrupt(_))), "{newer:?}");
    }
}
