//! RSA of 2048, 3072 and 4096 bits: key generation (FIPS 186-5, e = 65537) and OAEP (RFC 8017 section 7.1).
//! Signatures and PKCS#1 v1.5 are not here.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};

use super::keypair::{PROBE, require_same, spki_of};
use super::{CryptoError, KeyPair, Result, SecretBytes};

/// A supported modulus size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RsaSize {
    /// 2048 bits.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

impl RsaSize {
    /// The size of a modulus of exactly `bits` bits.
    ///
    /// # Errors
    /// `Unsupported` for any other number.
    pub const fn from_bits(bits: usize) -> Result<Self> {
        match bits {
            2048 => Ok(Self::Rsa2048),
            3072 => Ok(Self::Rsa3072),
            4096 => Ok(Self::Rsa4096),
            _ => Err(CryptoError::Unsupported),
        }
    }

    /// Length of the modulus, and so of every ciphertext and signature, in bytes.
    #[must_use]
    pub const fn modulus_len(self) -> usize {
        match self {
            Self::Rsa2048 => 256,
            Self::Rsa3072 => 384,
            Self::Rsa4096 => 512,
        }
    }
}

/// The hash of OAEP, used for the label and for MGF1 alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OaepHash {
    /// SHA-1, kept by the vendors for old clients; OAEP does not rest on its collision resistance.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl OaepHash {
    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

/// Longest plaintext of OAEP with an empty label, in bytes: modulus − 2 · hash − 2.
#[must_use]
pub const fn oaep_max_plaintext(size: RsaSize, hash: OaepHash) -> usize {
    let hash_len = match hash {
        OaepHash::Sha1 => 20,
        OaepHash::Sha256 => 32,
    };
    size.modulus_len() - 2 * hash_len - 2
}

/// Makes a key pair and checks it. Slow (a second and more at 4096 bits): not for an async worker.
///
/// # Errors
/// `Internal` when the library fails or the new pair does not pass its check.
pub fn generate(size: RsaSize) -> Result<KeyPair> {
    let library_size = match size {
        RsaSize::Rsa2048 => KeySize::Rsa2048,
        RsaSize::Rsa3072 => KeySize::Rsa3072,
        RsaSize::Rsa4096 => KeySize::Rsa4096,
    };
    let key = PrivateDecryptingKey::generate(library_size).map_err(|_| CryptoError::Internal)?;
    let pair = KeyPair { pkcs8: private_der(&key)?, spki: spki_of(&key.public_key())? };
    check_pair(size, &pair).map_err(|_| CryptoError::Internal)?;
    Ok(pair)
}

/// The SPKI that belongs to a PKCS#8 private key of exactly `size`, recomputed. The parser checks the
/// private numbers against each other, but not the primes for primality.
///
/// # Errors
/// `BadKey` for another type or size, inconsistent numbers, or an encoding that is not the canonical one.
pub fn public_from_private(size: RsaSize, pkcs8: &[u8]) -> Result<Vec<u8>> {
    let (key, found) = parse_private(pkcs8)?;
    if found != size {
        return Err(CryptoError::BadKey);
    }
    spki_of(&key.public_key())
}

/// Checks that both halves are sound, of `size`, and undo each other (encrypt, then decrypt).
///
/// # Errors
/// `BadKey` if not.
pub fn check_pair(size: RsaSize, pair: &KeyPair) -> Result<()> {
    require_same(&public_from_private(size, pair.pkcs8.expose())?, &pair.spki)?;
    let ciphertext = oaep_encrypt(&pair.spki, OaepHash::Sha256, PROBE)?;
    match oaep_decrypt(pair.pkcs8.expose(), OaepHash::Sha256, &ciphertext) {
        Ok(opened) if opened.ct_eq(PROBE) => Ok(()),
        _ => Err(CryptoError::BadKey),
    }
}

