//! What a connection is waiting for, and until when. The HTTP library's one header timer would cut an idle
//! connection as early as a slow header, so the two deadlines are kept here instead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;

/// The phase of one connection, shared by its stream, its service and the task that watches the deadline.
#[derive(Clone)]
pub(super) struct Phase(Arc<Inner>);

struct Inner {
    header_time: Duration,
    idle_time: Duration,
    now: Mutex<Now>,
}

#[derive(Clone, Copy)]
enum Now {
    /// A header has begun, or must begin at once on a new connection.
    Header(Instant),
    /// A request is being read or answered; its own deadlines apply.
    Busy,
    /// An answer is on its way; the next header may begin until then.
    Idle(Instant),
}

impl Phase {
    /// A new connection's phase.
    pub(super) fn new(limits: &Limits) -> Self {
        let first = Instant::now() + limits.header_time;
        Self(Arc::new(Inner {
            header_time: limits.header_time,
            idle_time: limits.idle_time,
            now: Mutex::new(Now::Header(first)),
        }))
    }

    /// Bytes came in: if none were owed, a new header has begun.
    pub(super) fn received(&self) {
        self.change(|now| match now {
            Now::Idle(_) => Now::Header(Instant::now() + self.0.header_time),
            other => other,
        });
    }

    /// A header is complete.
    pub(super) fn begun(&self) {
        self.change(|_| Now::Busy);
    }

    /// An answer was given.
    pub(super) fn answered(&self) {
        self.change(|_| Now::Idle(Instant::now() + self.0.idle_time));
    }

    /// When to give up, if nothing changes.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match *self.0.now.lock().unwrap_or_else(PoisonError::into_inner) {
            Now::Header(deadline) | Now::Idle(deadline) => Some(deadline),
            Now::Busy => None,
        }
    }

    fn change(&self, to: impl FnOnce(Now) -> Now) {
        let mut now = self.0.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = to(*now);
    }
}
