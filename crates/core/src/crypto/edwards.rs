//! Ed25519 key pairs (RFC 8032) in the encodings of RFC 8410: PKCS#8 version 1, 48 bytes, and SPKI, 44 bytes.
//! Signing with them is not here; the pairwise check signs once.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};

use super::keypair::{PROBE, require_same, require_verifies, spki_of};
use super::{CryptoError, KeyPair, Result, SecretBytes};

/// Length of the private key in PKCS#8, in bytes.
pub const PKCS8_LEN: usize = 48;
/// Length of the public key in SPKI, in bytes.
pub const SPKI_LEN: usize = 44;

/// Makes a key pair and checks it.
///
/// # Errors
/// `Internal` when the library fails or the new pair does not pass its check.
pub fn generate() -> Result<KeyPair> {
    checked_pair(&Ed25519KeyPair::generate().map_err(|_| CryptoError::Internal)?)
}

/// The key pair of a 32-byte seed, the private key of RFC 8032 section 5.1.5.
///
/// # Errors
/// `Internal` when the library fails or the pair does not pass its check.
pub fn from_seed(seed: &[u8; 32]) -> Result<KeyPair> {
    checked_pair(&Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| CryptoError::Internal)?)
}

/// The SPKI that belongs to a PKCS#8 private key, recomputed from the seed.
///
/// # Errors
/// `BadKey` for another type, or an encoding that is not the 48-byte one.
pub fn public_from_private(pkcs8: &[u8]) -> Result<Vec<u8>> {
    spki_of(parse(pkcs8)?.public_key())
}

/// The 32 bytes of the public key inside an SPKI.
///
/// # Errors
/// `BadKey` for anything but the 44-byte SPKI of an Ed25519 key.
pub fn raw_public(spki: &[u8]) -> Result<[u8; 32]> {
    // The key ends the encoding. Writing an SPKI around it and comparing covers the rest, without a parser of ours.
    let raw: [u8; 32] = *spki.last_chunk().ok_or(CryptoError::BadKey)?;
    let key = ParsedPublicKey::new(&ED25519, raw).map_err(|_| CryptoError::BadKey)?;
    require_same(&spki_of(&key)?, spki)?;
    Ok(raw)
}

/// Checks that both halves are sound and belong together (sign, then verify).
///
/// # Errors
/// `BadKey` if not.
pub fn check_pair(pair: &KeyPair) -> Result<()> {
    let key = parse(pair.pkcs8.expose())?;
    require_same(&spki_of(key.public_key())?, &pair.spki)?;
    let signature = key.try_sign(PROBE).map_err(|_| CryptoError::BadKey)?;
    require_verifies(&ED25519, &pair.spki, signature.as_ref())
}

fn checked_pair(key: &Ed25519KeyPair) -> Result<KeyPair> {
    let pair = KeyPair { pkcs8: private_der(key)?, spki: spki_of(key.public_key())? };
    check_pair(&pair).map_err(|_| CryptoError::Internal)?;
    Ok(pair)
}

fn parse(pkcs8: &[u8]) -> Result<Ed25519KeyPair> {
    let key = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| CryptoError::BadKey)?;
    require_same(private_der(&key)?.expose(), pkcs8)?;
    Ok(key)
}

fn private_der(key: &Ed25519KeyPair) -> Result<SecretBytes> {
    let document = key.to_pkcs8v1().map_err(|_| CryptoError::Internal)?;
    Ok(SecretBytes::from_slice(document.as_ref()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::testdata::{hex, misencoded, pair};
    use super::*;

    /// RFC 8032 section 7.1, tests 1, 2 and 3: seed, public key.
    const RFC_8032: [(&str, &str); 3] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        ),
    ];

    #[test]
    fn public_key_of_a_seed() {
        for (seed, public) in RFC_8032 {
            let pair = from_seed(&hex(seed).try_into().unwrap()).unwrap();
            assert_eq!(raw_public(&pair.spki).unwrap()[..], hex(public));
            assert!(pair.pkcs8.expose().ends_with(&hex(seed)));
            assert_eq!((pair.pkcs8.len(), pair.spki.len()), (PKCS8_LEN, SPKI_LEN));
            assert_eq!(public_from_private(pair.pkcs8.expose()), Ok(pair.spki));
        }
    }

    #[test]
    fn keys_of_another_implementation() {
        let (pkcs8, spki) = pair("ED25519");
        let made = from_seed(&hex(RFC_8032[0].0).try_into().unwrap()).unwrap();
        assert!(made.pkcs8.ct_eq(&pkcs8));
        assert_eq!(made.spki, spki);
        for spki in misencoded(&spki) {
            let pkcs8 = SecretBytes::from_slice(&pkcs8);
            let bad = KeyPair { pkcs8, spki };
            assert_eq!(check_pair(&bad), Err(CryptoError::BadKey));
        }
    }

    #[test]
    fn generated_pairs() {
        let (first, second) = (generate().unwrap(), generate().unwrap());
        assert!(first.spki != second.spki);
        assert_eq!((first.pkcs8.len(), first.spki.len()), (PKCS8_LEN, SPKI_LEN));
        assert_eq!(check_pair(&first), Ok(()));
        let mixed = KeyPair { pkcs8: first.pkcs8, spki: second.spki };
        assert_eq!(check_pair(&mixed), Err(CryptoError::BadKey));
    }

    #[test]
    fn malformed_keys_are_refused() {
        let ((pkcs8, spki), (ec_pkcs8, ec_spki)) = (pair("ED25519"), pair("P256"));
        let version_2 = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap().to_pkcs8().unwrap();
        let wrong = [version_2.as_ref().to_vec(), spki.clone(), ec_pkcs8];
        for bad in misencoded(&pkcs8).iter().chain(&wrong) {
            assert_eq!(public_from_private(bad), Err(CryptoError::BadKey));
        }
        let mut wrong = vec![spki[12..].to_vec(), pkcs8, ec_spki];
        wrong.extend((0..12).map(|byte| {
            let mut changed = spki.clone();
            changed[byte] ^= 1;
            changed
        }));
        for bad in misencoded(&spki).iter().chain(&wrong) {
            assert_eq!(raw_public(bad), Err(CryptoError::BadKey));
        }
    }
}
