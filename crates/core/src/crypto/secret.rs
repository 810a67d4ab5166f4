//! Buffers that hold secrets: wiped on drop, never printed, cloned, compared in variable time or serialised.
//! What is not secret (salts, nonces, public keys) stays in plain arrays and vectors.

use zeroize::{Zeroize, Zeroizing};

use super::{CryptoError, Result, ct_eq, random};

/// Longest secret that [`SecretBytes::random`] makes, in bytes.
pub const MAX_RANDOM: usize = 65_536;

/// A secret of any length. The allocation never grows or shrinks, so no stale copy is left behind.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership; the whole capacity of `bytes` is wiped on drop.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Copies `bytes`; wiping the source stays with the caller.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }

    /// Draws `len` random bytes, at most [`MAX_RANDOM`].
    ///
    /// # Errors
    /// `TooLong` above the limit, `Rng` when the generator fails.
    pub fn random(len: usize) -> Result<Self> {
        if len > MAX_RANDOM {
            return Err(CryptoError::TooLong { max: MAX_RANDOM });
        }
        let mut secret = Self::zeroed(len);
        random::fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// `len` zero bytes, to be filled in place.
    pub(super) fn zeroed(len: usize) -> Self {
        Self::new(vec![0; len])
    }

    pub(super) fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Drops the bytes after `len`; they stay in the allocation until it is wiped.
    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares in constant time for equal lengths.
    #[must_use]
    pub fn ct_eq(&self, other: &[u8]) -> bool {
        ct_eq(&self.0, other)
    }
}

/// A secret of 32 bytes, on the heap so that moving it copies a pointer and not the key.
pub struct Secret32(Box<Zeroizing<[u8; 32]>>);

impl Secret32 {
    /// Takes the bytes and wipes this function's copy; wiping the original stays with the caller.
    #[must_use]
    pub fn new(mut bytes: [u8; 32]) -> Self {
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(&bytes);
        bytes.zeroize();
        secret
    }

    /// Copies `bytes`.
    ///
    /// # Errors
    /// `BadKey` unless there are exactly 32 bytes.
    pub fn try_from_slice(bytes: &[u8]) -> Result<Self> {
        let mut secret = Self::zeroed();
        if bytes.len() != secret.0.len() {
            return Err(CryptoError::BadKey);
        }
        secret.0.copy_from_slice(bytes);
        Ok(secret)
    }

    /// Draws 32 random bytes.
    ///
    /// # Errors
    /// `Rng` when the generator fails.
    pub fn random() -> Result<Self> {
        let mut secret = Self::zeroed();
        random::fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// 32 zero bytes, to be filled in place.
    pub(super) fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }

    pub(super) fn expose_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact() {
        for len in [0, 31, 33, 64] {
            let made = Secret32::try_from_slice(&vec![7; len]);
            assert_eq!(made.err(), Some(CryptoError::BadKey), "{len} bytes");
        }
        let key = Secret32::try_from_slice(&[7; 32]).unwrap();
        assert_eq!(key.expose(), Secret32::new([7; 32]).expose());
        assert_eq!(SecretBytes::random(1024).unwrap().len(), 1024);
        assert!(SecretBytes::random(0).unwrap().is_empty());
        assert!(Secret32::random().unwrap().expose() != Secret32::random().unwrap().expose());
        let refused = SecretBytes::random(MAX_RANDOM + 1).err();
        assert_eq!(refused, Some(CryptoError::TooLong { max: MAX_RANDOM }));
    }

    #[test]
    fn comparison_covers_length_and_every_byte() {
        let secret = SecretBytes::from_slice(b"sixteen bytes ok");
        assert!(secret.ct_eq(b"sixteen bytes ok"));
        for other in [
            &b""[..],
            b"sixteen bytes o",
            b"sixteen bytes ok!",
            b"Sixteen bytes ok",
            b"sixteen bytes oK",
        ] {
            assert!(!secret.ct_eq(other));
        }
    }

    #[test]
    fn truncation_keeps_the_allocation() {
        let mut secret = SecretBytes::from_slice(&[9; 64]);
        let before = secret.expose().as_ptr();
        secret.truncate(10);
        assert_eq!((secret.len(), secret.expose().as_ptr()), (10, before));
    }
}
