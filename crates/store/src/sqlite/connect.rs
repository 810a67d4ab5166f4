//! Opening the file: who may touch it, and how each connection is set.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use trent_core::store::StoreError;

use super::sql;

/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS: usize = 96;

/// Makes the file, empty and for the owner alone, or closes an existing one to others.
/// SQLite gives the files that it puts beside it the same mode.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let result = match made {
        Ok(_) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => tighten(path),
        Err(error) => Err(error),
    };
    result.map_err(|error| StoreError::Failed(format!("{}: {error}", path.display())))
}

fn tighten(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The connection that writes.
pub(super) fn writer(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let connection = open(path, patience)?;
    // Two processes that make the store at the same moment are not kept apart by SQLite's own waiting.
    let begun = Instant::now();
    let mode: String = loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
            Ok(mode) => break mode,
            Err(error) => match sql::error(error) {
                StoreError::Busy if begun.elapsed() < patience => {
                    thread::sleep(Duration::from_millis(5));
                }
                other => return Err(other),
            },
        }
    };
    if mode != "wal" {
        return Err(StoreError::Failed(
            "the file system does not take a write-ahead log".to_owned(),
        ));
    }
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let connection = open(path, patience)?;
    connection.pragma_update(None, "query_only", true).map_err(sql::error)?;
    Ok(connection)
}

fn open(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let set = |connection: &Connection| -> rusqlite::Result<()> {
        connection.busy_timeout(patience)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        // Nothing of the store goes into temporary files elsewhere.
        connection.pragma_update(None, "temp_store", "MEMORY")
    };
    let connection = Connection::open_with_flags(path, flags).map_err(sql::error)?;
    set(&connection).map_err(sql::error)?;
    Ok(connection)
}
