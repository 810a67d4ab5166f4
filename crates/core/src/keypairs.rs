//! Makes key material: random bytes at once, pairs on a bounded number of blocking threads.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::crypto::{CryptoError, KeyPair, SecretBytes, ec, edwards, rsa};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Family, KeySpec};

/// The most requests that wait for a pair; more are turned away.
const WAITING: usize = 64;

/// New material of some spec.
pub(crate) struct Material {
    /// Raw bytes, or PKCS#8 DER.
    pub(crate) private: SecretBytes,
    /// SubjectPublicKeyInfo DER, for asymmetric specs.
    pub(crate) public: Option<Vec<u8>>,
}

/// The bounded pool on which slow work is done.
pub(crate) struct KeyPairs {
    workers: Arc<Semaphore>,
    queue: Semaphore,
}

impl KeyPairs {
    /// A pool of half the cores, at least one.
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = (cores / 2).max(1);
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            queue: Semaphore::new(workers + WAITING),
        }
    }

    /// Makes material of this spec; [`ErrorKind::Throttled`] when too many wait.
    pub(crate) async fn make(&self, spec: KeySpec) -> Result<Material> {
        match spec.family() {
            Family::Rsa(_) => {
                let pair = self.run(move || pair(spec)).await?;
                Ok(Material { private: pair.pkcs8, public: Some(pair.spki) })
            }
            Family::Ec(_) | Family::Ed25519 => {
                let pair = pair(spec)?;
                Ok(Material { private: pair.pkcs8, public: Some(pair.spki) })
            }
            Family::Aead(aead) => {
                Ok(Material { private: SecretBytes::random(aead.key_len())?, public: None })
            }
            Family::Hmac(bytes) => {
                Ok(Material { private: SecretBytes::random(bytes)?, public: None })
            }
        }
    }

    /// Runs slow work on the pool.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, CryptoError> + Send + 'static,
    ) -> Result<T> {
        let _waiting = self.queue.try_acquire().map_err(|_| Error::from(ErrorKind::Throttled))?;
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        // The permit moves into the work: a caller that goes away does not free the thread it still occupies.
        let done = tokio::task::spawn_blocking(move || {
            let _worker = worker;
            work()
        });
        match done.await {
            Ok(result) => Ok(result?),
            Err(cause) => Err(Error::internal("a worker stopped").caused_by(cause)),
        }
    }
}

fn pair(spec: KeySpec) -> std::result::Result<KeyPair, CryptoError> {
    match spec.family() {
        Family::Rsa(size) => rsa::generate(size),
        Family::Ec(curve) => ec::generate(curve),
        Family::Ed25519 => edwards::generate(),
        Family::Aead(_) | Family::Hmac(_) => Err(CryptoError::Unsupported),
    }
}
