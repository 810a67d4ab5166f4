//! Public keys. Private material is never opened for them.

use crate::access::{self, Action, Caller, GetPublicKey};
use crate::audit::Event;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyRef, KeyVersion, VersionSelector};
use crate::ops::require_enabled;

/// A request for public keys.
pub struct PublicKeys {
    /// The key.
    pub key: KeyRef,
    /// Which versions.
    pub versions: WhichVersions,
    /// Refuse keys that are not enabled.
    pub enabled_only: bool,
}

/// Which versions' public keys are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhichVersions {
    /// All of them.
    All,
    /// One.
    One(VersionSelector),
}

/// Public keys of one key.
pub struct PublicKeySet {
    /// The key.
    pub key: Key,
    /// Version numbers with their public keys as SubjectPublicKeyInfo DER, oldest first.
    pub keys: Vec<(u32, Vec<u8>)>,
}

impl Engine {
    /// Reads public keys.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for keys that have none.
    pub async fn public_keys(&self, caller: &Caller, cmd: PublicKeys) -> Result<PublicKeySet> {
        let mut event = self.event(caller, GetPublicKey::ID)?;
        let result = self.public_keys_inner(caller, cmd, &mut event).await;
        self.conclude(event, result).await
    }

    async fn public_keys_inner(
        &self,
        caller: &Caller,
        cmd: PublicKeys,
        event: &mut Event,
    ) -> Result<PublicKeySet> {
        let key = self.load_key(caller, &cmd.key).await?;
        access::authorize_key::<GetPublicKey>(caller, &key)?;
        event.about(&key);
        if cmd.enabled_only {
            require_enabled(&key)?;
        }
        if !key.spec.is_asymmetric() {
            return Err(
                Error::new(ErrorKind::Unsupported, "the key has no public key").about_key(&key)
            );
        }
        let versions = match cmd.versions {
            WhichVersions::All => self.load_versions(&key).await?,
            WhichVersions::One(which) => vec![self.load_version(&key, which).await?],
        };
        if let [version] = versions.as_slice() {
            event.version = Some(version.number);
        }
        let public = |version: KeyVersion| match version.public {
            Some(public) => Ok((version.number, public)),
            None => Err(Error::internal("an asymmetric version without a public key")),
        };
        let keys = versions.into_iter().map(public).collect::<Result<_>>()?;
        Ok(PublicKeySet { key, keys })
    }
}
