//! The vendor's words for specs, usages and algorithms, and what of the KMS's own they stand for.
//! Which algorithm fits which spec is core's table; nothing of it is repeated here.

use trent_core::model::{EncryptAlgorithm, Hash, Key, KeySpec, MacAlgorithm, SignAlgorithm, Usage};

/// Every value of `KeySpec`, in the vendor's order. Some name keys that cannot be made here.
pub(super) const KEY_SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

/// Every value of the older `CustomerMasterKeySpec`.
pub(super) const OLD_KEY_SPECS: &[&str] = KEY_SPECS.split_at(13).0;

/// Every value of `KeyPairSpec`.
pub(super) const PAIR_SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SM2",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

/// Other names of `ECC_NIST_EDWARDS25519` that Q-KMS's client sends. Answers repeat the one used.
pub(super) const SPEC_ALIASES: &[&str] = &["ECC_ED25519", "EDDSA_ED25519"];

/// Every value of `KeyUsage`.
pub(super) const USAGES: &[&str] = &[
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
];

/// Q-KMS's name of `KEY_AGREEMENT`.
pub(super) const USAGE_ALIASES: &[&str] = &["DERIVE_SHARED_SECRET"];

/// Every value of `EncryptionAlgorithm`, in the order of the vendor's messages.
pub(super) const ENCRYPTION_ALGORITHMS: &[&str] =
    &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE", SYMMETRIC];

/// The spec and the algorithm of symmetric encryption keys.
pub(super) const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// The hint in which a key keeps an alias of its spec.
pub(super) const SPEC_HINT: &str = "aws.key_spec";

/// The spec of this name, where such keys can be made here.
pub(super) fn parse_spec(text: &str) -> Option<KeySpec> {
    if SPEC_ALIASES.contains(&text) {
        return Some(KeySpec::Ed25519);
    }
    KeySpec::all().find(|spec| spec_name(*spec) == Some(text))
}

/// The vendor's name of a spec; `None` for keys that its API has no words for.
pub(super) fn spec_name(spec: KeySpec) -> Option<&'static str> {
    Some(match spec {
        KeySpec::Aes256 => SYMMETRIC,
        KeySpec::Rsa2048 => "RSA_2048",
        KeySpec::Rsa3072 => "RSA_3072",
        KeySpec::Rsa4096 => "RSA_4096",
        KeySpec::EcP256 => "ECC_NIST_P256",
        KeySpec::EcP384 => "ECC_NIST_P384",
        KeySpec::EcP521 => "ECC_NIST_P521",
        KeySpec::EcP256k1 => "ECC_SECG_P256K1",
        KeySpec::Ed25519 => "ECC_NIST_EDWARDS25519",
        KeySpec::Hmac224 => "HMAC_224",
        KeySpec::Hmac256 => "HMAC_256",
        KeySpec::Hmac384 => "HMAC_384",
        KeySpec::Hmac512 => "HMAC_512",
        KeySpec::Aes128 | KeySpec::ChaCha20Poly1305 | KeySpec::Hmac => return None,
    })
}

/// How answers spell a key's spec; `None` for keys that this API has no words for.
pub(super) fn shown_spec(key: &Key) -> Option<&str> {
    let name = spec_name(key.spec)?;
    Some(key.hints.get(SPEC_HINT).map_or(name, String::as_str))
}

/// The usage of this name; `None` for those of keys that cannot be made here.
pub(super) fn parse_usage(text: &str) -> Option<Usage> {
    match text {
        "ENCRYPT_DECRYPT" => Some(Usage::EncryptDecrypt),
        "SIGN_VERIFY" => Some(Usage::SignVerify),
        "GENERATE_VERIFY_MAC" => Some(Usage::GenerateVerifyMac),
        "KEY_AGREEMENT" | "DERIVE_SHARED_SECRET" => Some(Usage::KeyAgreement),
        _ => None,
    }
}

/// The vendor's name of a usage. A key that may encrypt and sign is shown as one that encrypts.
pub(super) fn usage_name(usage: Usage) -> &'static str {
    match usage {
        Usage::EncryptDecrypt | Usage::EncryptSign => "ENCRYPT_DECRYPT",
        Usage::SignVerify => "SIGN_VERIFY",
        Usage::GenerateVerifyMac => "GENERATE_VERIFY_MAC",
        Usage::KeyAgreement => "KEY_AGREEMENT",
    }
}

/// The encryption algorithm of this name; `None` for one that no key here can have.
pub(super) fn parse_encryption(text: &str) -> Option<EncryptAlgorithm> {
    match text {
        SYMMETRIC => Some(EncryptAlgorithm::Symmetric),
        "RSAES_OAEP_SHA_1" => Some(EncryptAlgorithm::RsaOaepSha1),
        "RSAES_OAEP_SHA_256" => Some(EncryptAlgorithm::RsaOaepSha256),
        _ => None,
    }
}

/// The vendor's name of an encryption algorithm.
pub(super) fn encryption_name(algorithm: EncryptAlgorithm) -> &'static str {
    match algorithm {
        EncryptAlgorithm::Symmetric => SYMMETRIC,
        EncryptAlgorithm::RsaOaepSha1 => "RSAES_OAEP_SHA_1",
        EncryptAlgorithm::RsaOaepSha256 => "RSAES_OAEP_SHA_256",
        // Cannot be asked for here.
        EncryptAlgorithm::RsaPkcs1 => "RSAES_PKCS1_V1_5",
    }
}

