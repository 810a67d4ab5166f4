//! The engine: one store, one keyring, one audit log, and what every operation shares.
//! The operations themselves are in `ops`.

mod admin;
mod authenticate;
mod commit;
mod counters;
mod lifecycle;
mod load;
mod trail;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

pub use admin::{NewCredential, NewSecret, NewTenant};
pub use authenticate::AuthFailure;
pub(crate) use commit::CommitError;
pub use counters::PlainLimits;

pub use crate::keypairs::{PairDepths, PairPool};

use crate::audit::AuditSink;
use crate::clock::Clock;
use crate::error::Error;
use crate::keypairs::KeyPairs;
use crate::keyring::Keyring;
use crate::model::NodeId;
use crate::store::{RowKey, Store, Table};

/// How an engine behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The process, as it stands beside its commits and log lines.
    pub node: NodeId,
    /// Limits of the plain suite.
    pub plain_limits: PlainLimits,
    /// How many RSA pairs stand ready, once [`Engine::keep_pairs`] runs.
    pub pairs: PairDepths,
    /// Leave the events of commits in the outbox for the process that owns the log.
    pub leave_outbox: bool,
}

impl Options {
    /// The defaults, for this process.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            plain_limits: PlainLimits::default(),
            pairs: PairDepths::default(),
            leave_outbox: false,
        }
    }
}

/// A KMS over one store. Shared between requests behind an `Arc`.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) audit: Arc<dyn AuditSink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) pairs: KeyPairs,
    options: Options,
    nobody: authenticate::Nobody,
    outbox: Arc<commit::Outbox>,
    counters: counters::Counters,
    quarantine: Mutex<HashSet<(Table, RowKey)>>,
}

impl Engine {
    /// The clock that everything here goes by.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Keeps the pool of RSA pairs full; returns only when that fails. The server runs it beside its requests.
    pub async fn keep_pairs(&self) -> Error {
        match self.pairs.keep_full().await {
            Err(error) => error,
            Ok(()) => Error::internal("the pool of pairs is no longer kept"),
        }
    }

    /// The pools of RSA pairs, for the metrics.
    pub fn pair_pools(&self) -> [PairPool; 3] {
        self.pairs.pools()
    }

    /// How many stored objects failed their integrity check since the start.
    pub fn quarantined(&self) -> usize {
        let rows = self.quarantine.lock().unwrap_or_else(PoisonError::into_inner).len();
        rows + self.outbox.forged()
    }
}
