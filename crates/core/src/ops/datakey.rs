//! Data keys: random bytes, sealed under a key and perhaps returned plain too.

use crate::access::{self, Action, Caller, Seals};
use crate::audit::Event;
use crate::crypto::SecretBytes;
use crate::engine::Engine;
use crate::error::Result;
use crate::model::{DataKeySpec, Key, KeyRef, VersionSelector};
use crate::seal::{Context, Sealed};

/// A request for a data key.
pub struct GenerateDataKey {
    /// The key that seals it.
    pub key: KeyRef,
    /// That key's version.
    pub wrap_with: VersionSelector,
    /// Its length.
    pub length: DataKeySpec,
    /// What is bound to its ciphertext.
    pub context: Context,
    /// Whether to return it plain too.
    pub reveal: bool,
}

/// A data key.
pub struct GeneratedDataKey {
    /// The key that sealed it.
    pub key: Key,
    /// That key's version.
    pub version: u32,
    /// The data key, sealed.
    pub sealed: Sealed,
    /// The data key, if it was to be revealed.
    pub plaintext: Option<SecretBytes>,
}

impl Engine {
    /// Makes a data key.
    pub async fn generate_data_key(
        &self,
        caller: &Caller,
        cmd: GenerateDataKey,
    ) -> Result<GeneratedDataKey> {
        let id = if cmd.reveal {
            access::GenerateDataKey::ID
        } else {
            access::GenerateDataKeyWithoutPlaintext::ID
        };
        let mut event = self.event(caller, id)?;
        event.output_bytes = Some(cmd.length.bytes());
        let result = if cmd.reveal {
            self.data_key::<access::GenerateDataKey>(caller, cmd, &mut event).await
        } else {
            self.data_key::<access::GenerateDataKeyWithoutPlaintext>(caller, cmd, &mut event).await
        };
        self.conclude(event, result).await
    }

    async fn data_key<A: Seals>(
        &self,
        caller: &Caller,
        cmd: GenerateDataKey,
        event: &mut Event,
    ) -> Result<GeneratedDataKey> {
        let (key, sealer) = self.wrapping::<A>(caller, &cmd.key, cmd.wrap_with, event).await?;
        let secret = SecretBytes::random(cmd.length.bytes())?;
        let sealed = sealer.seal_checked(&cmd.context, secret.expose())?;
        let plaintext = cmd.reveal.then_some(secret);
        Ok(GeneratedDataKey { key, version: sealed.version, sealed, plaintext })
    }
}
