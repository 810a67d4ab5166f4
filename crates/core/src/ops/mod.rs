//! What a KMS does, one family of operations a file. Every operation has one shape: load, authorize, check usage,
//! state, algorithm and data, act, and have its event durable before its answer leaves.

mod alias;
mod datakey;
mod encrypt;
mod export;
mod keypair;
mod keys;
mod lifecycle;
mod lists;
mod public;
mod rotate;

pub use alias::CreateAlias;
pub use datakey::{GenerateDataKey, GeneratedDataKey};
pub use encrypt::{Decrypt, Decrypted, Encrypt, Encrypted};
pub use export::{ExportMaterial, Exported};
pub use keypair::{GenerateKeyPair, GeneratedKeyPair, PairFormat};
pub use keys::CreateKey;
pub use lists::{ByAge, Numbered};
pub use public::{PublicKeySet, PublicKeys, WhichVersions};
pub use rotate::RotateKey;

use crate::access::{self, Caller, Seals};
use crate::audit::Event;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::keyring::Sealer;
use crate::model::{Key, KeyRef, KeyState, Usage, VersionSelector};

/// The key's usage must satisfy this.
fn require_usage(key: &Key, fits: impl FnOnce(Usage) -> bool) -> Result<()> {
    if fits(key.usage) {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::WrongUsage, "the key's usage does not allow this").about_key(key))
    }
}

/// The key must be enabled.
fn require_enabled(key: &Key) -> Result<()> {
    let kind = match key.state {
        KeyState::Enabled => return Ok(()),
        KeyState::Disabled => ErrorKind::KeyDisabled,
        KeyState::PendingDeletion { .. } => ErrorKind::KeyPendingDeletion,
        KeyState::PendingImport => ErrorKind::KeyPendingImport,
    };
    Err(Error::from(kind).about_key(key))
}

impl Engine {
    /// A key that wraps fresh key material, and what seals under a version of it, after the checks in their order.
    async fn wrapping<A: Seals>(
        &self,
        caller: &Caller,
        key: &KeyRef,
        version: VersionSelector,
        event: &mut Event,
    ) -> Result<(Key, Sealer)> {
        let key = self.load_key(caller, key).await?;
        let may = access::authorize_key::<A>(caller, &key)?;
        event.about(&key);
        require_usage(&key, |usage| usage.encrypts())?;
        require_enabled(&key)?;
        require_symmetric(&key)?;
        let version = self.load_version(&key, version).await?;
        event.version = Some(version.number);
        let kek = self.kek(key.tenant, version.kek_generation).await?;
        let sealer = kek.sealer(&may, &version)?;
        Ok((key, sealer))
    }
}

/// The key must seal data itself: an AEAD key for encryption.
fn require_symmetric(key: &Key) -> Result<()> {
    if key.spec.is_aead() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::AlgorithmUnsupported, "only symmetric keys wrap data keys")
            .about_key(key))
    }
}
