//! Encrypting and decrypting data of a caller.

use crate::access::{self, Action, Authorized, Caller, KeyTarget};
use crate::audit::Event;
use crate::crypto::rsa::{oaep_encrypt, oaep_max_plaintext};
use crate::crypto::{CryptoError, SecretBytes};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EncryptAlgorithm, Family, Key, KeyRef, KeyVersion, VersionSelector};
use crate::ops::{require_enabled, require_usage};
use crate::seal::{Ciphertext, Context, Sealed};

/// How many versions are tried for an RSA block that does not tell its own: the newest, and always the first, with
/// which the dialects encrypt that never change an asymmetric key. Each try costs milliseconds of a worker that
/// everybody shares.
const MOST_TRIES: usize = 16;

/// A request to encrypt.
pub struct Encrypt {
    /// The key.
    pub key: KeyRef,
    /// The version.
    pub version: VersionSelector,
    /// The algorithm; the key's own when absent (OAEP with SHA-256 for RSA).
    pub algorithm: Option<EncryptAlgorithm>,
    /// What is bound to the ciphertext.
    pub context: Context,
    /// The data.
    pub plaintext: SecretBytes,
    /// The AEAD's nonce, where a dialect lets its caller choose.
    pub iv: Option<[u8; 12]>,
    /// Use the plain suite where the key was made exportable, so that exported material opens the ciphertext.
    pub plain_if_exportable: bool,
}

/// A ciphertext and what made it.
pub struct Encrypted {
    /// The key.
    pub key: Key,
    /// The version.
    pub version: u32,
    /// The algorithm.
    pub algorithm: EncryptAlgorithm,
    /// The ciphertext, without a frame.
    pub ciphertext: Ciphertext,
}

/// A request to decrypt.
pub struct Decrypt {
    /// The key, where the request names one.
    pub key: Option<KeyRef>,
    /// The algorithm; the key's own when absent.
    pub algorithm: Option<EncryptAlgorithm>,
    /// What may be bound to the ciphertext; all are tried.
    pub contexts: Vec<Context>,
    /// The ciphertext out of its frame; `None` where it was in no frame that we know.
    pub ciphertext: Option<Ciphertext>,
    /// What the same bytes are if the key is an RSA key, whose blocks look like anything.
    pub block: Option<Ciphertext>,
}

/// A plaintext and what it was sealed with.
pub struct Decrypted {
    /// The key.
    pub key: Key,
    /// The version.
    pub version: u32,
    /// The algorithm.
    pub algorithm: EncryptAlgorithm,
    /// The data.
    pub plaintext: SecretBytes,
}

impl Engine {
    /// Encrypts.
    ///
    /// # Errors
    /// [`ErrorKind::PlaintextTooLong`] for RSA; a context with an RSA key is [`ErrorKind::BadInput`].
    pub async fn encrypt(&self, caller: &Caller, cmd: Encrypt) -> Result<Encrypted> {
        let mut event = self.event(caller, access::Encrypt::ID)?;
        event.input_bytes = Some(cmd.plaintext.len());
        let result = self.encrypt_inner(caller, cmd, &mut event).await;
        self.conclude(event, result).await
    }

    async fn encrypt_inner(
        &self,
        caller: &Caller,
        cmd: Encrypt,
        event: &mut Event,
    ) -> Result<Encrypted> {
        let mut key = self.load_key(caller, &cmd.key).await?;
        let may = access::authorize_key::<access::Encrypt>(caller, &key)?;
        event.about(&key);
        require_usage(&key, |usage| usage.encrypts())?;
        require_enabled(&key)?;
        let algorithm = choose_algorithm(&key, cmd.algorithm)?;
        event.algorithm = Some(algorithm.as_str());
        let mut version = self.load_version(&key, cmd.version).await?;
        let ciphertext = match algorithm.oaep() {
            Some(hash) => {
                refuse_context(&key, std::slice::from_ref(&cmd.context))?;
                let Family::Rsa(size) = key.spec.family() else {
                    return Err(Error::internal("an OAEP key that is not RSA"));
                };
                let max = oaep_max_plaintext(size, hash);
                if cmd.plaintext.len() > max {
                    return Err(Error::new(
                        ErrorKind::PlaintextTooLong { max },
                        "the plaintext is longer than the key can encrypt",
                    )
                    .about_key(&key));
                }
                let public = version
                    .public
                    .as_deref()
                    .ok_or_else(|| Error::internal("an RSA version without a public key"))?;
                let block = oaep_encrypt(public, hash, cmd.plaintext.expose())?;
                Ciphertext::Rsa { version: Some(version.number), block }
            }
            None if cmd.plain_if_exportable && key.exportable => {
                refuse_context(&key, std::slice::from_ref(&cmd.context))?;
                let uses = self.count_use(&key, version.number).await?;
                if cmd.version == VersionSelector::Primary && self.is_worn(uses) {
                    key = self.rotate_worn(caller, &key).await?;
                    version = self.load_version(&key, VersionSelector::Primary).await?;
                    self.count_use(&key, version.number).await?;
                }
                let kek = self.kek(key.tenant, version.kek_generation).await?;
                let plain = kek.sealer(&may, &version)?.seal_plain(cmd.plaintext.expose())?;
                Ciphertext::Plain { version: version.number, plain }
            }
            None => {
                let kek = self.kek(key.tenant, version.kek_generation).await?;
                let sealer = kek.sealer(&may, &version)?;
                Ciphertext::Sealed(sealer.seal(&cmd.context, cmd.plaintext.expose(), cmd.iv)?)
            }
        };
        event.version = Some(version.number);
        Ok(Encrypted { key, version: version.number, algorithm, ciphertext })
    }

