//! One table: which key specs there are, what each may be used for, and with which algorithms.
//! The strings are bound into wrapped key material and are frozen once released. Vendors' spellings are the dialects'.

use crate::crypto::aead::Aead;
use crate::crypto::ec::Curve;
use crate::crypto::rsa::{OaepHash, RsaSize};

/// What a key is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum KeySpec {
    Aes128,
    Aes256,
    ChaCha20Poly1305,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    EcP256,
    EcP384,
    EcP521,
    EcP256k1,
    Ed25519,
    /// A 32-byte MAC key that serves any hash.
    Hmac,
    Hmac224,
    Hmac256,
    Hmac384,
    Hmac512,
}

/// What a key may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Usage {
    /// Encrypt and decrypt.
    EncryptDecrypt,
    /// Sign and verify.
    SignVerify,
    /// Both of the above with one RSA key; only dialects without a usage of their own make such keys.
    EncryptSign,
    /// Make and check message authentication codes.
    GenerateVerifyMac,
    /// Agree on a shared secret (ECDH).
    KeyAgreement,
}

/// The algorithm family, which decides where the material comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// An AEAD key; ciphertexts are self-describing.
    Aead(Aead),
    /// An RSA pair.
    Rsa(RsaSize),
    /// A pair on a short Weierstrass curve.
    Ec(Curve),
    /// An Ed25519 pair.
    Ed25519,
    /// Random bytes for HMAC, of this length in bytes.
    Hmac(usize),
}

/// A hash function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// How data is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EncryptAlgorithm {
    /// The AEAD that the key's spec prescribes.
    Symmetric,
    /// RSAES-OAEP (RFC 8017) with SHA-1 and MGF1-SHA-1, empty label.
    RsaOaepSha1,
    /// RSAES-OAEP (RFC 8017) with SHA-256 and MGF1-SHA-256, empty label.
    RsaOaepSha256,
    /// RSAES-PKCS1-v1_5 (RFC 8017), for decryption only.
    RsaPkcs1,
}

/// How data is signed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017).
    RsaPkcs1(Hash),
    /// RSASSA-PSS (RFC 8017), salt as long as the hash.
    RsaPss(Hash),
    /// ECDSA (FIPS 186-5), DER-encoded.
    Ecdsa(Hash),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// Ed25519ph (RFC 8032).
    Ed25519ph,
}

/// How a MAC is made: HMAC (RFC 2104) with this hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MacAlgorithm(pub Hash);

/// The pairs that can be made to be handed out: every asymmetric spec.
pub type PairSpec = KeySpec;

/// How long a data key is, in bytes: 1 to 1,024.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataKeySpec(u16);

impl DataKeySpec {
    /// A length in bytes; `None` outside 1 to 1,024.
    pub fn new(bytes: usize) -> Option<Self> {
        u16::try_from(bytes).ok().filter(|n| (1..=1024).contains(n)).map(Self)
    }

    /// The length in bytes.
    pub fn bytes(self) -> usize {
        usize::from(self.0)
    }
}

struct Row {
    spec: KeySpec,
    text: &'static str,
    family: Family,
    usages: &'static [Usage],
    sign: &'static [SignAlgorithm],
    mac: &'static [MacAlgorithm],
}

const RSA_SIGN: &[SignAlgorithm] = &[
    SignAlgorithm::RsaPkcs1(Hash::Sha256),
    SignAlgorithm::RsaPkcs1(Hash::Sha384),
    SignAlgorithm::RsaPkcs1(Hash::Sha512),
    SignAlgorithm::RsaPss(Hash::Sha256),
    SignAlgorithm::RsaPss(Hash::Sha384),
    SignAlgorithm::RsaPss(Hash::Sha512),
];
const RSA: &[Usage] = &[Usage::EncryptDecrypt, Usage::SignVerify, Usage::EncryptSign];
const NIST: &[Usage] = &[Usage::SignVerify, Usage::KeyAgreement];
const SIGN: &[Usage] = &[Usage::SignVerify];
const CIPHER: &[Usage] = &[Usage::EncryptDecrypt];
const MAC: &[Usage] = &[Usage::GenerateVerifyMac];
const E256: &[SignAlgorithm] = &[SignAlgorithm::Ecdsa(Hash::Sha256)];
const E384: &[SignAlgorithm] = &[SignAlgorithm::Ecdsa(Hash::Sha384)];
const E512: &[SignAlgorithm] = &[SignAlgorithm::Ecdsa(Hash::Sha512)];
const ED: &[SignAlgorithm] = &[SignAlgorithm::Ed25519, SignAlgorithm::Ed25519ph];
const M224: &[MacAlgorithm] = &[MacAlgorithm(Hash::Sha224)];
const M256: &[MacAlgorithm] = &[MacAlgorithm(Hash::Sha256)];
const M384: &[MacAlgorithm] = &[MacAlgorithm(Hash::Sha384)];
const M512: &[MacAlgorithm] = &[MacAlgorithm(Hash::Sha512)];
const ANY_MAC: &[MacAlgorithm] = &[
    MacAlgorithm(Hash::Sha224),
    MacAlgorithm(Hash::Sha256),
    MacAlgorithm(Hash::Sha384),
    MacAlgorithm(Hash::Sha512),
];

