//! RSA of 2048, 3072 and 4096 bits: key generation (FIPS 186-5, e = 65537), OAEP (RFC 8017 section 7.1), decryption of
//! PKCS#1 v1.5 (section 7.2) and verification of its signatures (section 8.2). Signing is not here.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::keypair::{PROBE, require_same, spki_of};
use super::mac::{hmac_sha256, sha256};
use super::{CryptoError, KeyPair, Result, SecretBytes};
use zeroize::Zeroizing;

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

/// How many bytes PKCS#1 v1.5 takes of a block for itself.
const PKCS1_PADDING: usize = 11;

/// Decrypts a block of PKCS#1 v1.5 with a private key (PKCS#8). A block whose padding is wrong yields bytes made up
/// from key and block, always the same ones, in place of an error: an answer that told the two apart would decrypt
/// anything within some thousand questions (Bleichenbacher 1998; "implicit rejection", draft-irtf-cfrg-rsa-guidance).
///
/// # Errors
/// `BadKey` when the key itself is unusable, `Open` for a block of another length than the modulus.
pub fn pkcs1_decrypt(pkcs8: &[u8], ciphertext: &[u8]) -> Result<SecretBytes> {
    let (key, size) = parse_private(pkcs8)?;
    if ciphertext.len() != size.modulus_len() {
        return Err(CryptoError::Open);
    }
    let key = Pkcs1PrivateDecryptingKey::new(key).map_err(|_| CryptoError::Internal)?;
    // Made in any case, so that both cases take the same work.
    let made_up = made_up(pkcs8, ciphertext, size);
    let mut out = SecretBytes::zeroed(size.modulus_len());
    let opened = key.decrypt(ciphertext, out.expose_mut()).map(|plaintext| plaintext.len());
    Ok(match opened {
        Ok(len) => {
            out.truncate(len);
            out
        }
        Err(_) => made_up,
    })
}

/// Bytes of a random length, as if a block had held them; a function of key and block that nobody without the key knows.
fn made_up(pkcs8: &[u8], ciphertext: &[u8], size: RsaSize) -> SecretBytes {
    let key = Zeroizing::new(sha256(&[b"trent/1/implicit-rejection\0", pkcs8]));
    let [a, b, c, d, ..] = hmac_sha256(&*key, &[b"length", ciphertext]);
    let longest = size.modulus_len() - PKCS1_PADDING;
    let len = u32::from_be_bytes([a, b, c, d]) as usize % (longest + 1);
    let mut bytes = SecretBytes::zeroed(longest);
    for (number, part) in (0u8..).zip(bytes.expose_mut().chunks_mut(32)) {
        let block = Zeroizing::new(hmac_sha256(&*key, &[b"message", &[number], ciphertext]));
        part.copy_from_slice(&block[..part.len()]);
    }
    bytes.truncate(len);
    bytes
}

/// Whether the signature (RSASSA-PKCS1-v1_5 with SHA-256) of the message is of the holder of this public key (SPKI), of
/// 2048 to 8192 bits.
#[must_use]
pub fn verify_pkcs1_sha256(spki: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki).verify(message, signature).is_ok()
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

    fn pkcs1_encrypt(spki: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = PublicEncryptingKey::from_der(spki).unwrap();
        let mut out = vec![0; 256];
        let key = aws_lc_rs::rsa::Pkcs1PublicEncryptingKey::new(key).unwrap();
        key.encrypt(plaintext, &mut out).unwrap();
        out
    }

    #[test]
    fn a_wrong_padding_cannot_be_told_from_a_right_one() {
        let (pkcs8, spki) = pair("RSA_2048");
        let decrypt = |block: &[u8]| pkcs1_decrypt(&pkcs8, block).map(|p| p.expose().to_vec());
        let longest = vec![7; 256 - PKCS1_PADDING];
        for plaintext in [&b"text"[..], b"", &longest] {
            assert_eq!(decrypt(&pkcs1_encrypt(&spki, plaintext)), Ok(plaintext.to_vec()));
        }
        let good = pkcs1_encrypt(&spki, b"text");
        let mut seen = std::collections::HashSet::new();
        for byte in 0..64 {
            let mut bad = good.clone();
            bad[byte + 100] ^= 1;
            let made_up = decrypt(&bad).unwrap();
            assert!(made_up.len() <= longest.len());
            assert_eq!(decrypt(&bad), Ok(made_up.clone()), "the same question, the same answer");
            assert_ne!(made_up, b"text");
            seen.insert(made_up);
        }
        // Lengths are drawn from 0 to 245: only empty ones may be alike.
        assert!(seen.len() > 50);
        // A block of OAEP is as wrong as any other, and so is a number above the modulus.
        assert!(decrypt(&oaep_encrypt(&spki, OaepHash::Sha256, b"text").unwrap()).is_ok());
        assert!(decrypt(&[0xff; 256]).is_ok());
        assert_eq!(decrypt(&good[1..]), Err(CryptoError::Open));
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
