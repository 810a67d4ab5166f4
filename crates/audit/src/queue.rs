//! What waits for the log's thread: bounded in events and in bytes, and refused rather than waited for beyond that.

use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use trent_core::audit::{AuditError, Entry};
use trent_core::model::EventId;

use crate::{line, stopped};

/// The most events that wait or are being written.
pub(crate) const MOST_EVENTS: usize = 65_536;
/// The most bytes of theirs.
pub(crate) const MOST_BYTES: usize = 64 * 1_024 * 1_024;
/// The most events in a batch, unless one append alone has more.
pub(crate) const BATCH_EVENTS: usize = 4_096;
/// The most bytes in a batch, unless one append alone has more: that is written in pieces of at most this size, each
/// synced before the next. So no more is unfinished at the log's end.
pub(crate) const BATCH_BYTES: usize = 4 * 1_024 * 1_024;

/// Events that go into the log together, with the way back to their caller.
pub(crate) struct Append {
    pub(crate) entries: Vec<Entry>,
    pub(crate) reply: oneshot::Sender<Result<(), AuditError>>,
}

/// A question which events the log holds.
pub(crate) struct Search {
    pub(crate) events: Vec<EventId>,
    pub(crate) reply: oneshot::Sender<Result<HashSet<EventId>, AuditError>>,
}

/// What the thread does next.
pub(crate) enum Batch {
    Append(Vec<Append>),
    Search(Search),
}

enum Job {
    Append(Append),
    Search(Search),
}

pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

struct State {
    waiting: VecDeque<Job>,
    used: Size,
    open: bool,
}

#[derive(Clone, Copy, Default)]
struct Size {
    events: usize,
    bytes: usize,
}

impl Append {
    fn size(&self) -> Size {
        let bytes = self.entries.iter().map(|entry| entry.bytes.len() + line::OWN).sum();
        Size { events: self.entries.len(), bytes }
    }
}

impl Size {
    fn plus(self, other: Self) -> Self {
        Self { events: self.events + other.events, bytes: self.bytes + other.bytes }
    }

    fn within(self, events: usize, bytes: usize) -> bool {
        self.events <= events && self.bytes <= bytes
    }
}

impl Queue {
    pub(crate) fn new() -> Self {
        let state = State { waiting: VecDeque::new(), used: Size::default(), open: true };
        Self { state: Mutex::new(state), filled: Condvar::new() }
    }

    /// Puts events at the end; `Full` when there is no place for all of them.
    pub(crate) fn append(&self, append: Append) -> Result<(), AuditError> {
        let size = append.size();
        self.push(Job::Append(append), size)
    }

    /// Puts a question at the end.
    pub(crate) fn search(&self, search: Search) -> Result<(), AuditError> {
        self.push(Job::Search(search), Size::default())
    }

    fn push(&self, job: Job, size: Size) -> Result<(), AuditError> {
        let mut state = self.state();
        if !state.open {
            return Err(stopped());
        }
        let used = state.used.plus(size);
        if !used.within(MOST_EVENTS, MOST_BYTES) {
            return Err(AuditError::Full);
        }
        state.used = used;
        state.waiting.push_back(job);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for work and takes a batch of it; `None` when the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut state = self.state();
        while state.waiting.is_empty() && state.open {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut batch = Vec::new();
        let mut size = Size::default();
        loop {
            match state.waiting.pop_front() {
                Some(Job::Search(search)) if batch.is_empty() => {
                    return Some(Batch::Search(search));
                }
                Some(Job::Append(append))
                    if batch.is_empty()
                        || size.plus(append.size()).within(BATCH_EVENTS, BATCH_BYTES) =>
                {
                    size = size.plus(append.size());
                    batch.push(append);
                }
                Some(next) => {
                    state.waiting.push_front(next);
                    break;
                }
                None if batch.is_empty() => return None,
                None => break,
            }
        }
        Some(Batch::Append(batch))
    }

    /// Gives the places of events back that were written or have failed.
    pub(crate) fn free(&self, batch: &[Append]) {
        let size = batch.iter().map(Append::size).fold(Size::default(), Size::plus);
        let mut state = self.state();
        state.used.events = state.used.events.saturating_sub(size.events);
        state.used.bytes = state.used.bytes.saturating_sub(size.bytes);
    }

    /// How many events wait or are being written.
    pub(crate) fn events(&self) -> usize {
        self.state().used.events
    }

    /// Takes nothing more. What waits is still done.
    pub(crate) fn close(&self) {
        self.state().open = false;
        self.filled.notify_all();
    }

    /// A value that drops what waits when the thread ends, by a panic too: its callers must not wait for ever.
    pub(crate) fn served(&self) -> Served<'_> {
        Served(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Queue::served`].
pub(crate) struct Served<'a>(&'a Queue);

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.0.close();
        let left = std::mem::take(&mut self.0.state().waiting);
        drop(left);
    }
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn events(count: usize, bytes: usize) -> Append {
        let entry =
            Entry { id: EventId::from_bytes([0; 16]), bytes: vec![0; bytes], generation: None };
        Append { entries: vec![entry; count], reply: oneshot::channel().0 }
    }

    fn sizes(queue: &Queue) -> Vec<usize> {
        match queue.take() {
            Some(Batch::Append(jobs)) => {
                queue.free(&jobs);
                jobs.iter().map(|job| job.entries.len()).collect()
            }
            Some(Batch::Search(_)) => vec![usize::MAX],
            None => Vec::new(),
        }
    }

    #[test]
    fn batches_are_bounded_and_in_order() {
        let queue = Queue::new();
        for count in [0, 4_000, 96, 1, 5_000, 3, 0] {
            queue.append(events(count, 1)).unwrap();
        }
        queue.search(Search { events: Vec::new(), reply: oneshot::channel().0 }).unwrap();
        queue.append(events(2, 1)).unwrap();
        queue.append(events(1, BATCH_BYTES)).unwrap();
        queue.append(events(1, 1)).unwrap();
        queue.close();
        let all: Vec<Vec<usize>> = (0..8).map(|_| sizes(&queue)).collect();
        let expected: [&[usize]; 8] =
            [&[0, 4_000, 96], &[1], &[5_000], &[3, 0], &[usize::MAX], &[2], &[1], &[1]];
        assert_eq!(all, expected);
        assert!(sizes(&queue).is_empty());
        assert_eq!(queue.events(), 0);
        assert!(matches!(queue.append(events(1, 1)), Err(AuditError::Unavailable(_))));
    }

    #[test]
    fn too_much_is_refused_until_places_are_free() {
        let cases = [(MOST_EVENTS, 1, 1), (1, MOST_BYTES - line::OWN, 0)];
        for (count, bytes, one_more) in cases {
            let queue = Queue::new();
            queue.append(events(count, bytes)).unwrap();
            assert_eq!(queue.events(), count);
            assert!(matches!(queue.append(events(1, one_more)), Err(AuditError::Full)));
            queue.append(events(0, 0)).unwrap();
            let Some(Batch::Append(jobs)) = queue.take() else { panic!("no events") };
            assert!(matches!(queue.append(events(1, one_more)), Err(AuditError::Full)));
            queue.free(&jobs);
            queue.append(events(1, one_more)).unwrap();
        }
        assert!(matches!(Queue::new().append(events(1, MOST_BYTES)), Err(AuditError::Full)));
    }
}
