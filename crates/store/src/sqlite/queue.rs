//! The way from async callers to the store's threads: bounded, and never left waiting by a thread that ended.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use trent_core::store::StoreError;

/// A queue of bounded length. Callers wait for a place, threads wait for work.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    places: Semaphore,
}

struct State<T> {
    waiting: VecDeque<T>,
    open: bool,
    /// Threads that do the work.
    serving: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(places: usize) -> Self {
        Self {
            state: Mutex::new(State { waiting: VecDeque::new(), open: true, serving: 0 }),
            filled: Condvar::new(),
            places: Semaphore::new(places),
        }
    }

    /// Puts work at the end, once there is a place.
    pub(super) async fn push(&self, work: T) -> Result<(), StoreError> {
        let place = self.places.acquire().await.map_err(|_| StoreError::Closed)?;
        let mut state = self.state();
        if !state.open {
            return Err(StoreError::Closed);
        }
        place.forget();
        state.waiting.push_back(work);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// The oldest work, waiting for it as needed; `None` when the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<T> {
        let mut state = self.state();
        while state.waiting.is_empty() && state.open {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let work = state.waiting.pop_front();
        self.places.add_permits(usize::from(work.is_some()));
        work
    }

    /// Moves what waits now into `into`, until that holds `most`.
    pub(super) fn take(&self, into: &mut Vec<T>, most: usize) {
        let mut state = self.state();
        let count = most.saturating_sub(into.len()).min(state.waiting.len());
        into.extend(state.waiting.drain(..count));
        self.places.add_permits(count);
    }

    /// Takes no more work. What waits is still done.
    pub(super) fn close(&self) {
        self.state().open = false;
        self.places.close();
        self.filled.notify_all();
    }

    /// A value that a thread holds while it does the work. When the last one is dropped, by a panic too, the queue is
    /// closed and what waits is dropped: its callers must not wait. All are to be made before the first is dropped.
    pub(super) fn served(self: &Arc<Self>) -> Served<T> {
        self.state().serving += 1;
        Served(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Queue::served`].
pub(super) struct Served<T>(Arc<Queue<T>>);

impl<T> Drop for Served<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.serving -= 1;
        if state.serving > 0 {
            return;
        }
        drop(state);
        self.0.close();
        let left = std::mem::take(&mut self.0.state().waiting);
        drop(left);
    }
}
