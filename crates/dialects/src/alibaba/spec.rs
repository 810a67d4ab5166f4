//! The vendor's words for specs, usages and algorithms in both of its APIs, and what of the KMS's own they stand for.

use trent_core::model::{EncryptAlgorithm, Key, KeySpec, Usage};

/// Every value of `KeySpec`. Some name keys that cannot be made here.
pub(super) const KEY_SPECS: &[&str] = &[
    "Aliyun_AES_256",
    "Aliyun_AES_192",
    "Aliyun_AES_128",
    "Aliyun_SM4",
    "Aliyun_DES3_192",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_P256",
    "EC_P256K",
    "EC_SM2",
    "HMAC_SHA_224",
    "HMAC_SHA_256",
    "HMAC_SHA_384",
    "HMAC_SHA_512",
    "HMAC_SM3",
];

/// The spec of a key for which the request names none.
pub(super) const DEFAULT_SPEC: KeySpec = KeySpec::Aes256;

/// The algorithm of symmetric keys.
pub(super) const AES_GCM: &str = "AES_GCM";

/// The spec of this name, where such keys can be made here.
pub(super) fn parse_spec(text: &str) -> Option<KeySpec> {
    KeySpec::all().find(|spec| spec_name(*spec) == Some(text))
}

/// The vendor's name of a spec; `None` for keys that its APIs have no words for.
pub(super) fn spec_name(spec: KeySpec) -> Option<&'static str> {
    Some(match spec {
        KeySpec::Aes256 => "Aliyun_AES_256",
        KeySpec::Aes128 => "Aliyun_AES_128",
        KeySpec::Rsa2048 => "RSA_2048",
        KeySpec::Rsa3072 => "RSA_3072",
        KeySpec::Rsa4096 => "RSA_4096",
        KeySpec::EcP256 => "EC_P256",
        KeySpec::EcP256k1 => "EC_P256K",
        KeySpec::Hmac224 => "HMAC_SHA_224",
        KeySpec::Hmac256 => "HMAC_SHA_256",
        KeySpec::Hmac384 => "HMAC_SHA_384",
        KeySpec::Hmac512 => "HMAC_SHA_512",
        KeySpec::ChaCha20Poly1305
        | KeySpec::EcP384
        | KeySpec::EcP521
        | KeySpec::Ed25519
        | KeySpec::Hmac => return None,
    })
}

/// The spec of a data key pair of this name.
pub(super) fn parse_pair(text: &str) -> Option<KeySpec> {
    parse_spec(text).filter(|spec| spec.is_asymmetric())
}

/// Every value of `KeyUsage`, with what it stands for.
const USAGES: [(&str, Usage); 3] = [
    ("ENCRYPT/DECRYPT", Usage::EncryptDecrypt),
    ("SIGN/VERIFY", Usage::SignVerify),
    ("GENERATE/VERIFY_MAC", Usage::GenerateVerifyMac),
];

/// The usage of this name.
pub(super) fn parse_usage(text: &str) -> Option<Usage> {
    USAGES.iter().find(|(name, _)| *name == text).map(|(_, usage)| *usage)
}

/// The vendor's name of a usage; `None` for one that its APIs have no words for. A key that may encrypt and sign is
/// shown as one that encrypts.
pub(super) fn usage_name(usage: Usage) -> Option<&'static str> {
    let shown = if usage == Usage::EncryptSign { Usage::EncryptDecrypt } else { usage };
    USAGES.iter().find(|(_, usage)| *usage == shown).map(|(name, _)| *name)
}

/// The usage of a key for which the request names none: to sign where its spec can, to encrypt otherwise.
pub(super) fn default_usage(spec: KeySpec) -> Usage {
    let wanted = [Usage::SignVerify, Usage::EncryptDecrypt, Usage::GenerateVerifyMac];
    wanted.into_iter().find(|usage| spec.allows(*usage)).unwrap_or(Usage::EncryptDecrypt)
}

/// Whether the vendor's APIs have words for a key.
pub(super) fn expresses(key: &Key) -> bool {
    spec_name(key.spec).is_some() && usage_name(key.usage).is_some()
}

/// The encryption algorithm of this name; `None` for one that no key here has.
pub(super) fn parse_encryption(text: &str) -> Option<EncryptAlgorithm> {
    match text {
        AES_GCM => Some(EncryptAlgorithm::Symmetric),
        "RSAES_OAEP_SHA_256" => Some(EncryptAlgorithm::RsaOaepSha256),
        "RSAES_OAEP_SHA_1" => Some(EncryptAlgorithm::RsaOaepSha1),
        _ => None,
    }
}

/// The vendor's name of an encryption algorithm.
pub(super) fn encryption_name(algorithm: EncryptAlgorithm) -> &'static str {
    match algorithm {
        EncryptAlgorithm::Symmetric => AES_GCM,
        EncryptAlgorithm::RsaOaepSha256 => "RSAES_OAEP_SHA_256",
        EncryptAlgorithm::RsaOaepSha1 => "RSAES_OAEP_SHA_1",
        // Cannot be asked for here.
        EncryptAlgorithm::RsaPkcs1 => "RSAES_PKCS1_V1_5",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_and_specs_go_both_ways() {
        for spec in KeySpec::all() {
            let Some(name) = spec_name(spec) else { continue };
            assert!(KEY_SPECS.contains(&name) && parse_spec(name) == Some(spec), "{name}");
            let usage = default_usage(spec);
            assert!(spec.allows(usage) && parse_usage(usage_name(usage).unwrap()) == Some(usage));
        }
        assert_eq!(default_usage(KeySpec::Rsa2048), Usage::SignVerify);
        assert_eq!(default_usage(DEFAULT_SPEC), Usage::EncryptDecrypt);
        assert_eq!(parse_spec("Aliyun_SM4"), None);
        let pairs = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256", "EC_P256K"];
        assert!(KEY_SPECS.iter().all(|n| parse_pair(n).is_some() == pairs.contains(n)));
    }
}
