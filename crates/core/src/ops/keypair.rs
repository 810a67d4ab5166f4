//! Data key pairs: a public key, and its private key sealed under a key of the KMS and perhaps returned plain too.

use crate::access::{self, Action, Caller, Seals};
use crate::audit::Event;
use crate::crypto::{SecretBytes, pem};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Field, Result};
use crate::model::{Key, KeyRef, PairSpec, VersionSelector};
use crate::seal::{Context, Sealed};

/// A request for a key pair.
pub struct GenerateKeyPair {
    /// The key that seals the private key.
    pub key: KeyRef,
    /// That key's version.
    pub wrap_with: VersionSelector,
    /// What pair to make; an asymmetric spec.
    pub spec: PairSpec,
    /// How both keys are written.
    pub format: PairFormat,
    /// What is bound to the ciphertext.
    pub context: Context,
    /// Whether to return the private key plain too.
    pub reveal: bool,
}

/// How a key pair is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PairFormat {
    /// PKCS#8 (RFC 5208) and SubjectPublicKeyInfo (RFC 5280) in DER.
    Der,
    /// The same as PEM (RFC 7468): lines of 64 columns, LF, a newline at the end.
    Pem,
}

/// A key pair.
pub struct GeneratedKeyPair {
    /// The key that sealed the private key.
    pub key: Key,
    /// That key's version.
    pub version: u32,
    /// The private key, in the format asked for, sealed.
    pub sealed: Sealed,
    /// The public key, in the format asked for.
    pub public: Vec<u8>,
    /// The private key, in the format asked for, if it was to be revealed.
    pub private: Option<SecretBytes>,
}

impl Engine {
    /// Makes a key pair.
    ///
    /// # Errors
    /// [`Field::Spec`] when the spec is not asymmetric.
    pub async fn generate_key_pair(
        &self,
        caller: &Caller,
        cmd: GenerateKeyPair,
    ) -> Result<GeneratedKeyPair> {
        let id = if cmd.reveal {
            access::GenerateKeyPair::ID
        } else {
            access::GenerateKeyPairWithoutPlaintext::ID
        };
        let mut event = self.event(caller, id)?;
        event.algorithm = Some(cmd.spec.as_str());
        let result = if cmd.reveal {
            self.key_pair::<access::GenerateKeyPair>(caller, cmd, &mut event).await
        } else {
            self.key_pair::<access::GenerateKeyPairWithoutPlaintext>(caller, cmd, &mut event).await
        };
        self.conclude(event, result).await
    }

    async fn key_pair<A: Seals>(
        &self,
        caller: &Caller,
        cmd: GenerateKeyPair,
        event: &mut Event,
    ) -> Result<GeneratedKeyPair> {
        if !cmd.spec.is_asymmetric() {
            return Err(Error::new(
                ErrorKind::BadInput(Field::Spec),
                "only asymmetric specs have key pairs",
            ));
        }
        let (key, sealer) = self.wrapping::<A>(caller, &cmd.key, cmd.wrap_with, event).await?;
        let pair = self.pairs.make(cmd.spec).await?;
        let public = pair.public.ok_or_else(|| Error::internal("a pair without a public key"))?;
        let (private, public) = match cmd.format {
            PairFormat::Der => (pair.private, public),
            PairFormat::Pem => {
                (pem::private_key_pem(&pair.private)?, pem::public_key_pem(&public)?.into_bytes())
            }
        };
        let sealed = sealer.seal_checked(&cmd.context, private.expose())?;
        let private = cmd.reveal.then_some(private);
        Ok(GeneratedKeyPair { key, version: sealed.version, sealed, public, private })
    }
}