    /// Decrypts. The key is the one named, or the one that the ciphertext names.
    ///
    /// # Errors
    /// [`ErrorKind::CiphertextInvalid`] for every ciphertext that does not open, whatever the cause;
    /// [`ErrorKind::WrongKey`] when it names another key than the request;
    /// [`ErrorKind::CiphertextKeyUnknown`] when only it names a key, and that is not to be had.
    pub async fn decrypt(&self, caller: &Caller, cmd: Decrypt) -> Result<Decrypted> {
        let mut event = self.event(caller, access::Decrypt::ID)?;
        let result = self.decrypt_inner(caller, cmd, &mut event).await;
        if let Ok(decrypted) = &result {
            event.output_bytes = Some(decrypted.plaintext.len());
        }
        self.conclude(event, result).await
    }

    async fn decrypt_inner(
        &self,
        caller: &Caller,
        cmd: Decrypt,
        event: &mut Event,
    ) -> Result<Decrypted> {
        let (key, may, ciphertext) = self.decryption_key(caller, &cmd).await?;
        let ciphertext = ciphertext.ok_or_else(|| invalid().about_key(&key))?;
        event.about(&key);
        require_usage(&key, |usage| usage.encrypts())?;
        require_enabled(&key)?;
        let algorithm = decryption_algorithm(&key, cmd.algorithm)?;
        event.algorithm = Some(algorithm.as_str());
        let (version, plaintext) = match (ciphertext, algorithm.is_rsa()) {
            (Ciphertext::Sealed(sealed), false) => {
                self.open_sealed(&key, &may, sealed, &cmd.contexts).await?
            }
            (Ciphertext::Detached(detached), false) => {
                let sealed = detached.attach(key.id, key.spec);
                let sealed = sealed.ok_or_else(|| invalid().about_key(&key))?;
                self.open_sealed(&key, &may, &sealed, &cmd.contexts).await?
            }
            (Ciphertext::Plain { version, plain }, false) => {
                // The plain suite binds no context; a ciphertext that has none opens under none only.
                if !cmd.contexts.iter().any(Context::is_empty) {
                    return Err(invalid().about_key(&key));
                }
                let version = self.ciphertext_version(&key, *version).await?;
                let kek = self.kek(key.tenant, version.kek_generation).await?;
                let opened = kek.opener(&may, &version)?.open_plain(plain);
                (version.number, opened.map_err(unopened)?)
            }
            (Ciphertext::Rsa { version, block }, true) => {
                refuse_context(&key, &cmd.contexts)?;
                let versions = match (version, algorithm) {
                    (Some(number), _) => vec![self.ciphertext_version(&key, *number).await?],
                    // Every key makes something of every block, so there is nothing to tell the right one by.
                    (None, EncryptAlgorithm::RsaPkcs1) => {
                        vec![self.load_version(&key, VersionSelector::Initial).await?]
                    }
                    (None, _) => self.load_versions(&key).await?,
                };
                self.decrypt_rsa(&key, &may, versions, algorithm, block.clone()).await?
            }
            _ => return Err(invalid().about_key(&key)),
        };
        event.version = Some(version);
        Ok(Decrypted { key, version, algorithm, plaintext })
    }

    async fn open_sealed(
        &self,
        key: &Key,
        may: &Authorized<access::Decrypt, KeyTarget>,
        sealed: &Sealed,
        contexts: &[Context],
    ) -> Result<(u32, SecretBytes)> {
        let version = self.ciphertext_version(key, sealed.version).await?;
        let kek = self.kek(key.tenant, version.kek_generation).await?;
        let opened = kek.opener(may, &version)?.open(sealed, contexts);
        Ok((version.number, opened.map_err(unopened)?))
    }

