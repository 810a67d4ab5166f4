//! The vendor's key types and what they are in the KMS's own terms, both ways.
//! What a spec can do is core's table; nothing of that is repeated here.

use trent_core::model::{KeySpec, Usage};

struct Row {
    text: &'static str,
    spec: KeySpec,
    usage: Usage,
}

/// The type of a key made without one.
pub(super) const DEFAULT: &str = "aes256-gcm96";

#[rustfmt::skip]
const TABLE: [Row; 13] = [
    Row { text: "aes128-gcm96",      spec: KeySpec::Aes128,           usage: Usage::EncryptDecrypt },
    Row { text: DEFAULT,             spec: KeySpec::Aes256,           usage: Usage::EncryptDecrypt },
    Row { text: "chacha20-poly1305", spec: KeySpec::ChaCha20Poly1305, usage: Usage::EncryptDecrypt },
    Row { text: "rsa-2048",          spec: KeySpec::Rsa2048,          usage: Usage::EncryptSign },
    Row { text: "rsa-3072",          spec: KeySpec::Rsa3072,          usage: Usage::EncryptSign },
    Row { text: "rsa-4096",          spec: KeySpec::Rsa4096,          usage: Usage::EncryptSign },
    Row { text: "ecdsa-p256",        spec: KeySpec::EcP256,           usage: Usage::SignVerify },
    Row { text: "ecdsa-p384",        spec: KeySpec::EcP384,           usage: Usage::SignVerify },
    Row { text: "ecdsa-p521",        spec: KeySpec::EcP521,           usage: Usage::SignVerify },
    Row { text: "ed25519",           spec: KeySpec::Ed25519,          usage: Usage::SignVerify },
    Row { text: "hmac",              spec: KeySpec::Hmac,             usage: Usage::GenerateVerifyMac },
    Row { text: "hmac-sha256",       spec: KeySpec::Hmac256,          usage: Usage::GenerateVerifyMac },
    Row { text: "hmac-sha512",       spec: KeySpec::Hmac512,          usage: Usage::GenerateVerifyMac },
];

/// What a new key of this type is; `None` for an unknown type.
pub(super) fn parse(text: &str) -> Option<(KeySpec, Usage)> {
    TABLE.iter().find(|row| row.text == text).map(|row| (row.spec, row.usage))
}

/// The type of a key of this spec, whatever its usage; `None` where the vendor has no word for it.
pub(super) fn of(spec: KeySpec) -> Option<&'static str> {
    TABLE.iter().find(|row| row.spec == spec).map(|row| row.text)
}

/// The types, for the message about an unknown one.
pub(super) fn all() -> String {
    TABLE.map(|row| row.text).join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn types_come_back_and_their_specs_allow_their_usages() {
        for row in &TABLE {
            assert_eq!(parse(row.text), Some((row.spec, row.usage)));
            assert_eq!(of(row.spec), Some(row.text));
            assert!(row.spec.allows(row.usage), "{}", row.text);
        }
        for text in ["", "AES256-GCM96", "aes256-gcm96 ", "hmac-sha384", "ec-p256", "secp256k1"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_expressed_is_known() {
        let missing: Vec<_> = KeySpec::all().filter(|spec| of(*spec).is_none()).collect();
        assert_eq!(missing, [KeySpec::EcP256k1, KeySpec::Hmac224, KeySpec::Hmac384]);
    }
}