/// Encrypts under a public key (SPKI) with an empty label; yields as many bytes as the modulus has.
///
/// # Errors
/// `BadKey` for a key that is not RSA of a supported size, `TooLong` beyond [`oaep_max_plaintext`].
pub fn oaep_encrypt(spki: &[u8], hash: OaepHash, plaintext: &[u8]) -> Result<Vec<u8>> {
    let key = PublicEncryptingKey::from_der(spki).map_err(|_| CryptoError::BadKey)?;
    require_same(&spki_of(&key)?, spki)?;
    let size = RsaSize::from_bits(key.key_size_bits()).map_err(|_| CryptoError::BadKey)?;
    let max = oaep_max_plaintext(size, hash);
    if plaintext.len() > max {
        return Err(CryptoError::TooLong { max });
    }
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| CryptoError::Internal)?;
    let mut out = vec![0; size.modulus_len()];
    let written = key
        .encrypt(hash.algorithm(), plaintext, &mut out, None)
        .map_err(|_| CryptoError::Internal)?
        .len();
    if written == out.len() { Ok(out) } else { Err(CryptoError::Internal) }
}

/// Decrypts with a private key (PKCS#8) and an empty label, through the library's constant-time decoder.
///
/// # Errors
/// `BadKey` when the key itself is unusable, whatever the ciphertext; `Open` for everything else.
pub fn oaep_decrypt(pkcs8: &[u8], hash: OaepHash, ciphertext: &[u8]) -> Result<SecretBytes> {
    let (key, size) = parse_private(pkcs8)?;
    if ciphertext.len() != size.modulus_len() {
        return Err(CryptoError::Open);
    }
    let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CryptoError::Internal)?;
    let mut out = SecretBytes::zeroed(size.modulus_len());
    let len = key
        .decrypt(hash.algorithm(), ciphertext, out.expose_mut(), None)
        .map_err(|_| CryptoError::Open)?
        .len();
    out.truncate(len);
    Ok(out)
}

fn parse_private(pkcs8: &[u8]) -> Result<(PrivateDecryptingKey, RsaSize)> {
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| CryptoError::BadKey)?;
    require_same(private_der(&key)?.expose(), pkcs8)?;
    let size = RsaSize::from_bits(key.key_size_bits()).map_err(|_| CryptoError::BadKey)?;
    Ok((key, size))
}