const fn row(
    spec: KeySpec,
    text: &'static str,
    family: Family,
    usages: &'static [Usage],
    sign: &'static [SignAlgorithm],
    mac: &'static [MacAlgorithm],
) -> Row {
    Row { spec, text, family, usages, sign, mac }
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row(KeySpec::Aes128,           "AES_128",           Family::Aead(Aead::Aes128Gcm),        CIPHER, &[],      &[]),
    row(KeySpec::Aes256,           "AES_256",           Family::Aead(Aead::Aes256Gcm),        CIPHER, &[],      &[]),
    row(KeySpec::ChaCha20Poly1305, "CHACHA20_POLY1305", Family::Aead(Aead::ChaCha20Poly1305), CIPHER, &[],      &[]),
    row(KeySpec::Rsa2048,          "RSA_2048",          Family::Rsa(RsaSize::Rsa2048),        RSA,    RSA_SIGN, &[]),
    row(KeySpec::Rsa3072,          "RSA_3072",          Family::Rsa(RsaSize::Rsa3072),        RSA,    RSA_SIGN, &[]),
    row(KeySpec::Rsa4096,          "RSA_4096",          Family::Rsa(RsaSize::Rsa4096),        RSA,    RSA_SIGN, &[]),
    row(KeySpec::EcP256,           "EC_P256",           Family::Ec(Curve::P256),              NIST,   E256,     &[]),
    row(KeySpec::EcP384,           "EC_P384",           Family::Ec(Curve::P384),              NIST,   E384,     &[]),
    row(KeySpec::EcP521,           "EC_P521",           Family::Ec(Curve::P521),              NIST,   E512,     &[]),
    row(KeySpec::EcP256k1,         "EC_P256K1",         Family::Ec(Curve::P256K1),            SIGN,   E256,     &[]),
    row(KeySpec::Ed25519,          "ED25519",           Family::Ed25519,                      SIGN,   ED,       &[]),
    row(KeySpec::Hmac,             "HMAC",              Family::Hmac(32),                     MAC,    &[],      ANY_MAC),
    row(KeySpec::Hmac224,          "HMAC_224",          Family::Hmac(28),                     MAC,    &[],      M224),
    row(KeySpec::Hmac256,          "HMAC_256",          Family::Hmac(32),                     MAC,    &[],      M256),
    row(KeySpec::Hmac384,          "HMAC_384",          Family::Hmac(48),                     MAC,    &[],      M384),
    row(KeySpec::Hmac512,          "HMAC_512",          Family::Hmac(64),                     MAC,    &[],      M512),
];

impl KeySpec {
    /// Every spec there is.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.spec)
    }

    fn row(self) -> &'static Row {
        // The table lists the specs in the order of the enum; a test holds it to that.
        &TABLE[self as usize]
    }

    /// The frozen text, as bound into wrapped material.
    pub fn as_str(self) -> &'static str {
        self.row().text
    }

    /// The spec with this text.
    pub fn parse(text: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.text == text).map(|row| row.spec)
    }

    /// The algorithm family.
    pub fn family(self) -> Family {
        self.row().family
    }

    /// Whether a key of this spec may have this usage.
    pub fn allows(self, usage: Usage) -> bool {
        self.row().usages.contains(&usage)
    }

    /// Whether keys of this spec have a public half.
    pub fn is_asymmetric(self) -> bool {
        matches!(self.family(), Family::Rsa(_) | Family::Ec(_) | Family::Ed25519)
    }

    /// Whether this is an AEAD spec.
    pub fn is_aead(self) -> bool {
        matches!(self.family(), Family::Aead(_))
    }

    /// The encryption algorithms of a key of this spec, when its usage is `usage`.
    pub fn encrypt_algorithms(self, usage: Usage) -> &'static [EncryptAlgorithm] {
        match self.family() {
            _ if !usage.encrypts() => &[],
            Family::Aead(_) => &[EncryptAlgorithm::Symmetric],
            Family::Rsa(_) => &[EncryptAlgorithm::RsaOaepSha1, EncryptAlgorithm::RsaOaepSha256],
            Family::Ec(_) | Family::Ed25519 | Family::Hmac(_) => &[],
        }
    }

    /// Whether a key of this spec and usage decrypts with the algorithm.
    pub fn decrypts_with(self, usage: Usage, algorithm: EncryptAlgorithm) -> bool {
        let possible = self.encrypt_algorithms(usage);
        match algorithm {
            // Never with a key that signs too: what decryption might tell would be told of signatures.
            EncryptAlgorithm::RsaPkcs1 => {
                usage == Usage::EncryptDecrypt
                    && possible.contains(&EncryptAlgorithm::RsaOaepSha256)
            }
            other => possible.contains(&other),
        }
    }

    /// The signing algorithms of a key of this spec, when its usage is `usage`.
    pub fn sign_algorithms(self, usage: Usage) -> &'static [SignAlgorithm] {
        if usage.signs() { self.row().sign } else { &[] }
    }

    /// The MAC algorithms of a key of this spec.
    pub fn mac_algorithms(self) -> &'static [MacAlgorithm] {
        self.row().mac
    }
}