    /// The key, the right to decrypt with it, and what the ciphertext is under such a key.
    async fn decryption_key<'a>(
        &self,
        caller: &Caller,
        cmd: &'a Decrypt,
    ) -> Result<(Key, Authorized<access::Decrypt, KeyTarget>, Option<&'a Ciphertext>)> {
        let inside = match &cmd.ciphertext {
            Some(Ciphertext::Sealed(sealed)) => Some(sealed.key()),
            Some(Ciphertext::Detached(detached)) => detached.key,
            _ => None,
        };
        match (&cmd.key, inside) {
            (Some(named), inside) => {
                let key = self.load_key(caller, named).await?;
                let may = access::authorize_key::<access::Decrypt>(caller, &key)?;
                if cmd.block.is_some() && matches!(key.spec.family(), Family::Rsa(_)) {
                    return Ok((key, may, cmd.block.as_ref()));
                }
                if inside.is_some_and(|id| id != key.id) {
                    return Err(Error::new(
                        ErrorKind::WrongKey,
                        "the ciphertext was made with another key",
                    )
                    .about_key(&key));
                }
                Ok((key, may, cmd.ciphertext.as_ref()))
            }
            (None, Some(id)) => {
                let found = self.load_key(caller, &KeyRef::Id(id)).await.and_then(|key| {
                    let may = access::authorize_key::<access::Decrypt>(caller, &key)?;
                    Ok((key, may, cmd.ciphertext.as_ref()))
                });
                found.map_err(|error| match error.kind() {
                    ErrorKind::KeyNotFound | ErrorKind::AccessDenied => Error::new(
                        ErrorKind::CiphertextKeyUnknown,
                        "the ciphertext's key does not exist here or may not be used",
                    )
                    .about(id)
                    .denied_if(error.kind() == ErrorKind::AccessDenied)
                    .caused_by(error),
                    _ => error,
                })
            }
            (None, None) => Err(invalid()),
        }
    }

    async fn ciphertext_version(&self, key: &Key, number: u32) -> Result<KeyVersion> {
        let found = self.load_version(key, VersionSelector::Number(number)).await;
        found.map_err(|error| match error.kind() {
            ErrorKind::VersionNotFound => invalid().about_key(key),
            _ => error,
        })
    }

    /// Tries the versions from the newest on, since a bare RSA block does not tell its version.
    async fn decrypt_rsa(
        &self,
        key: &Key,
        may: &Authorized<access::Decrypt, KeyTarget>,
        versions: Vec<KeyVersion>,
        algorithm: EncryptAlgorithm,
        block: Vec<u8>,
    ) -> Result<(u32, SecretBytes)> {
        let mut openers = Vec::with_capacity(versions.len());
        for version in worth_trying(&versions) {
            let kek = self.kek(key.tenant, version.kek_generation).await?;
            openers.push((version.number, kek.opener(may, version)?));
        }
        let opened = self
            .pairs
            .run(move || {
                let mut tries = openers.iter().map(|(number, opener)| {
                    let opened = match algorithm.oaep() {
                        Some(hash) => opener.open_oaep(hash, &block),
                        None => opener.open_pkcs1(&block),
                    };
                    opened.map(|plaintext| (*number, plaintext))
                });
                Ok(tries.find(|opened| !matches!(opened, Err(CryptoError::Open))))
            })
            .await?;
        match opened {
            Some(Ok(opened)) => Ok(opened),
            Some(Err(cause)) => Err(cause.into()),
            None => Err(invalid().about_key(key)),
        }
    }
}

/// The newest of what is given oldest first, from the newest on, and the first of all.
fn worth_trying<T>(oldest_first: &[T]) -> impl Iterator<Item = &T> {
    oldest_first.iter().skip(1).rev().take(MOST_TRIES - 1).chain(oldest_first.first())
}

fn choose_algorithm(key: &Key, wished: Option<EncryptAlgorithm>) -> Result<EncryptAlgorithm> {
    let possible = key.spec.encrypt_algorithms(key.usage);
    let chosen = match wished {
        Some(wished) => possible.iter().find(|algorithm| **algorithm == wished),
        // The last is the one to prefer: OAEP with SHA-256 for RSA.
        None => possible.last(),
    };
    chosen.copied().ok_or_else(|| {
        Error::new(ErrorKind::AlgorithmUnsupported, "the algorithm does not fit the key")
            .about_key(key)
    })
}

fn decryption_algorithm(key: &Key, wished: Option<EncryptAlgorithm>) -> Result<EncryptAlgorithm> {
    match wished {
        Some(wished) if key.spec.decrypts_with(key.usage, wished) => Ok(wished),
        wished => choose_algorithm(key, wished),
    }
}

fn refuse_context(key: &Key, contexts: &[Context]) -> Result<()> {
    if contexts.iter().all(Context::is_empty) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::BadInput(crate::error::Field::Context),
        "a context cannot be bound with this key and algorithm",
    )
    .about_key(key))
}

fn invalid() -> Error {
    Error::new(ErrorKind::CiphertextInvalid, "the ciphertext does not open")
}

fn unopened(cause: CryptoError) -> Error {
    match cause {
        CryptoError::Open => invalid(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ciphertexts of a door that always encrypts with the first version must open after any number of rotations.
    #[test]
    fn the_first_version_is_always_tried() {
        for versions in [1, 2, 15, 16, 17, 1_000] {
            let all: Vec<u32> = (1..=versions).collect();
            let tried: Vec<u32> = worth_trying(&all).copied().collect();
            assert!(tried.len() <= MOST_TRIES && tried.len() == all.len().min(MOST_TRIES));
            assert_eq!((tried.first(), tried.last()), (Some(&versions), Some(&1)));
        }
    }
}
