//! The one thread that writes: it takes all commits that wait, puts them into one transaction, each behind a savepoint
//! of its own, syncs once, and then answers them all.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;
use trent_core::store::{Commit, StoreError};

use super::queue::Queue;
use super::{Observed, apply, sql};

/// The most commits in one transaction.
const MOST: usize = 256;
/// How long the end of the work waits for other processes before it leaves the write-ahead log as it is.
const LAST_PATIENCE: Duration = Duration::from_millis(200);
/// Between two attempts at a lock that SQLite did not wait for.
const PAUSE: Duration = Duration::from_millis(2);

/// A commit with the way back to its caller.
pub(super) struct Job {
    pub(super) commit: Commit,
    /// When the caller asked.
    pub(super) asked: Instant,
    pub(super) reply: oneshot::Sender<Answer>,
}

type Answer = Result<u64, StoreError>;

/// Commits what comes, until the queue is closed. A caller waits `patience` for a lock of another process.
pub(super) fn run(
    connection: Connection,
    queue: &Arc<Queue<Job>>,
    observed: &Observed,
    patience: Duration,
) {
    let _served = queue.served();
    let mut jobs = Vec::with_capacity(MOST);
    loop {
        if jobs.is_empty() {
            let Some(job) = queue.pop() else { break };
            jobs.push(job);
        }
        queue.take(&mut jobs, MOST);
        work(&connection, &mut jobs, observed, patience);
    }
    drop(jobs);
    end(&connection);
}

/// Commits and answers the jobs. When the write lock is another's, only those are answered that have waited enough.
pub(super) fn work(
    connection: &Connection,
    jobs: &mut Vec<Job>,
    observed: &Observed,
    patience: Duration,
) {
    let begun = Instant::now();
    let left = |job: &Job| (job.asked + patience).saturating_duration_since(begun);
    let shortest = jobs.iter().map(left).min().unwrap_or_default();
    match begin(connection, shortest) {
        Ok(()) => {}
        Err(StoreError::Busy) => {
            return give_up(jobs, patience);
        }
        Err(error) => return fail(connection, jobs, &error),
    }
    // From here on the lock is ours; the time counts from there.
    let begun = Instant::now();
    match finish(connection, jobs) {
        Ok(answers) => {
            observed.transactions.fetch_add(1, Ordering::Relaxed);
            if let Some(observe) = observed.on_commit.get() {
                observe(begun.elapsed());
            }
            for (job, answer) in jobs.drain(..).zip(answers) {
                job.reply.send(answer).ok();
            }
        }
        Err(error) => fail(connection, jobs, &error),
    }
}

/// Answers the jobs whose time is over. The others stay.
fn give_up(jobs: &mut Vec<Job>, patience: Duration) {
    let now = Instant::now();
    let before = jobs.len();
    for job in jobs.extract_if(.., |job| job.asked + patience <= now) {
        job.reply.send(Err(StoreError::Busy)).ok();
    }
    match before - jobs.len() {
        // SQLite gave up early; asking again at once would only burn the processor.
        0 => thread::sleep(PAUSE),
        commits => tracing::warn!(commits, "the store is locked by another process"),
    }
}

fn begin(connection: &Connection, patience: Duration) -> Result<(), StoreError> {
    // SQLite counts whole milliseconds; a rest of one is waited out, not spun through.
    connection.busy_timeout(patience + Duration::from_millis(1)).map_err(sql::error)?;
    execute(connection, "BEGIN IMMEDIATE")
}

/// Applies each commit and ends the transaction. `Busy` means that nothing of it was committed. After another error
/// that is not known: when the sync of a COMMIT fails, its frames may stand in the write-ahead log. No connection sees
/// them then, and the next transaction overwrites them; but if the process ends before, the next start replays them.
/// A new connection would not settle it, for only the first one to a database reads the log anew.
fn finish(connection: &Connection, jobs: &[Job]) -> Result<Vec<Answer>, StoreError> {
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        execute(connection, "SAVEPOINT one")?;
        let answer = apply::commit(connection, &job.commit);
        if connection.is_autocommit() {
            // SQLite has given up the whole transaction, as it does when the disk is full.
            let lost = || StoreError::Failed("the transaction was lost".to_owned());
            return Err(answer.err().unwrap_or_else(lost));
        }
        if answer.is_err() {
            execute(connection, "ROLLBACK TO one")?;
        }
        execute(connection, "RELEASE one")?;
        answers.push(answer);
    }
    execute(connection, "COMMIT").map_err(unknown)?;
    Ok(answers)
}

/// The error of a COMMIT, which must not be one that says that nothing was changed.
pub(super) fn unknown(error: StoreError) -> StoreError {
    match error {
        StoreError::Busy | StoreError::Conflict | StoreError::Exists(_) => {
            StoreError::Failed(format!("a transaction did not end: {error}"))
        }
        error => error,
    }
}

/// Answers all jobs with the error that ended their transaction.
fn fail(connection: &Connection, jobs: &mut Vec<Job>, error: &StoreError) {
    tracing::error!(%error, commits = jobs.len(), "a transaction failed");
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a failed transaction could not be rolled back");
    }
    for job in jobs.drain(..) {
        job.reply.send(Err(sql::again(error))).ok();
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), StoreError> {
    let executed = connection.prepare_cached(statement).and_then(|mut ready| ready.execute([]));
    executed.map(drop).map_err(sql::error)
}

/// Moves the write-ahead log into the file, so that a copy of the file alone is whole.
fn end(connection: &Connection) {
    let checkpoint = connection
        .busy_timeout(LAST_PATIENCE)
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    if let Err(error) = checkpoint {
        tracing::warn!(%error, "the write-ahead log stays until the store is opened again");
    }
}