fn signing_name(algorithm: SignAlgorithm) -> Option<&'static str> {
    Some(match algorithm {
        SignAlgorithm::RsaPkcs1(Hash::Sha256) => "RSASSA_PKCS1_V1_5_SHA_256",
        SignAlgorithm::RsaPkcs1(Hash::Sha384) => "RSASSA_PKCS1_V1_5_SHA_384",
        SignAlgorithm::RsaPkcs1(Hash::Sha512) => "RSASSA_PKCS1_V1_5_SHA_512",
        SignAlgorithm::RsaPss(Hash::Sha256) => "RSASSA_PSS_SHA_256",
        SignAlgorithm::RsaPss(Hash::Sha384) => "RSASSA_PSS_SHA_384",
        SignAlgorithm::RsaPss(Hash::Sha512) => "RSASSA_PSS_SHA_512",
        SignAlgorithm::Ecdsa(Hash::Sha256) => "ECDSA_SHA_256",
        SignAlgorithm::Ecdsa(Hash::Sha384) => "ECDSA_SHA_384",
        SignAlgorithm::Ecdsa(Hash::Sha512) => "ECDSA_SHA_512",
        SignAlgorithm::Ed25519 => "ED25519_SHA_512",
        SignAlgorithm::Ed25519ph => "ED25519_PH_SHA_512",
        SignAlgorithm::RsaPkcs1(Hash::Sha224)
        | SignAlgorithm::RsaPss(Hash::Sha224)
        | SignAlgorithm::Ecdsa(Hash::Sha224) => return None,
    })
}

fn mac_name(algorithm: MacAlgorithm) -> &'static str {
    match algorithm.0 {
        Hash::Sha224 => "HMAC_SHA_224",
        Hash::Sha256 => "HMAC_SHA_256",
        Hash::Sha384 => "HMAC_SHA_384",
        Hash::Sha512 => "HMAC_SHA_512",
    }
}

/// What a key can do, as the answers list it: only the list of the key's usage is there.
#[derive(Default, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Algorithms {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encryption_algorithms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signing_algorithms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mac_algorithms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key_agreement_algorithms: Vec<&'static str>,
}

impl Algorithms {
    /// The lists of a key.
    pub(super) fn of(key: &Key) -> Self {
        let mut lists = Self::default();
        match key.usage {
            Usage::EncryptDecrypt | Usage::EncryptSign => {
                let all = key.spec.encrypt_algorithms(key.usage).iter();
                lists.encryption_algorithms =
                    all.map(|algorithm| encryption_name(*algorithm)).collect();
            }
            Usage::SignVerify => {
                let all = key.spec.sign_algorithms(key.usage).iter();
                lists.signing_algorithms =
                    all.filter_map(|algorithm| signing_name(*algorithm)).collect();
            }
            Usage::GenerateVerifyMac => {
                let all = key.spec.mac_algorithms().iter();
                lists.mac_algorithms = all.map(|algorithm| mac_name(*algorithm)).collect();
            }
            Usage::KeyAgreement => lists.key_agreement_algorithms = vec!["ECDH"],
        }
        lists
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let mut named = 0;
        for spec in KeySpec::all() {
            let Some(name) = spec_name(spec) else { continue };
            named += 1;
            assert!(KEY_SPECS.contains(&name), "{name}");
            assert_eq!(parse_spec(name), Some(spec));
        }
        assert_eq!(named, 13);
        for name in SPEC_ALIASES {
            assert_eq!(parse_spec(name), Some(KeySpec::Ed25519));
        }
        // What cannot be made here.
        for name in ["SM2", "ML_DSA_44", "ML_KEM_768", "AES_128", ""] {
            assert_eq!(parse_spec(name), None, "{name}");
        }
        assert_eq!(OLD_KEY_SPECS.last(), Some(&"SM2"));
        for usage in [
            Usage::EncryptDecrypt,
            Usage::SignVerify,
            Usage::GenerateVerifyMac,
            Usage::KeyAgreement,
        ] {
            assert_eq!(parse_usage(usage_name(usage)), Some(usage));
        }
        assert_eq!(parse_usage("DERIVE_SHARED_SECRET"), Some(Usage::KeyAgreement));
        for text in ENCRYPTION_ALGORITHMS {
            assert_eq!(
                parse_encryption(text).map(encryption_name),
                (*text != "SM2PKE").then_some(*text)
            );
        }
    }

    #[test]
    fn pair_specs_are_the_asymmetric_ones() {
        for name in PAIR_SPECS {
            assert!(KEY_SPECS.contains(name));
            assert!(parse_spec(name).is_none_or(KeySpec::is_asymmetric), "{name}");
        }
        let missing = KeySpec::all()
            .filter(|spec| spec.is_asymmetric())
            .filter(|spec| !PAIR_SPECS.contains(&spec_name(*spec).unwrap()));
        assert_eq!(missing.count(), 0);
    }
}
