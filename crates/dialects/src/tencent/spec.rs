//! The vendor's words for what a key is and does, and what of the KMS's own they stand for. One text, `KeyUsage`, says
//! both spec and usage.

use trent_core::model::{EncryptAlgorithm, Key, KeySpec, Usage};

/// The usage of a key for which the request names none.
pub(super) const DEFAULT_USAGE: &str = "ENCRYPT_DECRYPT";

/// Every `KeyUsage` of keys that can be made here.
const USAGES: [(&str, KeySpec, Usage); 6] = [
    (DEFAULT_USAGE, KeySpec::Aes256, Usage::EncryptDecrypt),
    ("ASYMMETRIC_DECRYPT_RSA_2048", KeySpec::Rsa2048, Usage::EncryptDecrypt),
    ("ASYMMETRIC_SIGN_VERIFY_RSA_2048", KeySpec::Rsa2048, Usage::SignVerify),
    ("ASYMMETRIC_SIGN_VERIFY_RSA_3072", KeySpec::Rsa3072, Usage::SignVerify),
    ("ASYMMETRIC_SIGN_VERIFY_ECC", KeySpec::EcP256, Usage::SignVerify),
    ("ASYMMETRIC_SIGN_VERIFY_ECDSA384", KeySpec::EcP384, Usage::SignVerify),
];

/// Every other `KeyUsage` of the vendor's.
const ELSEWHERE: [&str; 4] = [
    "ASYMMETRIC_DECRYPT_SM2",
    "ASYMMETRIC_SIGN_VERIFY_SM2",
    "ASYMMETRIC_Encrypt_Decrypt_Kyber_AES",
    "ASYMMETRIC_SIGN_VERIFY_DILITHIUM",
];

/// What a `KeyUsage` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// A key that can be made here.
    Key(KeySpec, Usage),
    /// One of the vendor's that cannot.
    Elsewhere,
    /// Nothing that the vendor knows.
    Unknown,
}

/// What the text says.
pub(super) fn parse_usage(text: &str) -> Wanted {
    match USAGES.iter().find(|(name, ..)| *name == text) {
        Some((_, spec, usage)) => Wanted::Key(*spec, *usage),
        None if ELSEWHERE.contains(&text) => Wanted::Elsewhere,
        None => Wanted::Unknown,
    }
}

/// The vendor's name of what a key is; `None` for keys that its API has no words for. A key that may encrypt and sign is
/// shown as one that encrypts.
pub(super) fn usage_name(key: &Key) -> Option<&'static str> {
    let shown = if key.usage == Usage::EncryptSign { Usage::EncryptDecrypt } else { key.usage };
    let found = USAGES.iter().find(|(_, spec, usage)| *spec == key.spec && *usage == shown);
    found.map(|(name, ..)| *name)
}

/// The algorithm of this name for decryption with an RSA key.
pub(super) fn parse_rsa(text: &str) -> Option<EncryptAlgorithm> {
    match text {
        "RSAES_PKCS1_V1_5" => Some(EncryptAlgorithm::RsaPkcs1),
        "RSAES_OAEP_SHA_1" => Some(EncryptAlgorithm::RsaOaepSha1),
        "RSAES_OAEP_SHA_256" => Some(EncryptAlgorithm::RsaOaepSha256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_are_read_as_they_are_written() {
        for (name, spec, usage) in USAGES {
            assert_eq!(parse_usage(name), Wanted::Key(spec, usage));
            assert!(spec.allows(usage), "{name}");
        }
        for name in ELSEWHERE {
            assert_eq!(parse_usage(name), Wanted::Elsewhere);
        }
        for name in ["", "encrypt_decrypt", "ASYMMETRIC_SIGN_VERIFY_RSA_4096", "SIGN_VERIFY"] {
            assert_eq!(parse_usage(name), Wanted::Unknown, "{name}");
        }
    }

    #[test]
    fn algorithms_are_read_by_the_names_of_the_audit_log() {
        for algorithm in [
            EncryptAlgorithm::RsaPkcs1,
            EncryptAlgorithm::RsaOaepSha1,
            EncryptAlgorithm::RsaOaepSha256,
        ] {
            assert_eq!(parse_rsa(algorithm.as_str()), Some(algorithm));
        }
        for name in ["", "SM2", "RSAES_OAEP_SHA_512", "SYMMETRIC"] {
            assert_eq!(parse_rsa(name), None, "{name}");
        }
    }
}
