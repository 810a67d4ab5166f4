//! The way from async callers to the store's threads: bounded, and never left waiting by a thread that ended.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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
}

impl<T> Queue<T> {
    pub(super) fn new(places: usize) -> Self {
        Self {
            state: Mutex::new(State { waiting: VecDeque::new(), open: true }),
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

    /// A value that drops what waits when the last thread to do it ends, by a panic too: its callers must not wait.
    pub(super) fn served(&self) -> Served<'_, T> {
        Served(self)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Queue::served`].
pub(super) struct Served<'a, T>(&'a Queue<T>);

impl<T> Drop for Served<'_, T> {
    fn drop(&mut self) {
        self.0.close();
        let left = std::mem::take(&mut self.0.state().waiting);
        drop(left);
    }
}
