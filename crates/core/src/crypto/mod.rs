//! Cryptographic primitives over AWS-LC: random numbers, secret buffers, AEAD, KDF, MAC, key pairs.
//! Nothing here knows a stored format, a key's state or a policy; sealing is built on top of it.

pub mod aead;
pub mod codec;
pub mod ec;
pub mod edwards;
pub mod kdf;
pub mod keypair;
pub mod mac;
pub mod pem;
pub mod random;
pub mod rsa;
pub mod secret;

pub use keypair::KeyPair;
pub use secret::{Secret32, SecretBytes};

use subtle::ConstantTimeEq;

/// What a primitive can fail with. No variant carries input, key or plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The random generator gave no bytes.
    #[error("random generator failed")]
    Rng,
    /// A key has the wrong length, type or encoding, or its two halves do not belong together.
    #[error("key is not usable")]
    BadKey,
    /// An argument is outside its domain; the text names the rule, never the value.
    #[error("bad input: {0}")]
    BadInput(&'static str),
    /// An argument is longer than `max` bytes.
    #[error("input is longer than {max} bytes")]
    TooLong {
        /// The longest accepted length, in bytes.
        max: usize,
    },
    /// Decryption failed. One value for every cause, so that no caller can become an oracle.
    #[error("decryption failed")]
    Open,
    /// The library in this build does not offer the algorithm or size.
    #[error("unsupported algorithm or size")]
    Unsupported,
    /// The library failed where valid input cannot make it fail (memory, self-test, fault).
    #[error("cryptographic library failed")]
    Internal,
}

/// Result of a primitive.
pub type Result<T> = core::result::Result<T, CryptoError>;

/// Compares in time that depends on the lengths alone. Unequal lengths are unequal.
#[must_use]
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod testdata {
    //! Readers for the vectors shared by the tests of this module.
    use serde_json::Value;

    pub(super) fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    pub(super) fn vectors(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// Keys and ciphertexts made by another implementation.
    pub(super) fn asymmetric() -> Value {
        vectors(include_str!("../../tests/vectors/asymmetric.json"))
    }

    /// `der` in ways that no parser of one exact encoding accepts.
    pub(super) fn misencoded(der: &[u8]) -> [Vec<u8>; 3] {
        [vec![], der[..der.len() - 1].to_vec(), [der, &[0]].concat()]
    }

    /// (PKCS#8, SPKI) of a named key in [`asymmetric`].
    pub(super) fn pair(name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = &asymmetric()["keys"][name];
        (field(key, "pkcs8"), field(key, "spki"))
    }

    pub(super) fn field(value: &Value, name: &str) -> Vec<u8> {
        hex(value[name].as_str().unwrap())
    }

    /// Every single-bit corruption of `bytes` for which `accepts` is true.
    pub(super) fn accepted_flips(bytes: &[u8], accepts: impl Fn(&[u8]) -> bool) -> Vec<usize> {
        let mut copy = bytes.to_vec();
        (0..bytes.len() * 8)
            .filter(|bit| {
                copy[bit / 8] ^= 1 << (bit % 8);
                let accepted = accepts(&copy);
                copy[bit / 8] ^= 1 << (bit % 8);
                accepted
            })
            .collect()
    }
}
