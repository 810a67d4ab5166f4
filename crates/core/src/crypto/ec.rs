//! Key pairs on the curves P-256, P-384, P-521 (NIST SP 800-186) and secp256k1 (SEC 2).
//! Signing with them is not here; the pairwise check signs once.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1,
    ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair as _,
};

use super::keypair::{PROBE, require_same, require_verifies, spki_of};
use super::{CryptoError, KeyPair, Result, SecretBytes};

/// A short Weierstrass curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256 (secp256r1).
    P256,
    /// NIST P-384 (secp384r1).
    P384,
    /// NIST P-521 (secp521r1).
    P521,
    /// secp256k1.
    P256K1,
}

impl Curve {
    /// The curve with its customary hash, for signing and for verifying.
    fn ecdsa(self) -> (&'static EcdsaSigningAlgorithm, &'static EcdsaVerificationAlgorithm) {
        match self {
            Self::P256 => (&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1),
            Self::P384 => (&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1),
            Self::P521 => (&ECDSA_P521_SHA512_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1),
            Self::P256K1 => (&ECDSA_P256K1_SHA256_ASN1_SIGNING, &ECDSA_P256K1_SHA256_ASN1),
        }
    }
}

/// Makes a key pair and checks it. The PKCS#8 holds the public key too (RFC 5915).
///
/// # Errors
/// `Internal` when the library fails or the new pair does not pass its check.
pub fn generate(curve: Curve) -> Result<KeyPair> {
    let key = EcdsaKeyPair::generate(curve.ecdsa().0).map_err(|_| CryptoError::Internal)?;
    let pair = KeyPair { pkcs8: private_der(&key)?, spki: spki_of(key.public_key())? };
    check_pair(curve, &pair).map_err(|_| CryptoError::Internal)?;
    Ok(pair)
}

/// The SPKI that belongs to a PKCS#8 private key on `curve`, with an uncompressed point, recomputed.
///
/// # Errors
/// `BadKey` for another type or curve, a private number out of range, a public key inside that does not
/// belong to it, or an encoding that is not the canonical one.
pub fn public_from_private(curve: Curve, pkcs8: &[u8]) -> Result<Vec<u8>> {
    spki_of(parse(curve, pkcs8)?.public_key())
}

/// Checks that both halves are sound, on `curve`, and belong together (sign, then verify).
///
/// # Errors
/// `BadKey` if not.
pub fn check_pair(curve: Curve, pair: &KeyPair) -> Result<()> {
    let key = parse(curve, pair.pkcs8.expose())?;
    require_same(&spki_of(key.public_key())?, &pair.spki)?;
    let signature = key.sign(&SystemRandom::new(), PROBE).map_err(|_| CryptoError::BadKey)?;
    require_verifies(curve.ecdsa().1, &pair.spki, signature.as_ref())
}

fn parse(curve: Curve, pkcs8: &[u8]) -> Result<EcdsaKeyPair> {
    let key = EcdsaKeyPair::from_pkcs8(curve.ecdsa().0, pkcs8).map_err(|_| CryptoError::BadKey)?;
    require_same(private_der(&key)?.expose(), pkcs8)?;
    Ok(key)
}

fn private_der(key: &EcdsaKeyPair) -> Result<SecretBytes> {
    let document = key.to_pkcs8v1().map_err(|_| CryptoError::Internal)?;
    Ok(SecretBytes::from_slice(document.as_ref()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::testdata::{misencoded, pair};
    use super::*;

    const CURVES: [(Curve, &str); 4] = [
        (Curve::P256, "P256"),
        (Curve::P384, "P384"),
        (Curve::P521, "P521"),
        (Curve::P256K1, "P256K1"),
    ];

    #[test]
    fn keys_of_another_implementation() {
        for (curve, name) in CURVES {
            let (pkcs8, spki) = pair(name);
            assert_eq!(public_from_private(curve, &pkcs8), Ok(spki.clone()), "{name}");
            let check = |spki: Vec<u8>| {
                let pkcs8 = SecretBytes::from_slice(&pkcs8);
                check_pair(curve, &KeyPair { pkcs8, spki })
            };
            for bad in misencoded(&spki) {
                assert_eq!(check(bad), Err(CryptoError::BadKey), "{name}");
            }
            assert_eq!(check(spki), Ok(()), "{name}");
        }
    }

    #[test]
    fn generated_pairs_are_bound_to_their_curve() {
        for (curve, name) in CURVES {
            let (first, second) = (generate(curve).unwrap(), generate(curve).unwrap());
            assert!(first.spki != second.spki, "{name}");
            // The last bytes of both halves are the point, so the private half carries the public key.
            let point = &first.spki[first.spki.len() - 64..];
            assert!(first.pkcs8.expose().ends_with(point), "{name}");
            for (other, _) in CURVES {
                let expected =
                    if other == curve { Ok(first.spki.clone()) } else { Err(CryptoError::BadKey) };
                assert_eq!(
                    public_from_private(other, first.pkcs8.expose()),
                    expected,
                    "{name} as {other:?}"
                );
            }
            let mixed = KeyPair { pkcs8: first.pkcs8, spki: second.spki };
            assert_eq!(check_pair(curve, &mixed), Err(CryptoError::BadKey), "{name}");
        }
    }

    #[test]
    fn malformed_keys_are_refused() {
        for (curve, name) in CURVES {
            let (pkcs8, spki) = pair(name);
            let mut inconsistent = pkcs8.clone();
            *inconsistent.last_mut().unwrap() ^= 1;
            let wrong = [inconsistent, spki, pair("RSA_2048").0];
            for bad in misencoded(&pkcs8).iter().chain(&wrong) {
                assert_eq!(public_from_private(curve, bad), Err(CryptoError::BadKey), "{name}");
            }
        }
    }
}
