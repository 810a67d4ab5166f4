//! Authenticated encryption with a 12-byte nonce and a 16-byte tag: AES-GCM (NIST SP 800-38D) and
//! ChaCha20-Poly1305 (RFC 8439). Choosing nonces and counting their use is the caller's part.

use aws_lc_rs::aead::{self as lc, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{CryptoError, Result, SecretBytes};

/// Length of a nonce, in bytes.
pub const NONCE_LEN: usize = 12;
/// Length of the tag that follows the ciphertext, in bytes.
pub const TAG_LEN: usize = 16;

/// An AEAD algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aead {
    /// AES-GCM with a 128-bit key.
    Aes128Gcm,
    /// AES-GCM with a 192-bit key.
    Aes192Gcm,
    /// AES-GCM with a 256-bit key.
    Aes256Gcm,
    /// ChaCha20-Poly1305 with a 256-bit key.
    ChaCha20Poly1305,
}

impl Aead {
    /// Length of the key, in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes192Gcm => 24,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    /// Encrypts `plaintext` and authenticates it with `aad`; yields ciphertext ‖ tag.
    /// A nonce must never be used twice with one key.
    ///
    /// # Errors
    /// `BadKey` for a key of the wrong length, `Internal` when the library fails.
    pub fn seal(
        self,
        key: &[u8],
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.bind(key)?;
        let mut out = vec![0; plaintext.len() + TAG_LEN];
        // Out of place: the plaintext is never copied into a buffer that is not wiped.
        let (ciphertext, tag) = out.split_at_mut(plaintext.len());
        key.seal_out_of_place_scatter(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad),
            plaintext,
            ciphertext,
            &[],
            tag,
        )
        .map_err(|_| CryptoError::Internal)?;
        Ok(out)
    }

    /// Authenticates and decrypts ciphertext ‖ tag into a fresh buffer, which is wiped on failure.
    ///
    /// # Errors
    /// `BadKey` for a key of the wrong length; `Open` for everything else.
    pub fn open(
        self,
        key: &[u8],
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        ct_and_tag: &[u8],
    ) -> Result<SecretBytes> {
        let key = self.bind(key)?;
        let len = ct_and_tag.len().checked_sub(TAG_LEN).ok_or(CryptoError::Open)?;
        let (ciphertext, tag) = ct_and_tag.split_at(len);
        let mut out = SecretBytes::zeroed(len);
        key.open_separate_gather(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad),
            ciphertext,
            tag,
            out.expose_mut(),
        )
        .map_err(|_| CryptoError::Open)?;
        Ok(out)
    }

    fn bind(self, key: &[u8]) -> Result<LessSafeKey> {
        let algorithm = match self {
            Self::Aes128Gcm => &lc::AES_128_GCM,
            Self::Aes192Gcm => &lc::AES_192_GCM,
            Self::Aes256Gcm => &lc::AES_256_GCM,
            Self::ChaCha20Poly1305 => &lc::CHACHA20_POLY1305,
        };
        if key.len() != self.key_len() {
            return Err(CryptoError::BadKey);
        }
        UnboundKey::new(algorithm, key).map(LessSafeKey::new).map_err(|_| CryptoError::Internal)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::testdata::{accepted_flips, field, vectors};
    use super::*;

    const ALL: [Aead; 4] =
        [Aead::Aes128Gcm, Aead::Aes192Gcm, Aead::Aes256Gcm, Aead::ChaCha20Poly1305];

    // The specification of GCM and RFC 8439; each entry names its source.
    #[test]
    fn published_vectors_both_ways() {
        let cases = vectors(include_str!("../../tests/vectors/aead.json"));
        for case in cases["aead"].as_array().unwrap() {
            let aead = *ALL.iter().find(|aead| case["aead"] == format!("{aead:?}")).unwrap();
            let (key, nonce) = (field(case, "key"), field(case, "nonce").try_into().unwrap());
            let [aad, plaintext, sealed] =
                ["aad", "plaintext", "sealed"].map(|name| field(case, name));
            let made = aead.seal(&key, &nonce, &aad, &plaintext).unwrap();
            assert_eq!(made, sealed, "{}", case["source"]);
            let opened = aead.open(&key, &nonce, &aad, &sealed).unwrap();
            assert!(opened.ct_eq(&plaintext), "{}", case["source"]);
        }
    }

    #[test]
    fn any_change_is_one_error() {
        let (nonce, aad) = ([1; NONCE_LEN], b"bound");
        for aead in ALL {
            let key = vec![2; aead.key_len()];
            let open = |key: &[u8], nonce: &[u8], aad: &[u8], sealed: &[u8]| {
                aead.open(key, nonce.try_into().unwrap(), aad, sealed).map(|p| p.expose().to_vec())
            };
            let sealed = aead.seal(&key, &nonce, aad, b"twenty bytes of text").unwrap();
            let good = open(&key, &nonce, aad, &sealed).unwrap();
            assert_eq!(good, b"twenty bytes of text");
            let accepts = |result: Result<Vec<u8>>| result != Err(CryptoError::Open);
            assert!(accepted_flips(&sealed, |s| accepts(open(&key, &nonce, aad, s))).is_empty());
            assert!(accepted_flips(&key, |k| accepts(open(k, &nonce, aad, &sealed))).is_empty());
            assert!(accepted_flips(&nonce, |n| accepts(open(&key, n, aad, &sealed))).is_empty());
            assert!(accepted_flips(aad, |a| accepts(open(&key, &nonce, a, &sealed))).is_empty());
            for cut in 0..sealed.len() {
                assert!(!accepts(open(&key, &nonce, aad, &sealed[..cut])), "{aead:?} cut to {cut}");
            }
            for wrong in [&b""[..], b"boun", b"bound\0"] {
                assert!(!accepts(open(&key, &nonce, wrong, &sealed)), "{aead:?} with other data");
            }
        }
    }

    #[test]
    fn key_length_is_exact() {
        for aead in ALL {
            for len in [0, 15, 16, 17, 24, 31, 32, 33, 64] {
                let expected = (len != aead.key_len()).then_some(CryptoError::BadKey);
                let key = vec![0; len];
                assert_eq!(
                    aead.seal(&key, &[0; NONCE_LEN], b"", b"").err(),
                    expected,
                    "{aead:?} {len}"
                );
                let opened = aead.open(&key, &[0; NONCE_LEN], b"", &[0; TAG_LEN]).err();
                assert_eq!(opened, expected.or(Some(CryptoError::Open)), "{aead:?} {len}");
            }
        }
    }
}