impl Usage {
    const TEXTS: [(Self, &str); 5] = [
        (Self::EncryptDecrypt, "ENCRYPT_DECRYPT"),
        (Self::SignVerify, "SIGN_VERIFY"),
        (Self::EncryptSign, "ENCRYPT_SIGN"),
        (Self::GenerateVerifyMac, "GENERATE_VERIFY_MAC"),
        (Self::KeyAgreement, "KEY_AGREEMENT"),
    ];

    /// The frozen text, as bound into wrapped material.
    pub fn as_str(self) -> &'static str {
        Self::TEXTS[self as usize].1
    }

    /// The usage with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::TEXTS.iter().find(|(_, t)| *t == text).map(|(usage, _)| *usage)
    }

    /// Whether the key may encrypt and decrypt.
    pub fn encrypts(self) -> bool {
        matches!(self, Self::EncryptDecrypt | Self::EncryptSign)
    }

    /// Whether the key may sign and verify.
    pub fn signs(self) -> bool {
        matches!(self, Self::SignVerify | Self::EncryptSign)
    }
}

impl EncryptAlgorithm {
    /// Whether it is RSA's.
    pub fn is_rsa(self) -> bool {
        self != Self::Symmetric
    }

    /// The OAEP hash, for the algorithms that have one.
    pub fn oaep(self) -> Option<OaepHash> {
        match self {
            Self::Symmetric | Self::RsaPkcs1 => None,
            Self::RsaOaepSha1 => Some(OaepHash::Sha1),
            Self::RsaOaepSha256 => Some(OaepHash::Sha256),
        }
    }

    /// The neutral name, for the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Symmetric => "SYMMETRIC",
            Self::RsaOaepSha1 => "RSAES_OAEP_SHA_1",
            Self::RsaOaepSha256 => "RSAES_OAEP_SHA_256",
            Self::RsaPkcs1 => "RSAES_PKCS1_V1_5",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_its_texts_are_distinct() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.spec as usize, at);
            assert_eq!(KeySpec::parse(row.text), Some(row.spec));
            assert!(!row.usages.is_empty());
        }
        for (at, (usage, text)) in Usage::TEXTS.iter().enumerate() {
            assert_eq!(*usage as usize, at);
            assert_eq!(Usage::parse(text), Some(*usage));
        }
    }

    #[test]
    fn algorithms_follow_the_usage() {
        let rsa = KeySpec::Rsa2048;
        assert_eq!(rsa.encrypt_algorithms(Usage::SignVerify), &[]);
        assert_eq!(rsa.sign_algorithms(Usage::EncryptDecrypt), &[]);
        assert_eq!(rsa.encrypt_algorithms(Usage::EncryptSign).len(), 2);
        assert_eq!(rsa.sign_algorithms(Usage::EncryptSign).len(), 6);
        assert_eq!(KeySpec::EcP256.sign_algorithms(Usage::KeyAgreement), &[]);
        for (spec, usage, expected) in [
            (rsa, Usage::EncryptDecrypt, true),
            (rsa, Usage::EncryptSign, false),
            (rsa, Usage::SignVerify, false),
            (KeySpec::Aes256, Usage::EncryptDecrypt, false),
        ] {
            assert_eq!(spec.decrypts_with(usage, EncryptAlgorithm::RsaPkcs1), expected);
        }
    }
}
