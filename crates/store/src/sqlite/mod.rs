//! The store in one SQLite file: a thread that writes, in groups, and a few that read.
//! Several processes may have the file open; each sees what the others committed.

mod apply;
mod connect;
mod migrate;
mod queue;
mod read;
mod sql;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{self, Path};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use trent_core::store::{BoxFuture, Commit, OutboxRow, Row, RowKey, Store, StoreError, Table};

use queue::Queue;
use writer::Job;

/// How long a write lock held by another process is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Commits, and likewise reads, that may wait for a thread; more wait to be let in.
const PLACES: usize = 1_024;
/// Threads that read, each on a connection of its own.
const READERS: usize = 3;

/// A store in one SQLite file, in WAL mode; an acknowledged commit is synced to disk.
///
/// Concurrent commits share transactions, so that they share the sync.
/// A write lock that another process holds for 2 seconds makes commits fail as `Busy`; reads go on meanwhile, and
/// commits work again once the lock is free. A future that is dropped may or may not have committed, and so may a commit
/// that is answered with an error other than `Busy`, `Conflict` and `Exists`.
pub struct SqliteStore {
    writes: Arc<Queue<Job>>,
    reads: Arc<Queue<read::Work>>,
    observed: Arc<Observed>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the writing thread tells about its work.
#[derive(Default)]
struct Observed {
    transactions: AtomicU64,
    on_commit: OnceLock<Box<dyn Fn(Duration) + Send + Sync>>,
}

impl SqliteStore {
    /// Opens the store in this file and brings its schema up to date; makes an empty store when there is no file.
    /// The file, and those that SQLite puts beside it, are for the owner alone (mode 0600).
    ///
    /// # Errors
    /// `Corrupt` when the file is no store, is damaged, or has a schema newer than this program's;
    /// `Busy` when another process keeps it locked.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, PATIENCE)
    }

    fn open_with(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        // An absolute path is never mistaken for a URI.
        let path = path::absolute(path).map_err(|error| StoreError::Failed(error.to_string()))?;
        connect::make_private(&path)?;
        let mut connection = connect::writer(&path, patience)?;
        migrate::migrate(&mut connection)?;
        sql::check(&connection)?;
        let readers = (0..READERS).map(|_| connect::reader(&path, patience));
        let readers = readers.collect::<Result<Vec<_>, _>>()?;

        let store = Self {
            writes: Arc::new(Queue::new(PLACES)),
            reads: Arc::new(Queue::new(PLACES)),
            observed: Arc::default(),
            threads: Mutex::default(),
        };
        // All are counted before one begins, and so before one can end.
        let readers: Vec<_> = readers.into_iter().map(|one| (one, store.reads.served())).collect();
        for (connection, served) in readers {
            let reads = Arc::clone(&store.reads);
            store.spawn("store-read", move || read::run(&connection, &reads, served))?;
        }
        let (writes, observed) = (Arc::clone(&store.writes), Arc::clone(&store.observed));
        store
            .spawn("store-write", move || writer::run(connection, &writes, &observed, patience))?;
        Ok(store)
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = thread.map_err(|error| StoreError::Failed(error.to_string()))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Calls `observe` with each transaction's duration, from its begin to the end of its sync.
    /// Answers false when there is an observer already.
    pub fn on_commit(&self, observe: Box<dyn Fn(Duration) + Send + Sync>) -> bool {
        self.observed.on_commit.set(observe).is_ok()
    }

    /// How many transactions were committed since the store was opened. One transaction holds many commits.
    pub fn transactions(&self) -> u64 {
        self.observed.transactions.load(Ordering::Relaxed)
    }

    /// Finishes the work that waits, moves everything from the write-ahead log into the file, and ends.
    /// Everything asked later is answered `Closed`. Blocks until done; dropping the store does the same.
    pub fn close(&self) {
        self.reads.close();
        self.writes.close();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store had panicked");
            }
        }
    }

    fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let work: read::Work = Box::new(move |connection| {
                if !reply.is_closed() {
                    reply.send(query(connection).map_err(sql::error)).ok();
                }
            });
            self.reads.push(work).await?;
            answer.await.map_err(|_| StoreError::Closed)?
        })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Store for SqliteStore {
    fn get(&self, table: Table, key: RowKey) -> BoxFuture<'_, Result<Option<Row>, StoreError>> {
        self.read(move |connection| read::get(connection, table, &key))
    }

    fn lookup(
        &self,
        table: Table,
        lookup: String,
    ) -> BoxFuture<'_, Result<Option<Row>, StoreError>> {
        self.read(move |connection| read::lookup(connection, table, &lookup))
    }

    fn scan(
        &self,
        table: Table,
        tenant: [u8; 16],
        scope: String,
        after: Option<(String, u32)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Row>, StoreError>> {
        self.read(move |connection| read::scan(connection, table, tenant, &scope, after, limit))
    }

    fn outbox(&self, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxRow>, StoreError>> {
        self.read(move |connection| read::outbox(connection, limit))
    }

    fn generation(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.read(sql::generation)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.writes.push(Job { commit, asked: Instant::now(), reply }).await?;
            answer.await.map_err(|_| StoreError::Closed)?
        })
    }
}
