//! The append-only audit log behind core's `AuditSink`: JSON Lines files, synced before an append is answered.
//! What an event says is core's; here it gets its number, its place and its durability.

mod line;
mod log;
mod queue;
mod recover;
mod search;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::{self, Path};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use trent_core::audit::{AuditError, AuditSink, Entry};
use trent_core::model::{EventId, NodeId};
use trent_core::store::BoxFuture;

use log::Log;
use queue::{Append, Batch, Queue, Search};

/// An audit log in a directory of its own: files `<number of the first event>.jsonl`, one event a line, numbered without
/// a gap from 0. Each start begins a file, unless the newest is empty.
///
/// A line is the event's JSON object with `seq` (its number), `node` and, for state changes, `gen` (the database
/// generation) in front. An append is answered after its lines are synced to disk; concurrent appends share the sync.
/// After any failure to write or sync, nothing is answered as done until a new file has taken the place of the failed
/// one, which each later append tries. Only one process may have the directory open: that is the caller's to ensure.
pub struct FileAudit {
    queue: Arc<Queue>,
    observed: Arc<Observed>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the log's thread tells about its work.
#[derive(Default)]
struct Observed {
    syncs: AtomicU64,
    on_sync: OnceLock<Box<dyn Fn(Duration) + Send + Sync>>,
}

impl FileAudit {
    /// Opens the log in `dir`, which is made if missing, for the owner alone (mode 0700, files 0600).
    /// `node` is written into each line.
    ///
    /// What a crash left unfinished at the log's end was never answered as done: it is cut off and kept beside `dir`
    /// as `torn-<milliseconds since the Unix epoch>`. An event `TailDropped` tells its length and SHA-256.
    ///
    /// # Errors
    /// `Unavailable` when the directory cannot be used, or its newest lines were altered. What stands more than 4 MiB
    /// before the end is not unfinished, whatever it is; only somewhat more than that is read.
    pub fn open(dir: &Path, node: NodeId) -> Result<Self, AuditError> {
        Self::open_with(dir, node, Box::new(|file| Box::new(file)))
    }

    fn open_with(dir: &Path, node: NodeId, wrap: segment::Wrap) -> Result<Self, AuditError> {
        let failed =
            |error: std::io::Error| AuditError::Unavailable(format!("{}: {error}", dir.display()));
        let dir = path::absolute(dir).map_err(failed)?;
        let log = Log::open(dir, node, wrap).map_err(failed)?;
        let queue = Arc::new(Queue::new());
        let observed = Arc::new(Observed::default());
        let thread = thread::Builder::new().name("audit".to_owned()).spawn({
            let (queue, observed) = (Arc::clone(&queue), Arc::clone(&observed));
            move || run(log, &queue, &observed)
        });
        let thread = Mutex::new(Some(thread.map_err(failed)?));
        Ok(Self { queue, observed, thread })
    }

    /// Calls `observe` with the time that each batch of events took to become durable.
    /// Answers false when there is an observer already.
    pub fn on_sync(&self, observe: Box<dyn Fn(Duration) + Send + Sync>) -> bool {
        self.observed.on_sync.set(observe).is_ok()
    }

    /// How many batches were made durable since the log was opened. One batch holds many events.
    pub fn syncs(&self) -> u64 {
        self.observed.syncs.load(Ordering::Relaxed)
    }

    /// How many events wait to be durable.
    pub fn queued(&self) -> usize {
        self.queue.events()
    }

    /// Writes what waits and ends. Everything asked later is answered `Unavailable`.
    /// Blocks until done; dropping the log does the same.
    pub fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the audit log's thread had panicked");
        }
    }
}

impl Drop for FileAudit {
    fn drop(&mut self) {
        self.close();
    }
}

impl AuditSink for FileAudit {
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'_, Result<(), AuditError>> {
        Box::pin(async move {
            entries.iter().try_for_each(line::check)?;
            let (reply, answer) = oneshot::channel();
            self.queue.append(Append { entries, reply })?;
            answer.await.map_err(|_| stopped())?
        })
    }

    // Looks no further back than to the newest start that was completed: see `Log`.
    fn holding(&self, events: Vec<EventId>) -> BoxFuture<'_, Result<HashSet<EventId>, AuditError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.queue.search(Search { events, reply })?;
            answer.await.map_err(|_| stopped())?
        })
    }
}

fn stopped() -> AuditError {
    AuditError::Unavailable("the log is closed".to_owned())
}

fn unavailable(error: &io::Error) -> AuditError {
    AuditError::Unavailable(error.to_string())
}

/// The log's thread: takes what waits, makes it durable, answers, and begins again at once.
fn run(mut log: Log, queue: &Queue, observed: &Observed) {
    let _served = queue.served();
    while let Some(batch) = queue.take() {
        match batch {
            Batch::Append(jobs) => append(&mut log, jobs, queue, observed),
            Batch::Search(search) => {
                let found = log.holding(&search.events).map_err(|error| unavailable(&error));
                search.reply.send(found).ok();
            }
        }
    }
}

fn append(log: &mut Log, jobs: Vec<Append>, queue: &Queue, observed: &Observed) {
    let begun = Instant::now();
    let result = log.append(jobs.iter().flat_map(|job| &job.entries));
    if let Ok(lines @ 1..) = result {
        tracing::trace!(lines, "audit events are durable");
        observed.syncs.fetch_add(1, Ordering::Relaxed);
        if let Some(observe) = observed.on_sync.get() {
            observe(begun.elapsed());
        }
    }
    queue.free(&jobs);
    for job in jobs {
        let answer = result.as_ref().map(drop).map_err(unavailable);
        job.reply.send(answer).ok();
    }
}
