//! The pair that every asymmetric family yields, and the checks the families share.
//! Generation and parsing live with the family: `rsa`, `ec`, `edwards`.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};

use super::{CryptoError, Result, SecretBytes, ct_eq};

/// A private key and its public key, both in DER.
pub struct KeyPair {
    /// PKCS#8 `PrivateKeyInfo` (RFC 5208), unencrypted.
    pub pkcs8: SecretBytes,
    /// X.509 `SubjectPublicKeyInfo` (RFC 5280).
    pub spki: Vec<u8>,
}

/// The message of the pairwise consistency checks.
pub(super) const PROBE: &[u8] = b"trent/1/pairwise";

pub(super) fn spki_of(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Result<Vec<u8>> {
    let der = key.as_der().map_err(|_| CryptoError::Internal)?;
    Ok(der.as_ref().to_vec())
}

/// The parser stops at the end of the outer DER value and is lenient inside it, so an encoding counts
/// as sound only if writing the parsed key again gives the same bytes.
pub(super) fn require_same(written: &[u8], given: &[u8]) -> Result<()> {
    if ct_eq(written, given) { Ok(()) } else { Err(CryptoError::BadKey) }
}

/// Whether the public half accepts the private half's signature of [`PROBE`].
pub(super) fn require_verifies(
    algorithm: &'static dyn VerificationAlgorithm,
    spki: &[u8],
    signature: &[u8],
) -> Result<()> {
    UnparsedPublicKey::new(algorithm, spki)
        .verify(PROBE, signature)
        .map_err(|_| CryptoError::BadKey)
}