fn private_der(key: &PrivateDecryptingKey) -> Result<SecretBytes> {
    let der = key.as_der().map_err(|_| CryptoError::Internal)?;
    Ok(SecretBytes::from_slice(der.as_ref()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::testdata::{asymmetric, field, misencoded, pair};
    use super::*;

    fn decrypt(pkcs8: &[u8], hash: OaepHash, ciphertext: &[u8]) -> Result<Vec<u8>> {
        oaep_decrypt(pkcs8, hash, ciphertext).map(|plaintext| plaintext.expose().to_vec())
    }

    // Every failing case is an RSA-correct block whose padding is broken in one way.
    #[test]
    fn vectors_of_another_implementation() {
        let (pkcs8, _) = pair("RSA_2048");
        let cases = asymmetric()["oaep"].as_array().unwrap().clone();
        assert!(cases.iter().any(|case| case["plaintext"].is_null()));
        for case in &cases {
            let hash = if case["hash"] == "sha1" { OaepHash::Sha1 } else { OaepHash::Sha256 };
            let expected = match case["plaintext"].is_null() {
                true => Err(CryptoError::Open),
                false => Ok(field(case, "plaintext")),
            };
            assert_eq!(
                decrypt(&pkcs8, hash, &field(case, "ciphertext")),
                expected,
                "{}",
                case["comment"]
            );
        }
    }

    #[test]
    fn length_limits() {
        let sizes = [RsaSize::Rsa2048, RsaSize::Rsa3072, RsaSize::Rsa4096];
        assert_eq!(sizes.map(|size| oaep_max_plaintext(size, OaepHash::Sha1)), [214, 342, 470]);
        assert_eq!(sizes.map(|size| oaep_max_plaintext(size, OaepHash::Sha256)), [190, 318, 446]);
        for size in sizes {
            assert_eq!(RsaSize::from_bits(size.modulus_len() * 8), Ok(size));
        }
        for bits in [0, 1024, 2047, 2049, 8192] {
            assert_eq!(RsaSize::from_bits(bits), Err(CryptoError::Unsupported));
        }
        let (pkcs8, spki) = pair("RSA_2048");
        for hash in [OaepHash::Sha1, OaepHash::Sha256] {
            let max = oaep_max_plaintext(RsaSize::Rsa2048, hash);
            let longest = vec![5; max];
            let ciphertext = oaep_encrypt(&spki, hash, &longest).unwrap();
            assert_eq!(decrypt(&pkcs8, hash, &ciphertext), Ok(longest));
            assert_eq!(
                oaep_encrypt(&spki, hash, &vec![5; max + 1]),
                Err(CryptoError::TooLong { max })
            );
        }
    }

    #[test]
    fn a_changed_ciphertext_is_one_error() {
        let (pkcs8, spki) = pair("RSA_2048");
        let good = oaep_encrypt(&spki, OaepHash::Sha256, b"text").unwrap();
        assert_eq!(decrypt(&pkcs8, OaepHash::Sha256, &good), Ok(b"text".to_vec()));
        let mut bad =
            vec![Vec::new(), vec![0; 256], good[..255].to_vec(), [&good[..], &[0]].concat()];
        bad.push([&[0], &good[..]].concat());
        for byte in [0, 1, 128, 255] {
            let mut flipped = good.clone();
            flipped[byte] ^= 1;
            bad.push(flipped);
        }
        for ciphertext in bad {
            assert_eq!(decrypt(&pkcs8, OaepHash::Sha256, &ciphertext), Err(CryptoError::Open));
        }
        assert_eq!(decrypt(&pkcs8, OaepHash::Sha1, &good), Err(CryptoError::Open));
    }

    #[test]
    fn generated_pairs() {
        let pair = generate(RsaSize::Rsa2048).unwrap();
        check_pair(RsaSize::Rsa2048, &pair).unwrap();
        assert_eq!(check_pair(RsaSize::Rsa3072, &pair), Err(CryptoError::BadKey));
        let other = super::super::testdata::pair("RSA_2048");
        let mixed = KeyPair { pkcs8: pair.pkcs8, spki: other.1.clone() };
        assert_eq!(check_pair(RsaSize::Rsa2048, &mixed), Err(CryptoError::BadKey));
        let foreign = oaep_encrypt(&other.1, OaepHash::Sha256, b"text").unwrap();
        assert_eq!(
            decrypt(mixed.pkcs8.expose(), OaepHash::Sha256, &foreign),
            Err(CryptoError::Open)
        );
    }

    #[test]
    fn malformed_keys_are_refused() {
        let ((pkcs8, spki), (ec_pkcs8, ec_spki)) = (pair("RSA_2048"), pair("P256"));
        assert_eq!(public_from_private(RsaSize::Rsa2048, &pkcs8), Ok(spki.clone()));
        let mut inconsistent = pkcs8.clone();
        *inconsistent.last_mut().unwrap() ^= 1;
        let wrong = [inconsistent, spki.clone(), ec_pkcs8];
        for bad in misencoded(&pkcs8).iter().chain(&wrong) {
            assert_eq!(public_from_private(RsaSize::Rsa2048, bad), Err(CryptoError::BadKey));
            assert_eq!(decrypt(bad, OaepHash::Sha256, &[1; 256]), Err(CryptoError::BadKey));
        }
        for bad in misencoded(&spki).iter().chain(&[pkcs8, ec_spki]) {
            assert_eq!(oaep_encrypt(bad, OaepHash::Sha256, b""), Err(CryptoError::BadKey));
        }
    }
}
