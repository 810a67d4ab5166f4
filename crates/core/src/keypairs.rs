//! Makes key material: random bytes at once, pairs on a bounded number of blocking threads, and RSA pairs ahead of
//! need, since a caller should not wait for primes. A pair from the pool is given out once and never again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::crypto::{CryptoError, KeyPair, SecretBytes, ec, edwards, rsa};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Family, KeySpec};

/// The most requests that wait for a worker; more are turned away.
const WAITING: usize = 16;
/// How long a request waits for one before it is turned away, undone.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the pool waits before it looks again whether callers are being served.
const IDLE: Duration = Duration::from_millis(20);

/// New material of some spec.
pub(crate) struct Material {
    /// Raw bytes, or PKCS#8 DER.
    pub(crate) private: SecretBytes,
    /// SubjectPublicKeyInfo DER, for asymmetric specs.
    pub(crate) public: Option<Vec<u8>>,
}

/// How many RSA pairs of each size stand ready.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct PairDepths {
    pub rsa_2048: usize,
    pub rsa_3072: usize,
    pub rsa_4096: usize,
}

impl Default for PairDepths {
    fn default() -> Self {
        Self { rsa_2048: 8, rsa_3072: 4, rsa_4096: 4 }
    }
}

/// One size's pool, as the metrics show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PairPool {
    /// The spec.
    pub spec: KeySpec,
    /// How many pairs stand ready.
    pub ready: usize,
    /// How often a caller had to wait for one since the start.
    pub misses: u64,
}

struct Shelf {
    spec: KeySpec,
    depth: usize,
    pairs: Mutex<Vec<KeyPair>>,
    misses: AtomicU64,
}

impl Shelf {
    fn new(spec: KeySpec, depth: usize) -> Self {
        Self { spec, depth, pairs: Mutex::new(Vec::new()), misses: AtomicU64::new(0) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<KeyPair>) -> T) -> T {
        work(&mut self.pairs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The bounded workers for slow work, and the pool of RSA pairs.
pub(crate) struct KeyPairs {
    workers: Arc<Semaphore>,
    /// How many workers there are.
    all: usize,
    queue: Semaphore,
    shelves: [Shelf; 3],
    taken: Notify,
}

impl KeyPairs {
    /// Workers on half the cores, at least one; an empty pool.
    pub(crate) fn new(depths: PairDepths) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let all = (cores / 2).max(1);
        Self {
            workers: Arc::new(Semaphore::new(all)),
            all,
            queue: Semaphore::new(all + WAITING),
            shelves: [
                Shelf::new(KeySpec::Rsa2048, depths.rsa_2048),
                Shelf::new(KeySpec::Rsa3072, depths.rsa_3072),
                Shelf::new(KeySpec::Rsa4096, depths.rsa_4096),
            ],
            taken: Notify::new(),
        }
    }

    /// Makes material of this spec; [`ErrorKind::Throttled`] when too many wait.
    pub(crate) async fn make(&self, spec: KeySpec) -> Result<Material> {
        let pair = match spec.family() {
            Family::Rsa(_) => match self.take(spec) {
                Some(pair) => pair,
                None => self.run(move || pair(spec)).await?,
            },
            Family::Ec(_) | Family::Ed25519 => pair(spec)?,
            Family::Aead(aead) => return raw(aead.key_len()),
            Family::Hmac(bytes) => return raw(bytes),
        };
        Ok(Material { private: pair.pkcs8, public: Some(pair.spki) })
    }

    fn take(&self, spec: KeySpec) -> Option<KeyPair> {
        let shelf = self.shelves.iter().find(|shelf| shelf.spec == spec)?;
        let pair = shelf.with(Vec::pop);
        if pair.is_none() {
            shelf.misses.fetch_add(1, Ordering::Relaxed);
        }
        self.taken.notify_one();
        pair
    }

    /// Keeps the pool full for as long as it is polled: one pair at a time, beside the workers, so that no caller waits
    /// behind it, and begun only while no caller is being served.
    pub(crate) async fn keep_full(&self) -> Result<()> {
        loop {
            let taken = self.taken.notified();
            while let Some(shelf) =
                self.shelves.iter().find(|shelf| shelf.with(|p| p.len()) < shelf.depth)
            {
                let spec = shelf.spec;
                while self.workers.available_permits() < self.all {
                    tokio::time::sleep(IDLE).await;
                }
                let pair = blocking(move || pair(spec)).await?;
                shelf.with(|pairs| pairs.push(pair));
            }
            taken.await;
        }
    }

    /// What stands ready.
    pub(crate) fn pools(&self) -> [PairPool; 3] {
        self.shelves.each_ref().map(|shelf| PairPool {
            spec: shelf.spec,
            ready: shelf.with(|pairs| pairs.len()),
            misses: shelf.misses.load(Ordering::Relaxed),
        })
    }

    /// Runs slow work on a worker.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, CryptoError> + Send + 'static,
    ) -> Result<T> {
        let _waiting = self.queue.try_acquire().map_err(|_| Error::from(ErrorKind::Throttled))?;
        let worker = timeout(PATIENCE, Arc::clone(&self.workers).acquire_owned());
        let worker = worker.await.map_err(|_| Error::from(ErrorKind::Throttled))?;
        // The permit moves into the work: a caller that goes away does not free the thread it still occupies.
        blocking(move || {
            let _worker = worker;
            work()
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, CryptoError> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(cause) => Err(Error::internal("a worker stopped").caused_by(cause)),
    }
}

fn raw(bytes: usize) -> Result<Material> {
    Ok(Material { private: SecretBytes::random(bytes)?, public: None })
}

fn pair(spec: KeySpec) -> std::result::Result<KeyPair, CryptoError> {
    match spec.family() {
        Family::Rsa(size) => rsa::generate(size),
        Family::Ec(curve) => ec::generate(curve),
        Family::Ed25519 => edwards::generate(),
        Family::Aead(_) | Family::Hmac(_) => Err(CryptoError::Unsupported),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_pool_fills_and_never_gives_a_pair_twice() {
        let pairs = Arc::new(KeyPairs::new(PairDepths { rsa_2048: 2, rsa_3072: 0, rsa_4096: 0 }));
        let keeper = tokio::spawn({
            let pairs = Arc::clone(&pairs);
            async move { pairs.keep_full().await }
        });
        while pairs.pools()[0].ready < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let mut seen = std::collections::HashSet::new();
        for _ in 0..4 {
            assert!(seen.insert(pairs.make(KeySpec::Rsa2048).await.unwrap().public));
        }
        keeper.abort();
    }
}
