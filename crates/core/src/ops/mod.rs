//! What a KMS does, one family of operations a file. Every operation has one shape: load, authorize, check usage,
//! state, algorithm and data, act, and have its event durable before its answer leaves.

mod datakey;
mod encrypt;
mod export;
mod keypair;
mod keys;
mod lifecycle;
mod lists;
mod public;
mod rotate;

pub use datakey::{GenerateDataKey, GeneratedDataKey};
pub use encrypt::{Decrypt, Decrypted, Encrypt, Encrypted};
pub use export::{ExportMaterial, Exported};
pub use keypair::{GenerateKeyPair, GeneratedKeyPair};
pub use keys::CreateKey;
pub use public::{PublicKeySet, PublicKeys, WhichVersions};
pub use rotate::RotateKey;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyState, Usage};

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

/// The key must seal data itself: an AEAD key for encryption.
fn require_symmetric(key: &Key) -> Result<()> {
    if key.spec.is_aead() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::AlgorithmUnsupported, "only symmetric keys wrap data keys")
            .about_key(key))
    }
}
