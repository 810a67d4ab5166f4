//! The client key of an Alibaba instance: an RSA pair, its certificate, and the password-protected file that the vendor's
//! clients read. What it is good for, and who has one, is not known here.

use std::time::Duration;

use anyhow::{Context, Result};
use data_encoding::BASE32_NOPAD;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::Serialize;
use trent_core::crypto::codec::encode_base64;
use trent_core::crypto::random;
use trent_core::crypto::rsa::{self, RsaSize};
use trent_core::model::CredentialId;
use zeroize::Zeroizing;

/// How long a client key is good, in seconds: five years.
const LIFE: u64 = 1826 * 86_400;
/// The last second, counted from 1970, in which one is made; X.509 times end with the year 9999.
const LAST: u64 = 250_000_000_000;
/// Rounds of PKCS#12's key derivation. The password has 160 random bits and needs none; clients expect some.
const ROUNDS: u32 = 2048;
/// Room for the file, in bytes, so that its text never moves and leaves a copy behind.
const ROOM: usize = 16_384;

/// A client key just made.
pub(crate) struct ClientKey {
    /// Its id, `KAAP.` and a UUID.
    pub(crate) id: String,
    /// The public key as SubjectPublicKeyInfo DER.
    pub(crate) spki: Vec<u8>,
    /// Until when it is good, in milliseconds since the Unix epoch.
    pub(crate) not_after_ms: u64,
    /// What opens the file.
    pub(crate) password: Zeroizing<String>,
    /// The file for the client, JSON.
    pub(crate) file: Zeroizing<Vec<u8>>,
}

/// The file's members as the vendor's clients read them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    key_id: &'a str,
    private_key_data: &'a str,
}

/// Makes a client key, good from `now_ms` (milliseconds since the Unix epoch). Takes a tenth of a second and more: not
/// for an async worker.
///
/// # Errors
/// The random generator or the library fails.
pub(crate) fn make(now_ms: u64) -> Result<ClientKey> {
    let id = format!("KAAP.{}", CredentialId::random()?);
    let pair = rsa::generate(RsaSize::Rsa2048)?;
    let not_before = (now_ms / 1000).min(LAST);
    let not_after = not_before + LIFE;
    let certificate = certificate(&id, pair.pkcs8.expose(), not_before, not_after)?;
    let password = password()?;
    let container = container(&id, pair.pkcs8.expose(), &certificate, &password)?;
    let mut file = Zeroizing::new(Vec::with_capacity(ROOM));
    let content = File { key_id: &id, private_key_data: &encode_base64(&container) };
    serde_json::to_writer(&mut *file, &content)?;
    Ok(ClientKey { id, spki: pair.spki, not_after_ms: not_after * 1000, password, file })
}

/// The pair's own certificate, DER. It only names the pair and its time: the server knows the public key.
fn certificate(id: &str, pkcs8: &[u8], not_before: u64, not_after: u64) -> Result<Vec<u8>> {
    let pair =
        KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(pkcs8), &PKCS_RSA_SHA256)?;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::default();
    params.not_before = epoch + Duration::from_secs(not_before);
    params.not_after = epoch + Duration::from_secs(not_after);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, id);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params.self_signed(&pair)?.der().to_vec())
}

/// PKCS#12 (RFC 7292) as the oldest of the vendor's clients reads it: triple DES and SHA-1, the certificate before the
/// key. What protects the key is the password's length and the file's mode.
fn container(id: &str, pkcs8: &[u8], certificate: &[u8], password: &str) -> Result<Vec<u8>> {
    let chain = PrivateKeyChain::new(
        id,
        PrivateKey::from_der(pkcs8)?,
        [Certificate::from_der(certificate)?],
    );
    let mut store = KeyStore::new();
    store.add_entry(id, KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer(password);
    let writer = writer
        .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
        .encryption_iterations(ROUNDS)
        .mac_algorithm(MacAlgorithm::HmacSha1)
        .mac_iterations(ROUNDS);
    writer.write().context("cannot write the client key")
}

/// 32 random characters, letters and digits, some of each.
fn password() -> Result<Zeroizing<String>> {
    loop {
        let mut bytes = Zeroizing::new([0; 20]);
        random::fill(&mut *bytes)?;
        let text = Zeroizing::new(BASE32_NOPAD.encode(&*bytes));
        // Two in a thousand have letters alone.
        if is_mixed(&text) {
            return Ok(text);
        }
    }
}

/// The vendor's rule for passwords.
fn is_mixed(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
    use p12_keystore::Pkcs12ImportPolicy;
    use serde_json::Value;
    use trent_core::crypto::codec::decode_base64;
    use trent_core::model::NodeId;

    const NOW: u64 = 1_800_000_000_123;

    fn contains(whole: &[u8], part: &[u8]) -> bool {
        whole.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn the_file_holds_the_pair_and_its_certificate() {
        let key = make(NOW).unwrap();
        assert!(NodeId::parse(key.id.strip_prefix("KAAP.").unwrap()).is_some(), "{}", key.id);
        assert_eq!(key.not_after_ms, 1_800_000_000_000 + LIFE * 1000);
        let file: Value = serde_json::from_slice(&key.file).unwrap();
        assert_eq!(file.as_object().unwrap().len(), 2);
        assert_eq!(file["KeyId"], key.id);
        let container = decode_base64(file["PrivateKeyData"].as_str().unwrap()).unwrap();

        let open = |password: &str| {
            let policy = Pkcs12ImportPolicy::Strict;
            KeyStore::from_pkcs12(container.expose(), password, policy)
        };
        assert!(open("wrong").is_err());
        let store = open(&key.password).unwrap();
        assert_eq!(store.entries_len(), 1);
        let (_, chain) = store.private_key_chain().unwrap();
        let [certificate] = chain.certs() else { panic!("not one certificate") };
        let name = format!("CN={}", key.id);
        assert_eq!((certificate.subject(), certificate.issuer()), (&*name, &*name));
        assert!(contains(certificate.as_der(), &key.spki), "the certificate's key");
        assert!(contains(certificate.as_der(), b"270115080000Z"), "from now");
        assert!(contains(certificate.as_der(), b"320115080000Z"), "for five years");

        let pkcs8 = chain.key().as_der();
        assert_eq!(rsa::public_from_private(RsaSize::Rsa2048, pkcs8).unwrap(), key.spki);
        let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA256, &random, b"text", &mut signature).unwrap();
        assert!(rsa::verify_pkcs1_sha256(&key.spki, b"text", &signature));
        assert!(!rsa::verify_pkcs1_sha256(&key.spki, b"test", &signature));
    }

    /// The oldest client knows these algorithms alone, and takes the first of two parts for the certificate.
    #[test]
    fn the_container_has_the_old_form() {
        let key = make(NOW).unwrap();
        let file: Value = serde_json::from_slice(&key.file).unwrap();
        let container = decode_base64(file["PrivateKeyData"].as_str().unwrap()).unwrap();
        let container = container.expose();
        let count = |part: &[u8]| container.windows(part.len()).filter(|w| *w == part).count();
        let position = |part: &[u8]| container.windows(part.len()).position(|w| w == part);
        // 1.2.840.113549.1.12.1.3, pbeWithSHAAnd3-KeyTripleDES-CBC: once for the certificate, once for the key.
        assert_eq!(count(b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"), 2);
        // 1.3.14.3.2.26, SHA-1: the MAC's.
        assert_eq!(count(b"\x06\x05\x2b\x0e\x03\x02\x1a"), 1);
        // 1.2.840.113549.1.7.6, encryptedData, before 1.2.840.113549.1.12.10.1.2, the shrouded key's bag.
        let encrypted = position(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06").unwrap();
        let shrouded = position(b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02").unwrap();
        assert!(encrypted < shrouded);
        // No PBES2.
        assert_eq!(count(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"), 0);
    }

    #[test]
    fn passwords_follow_the_rule() {
        for _ in 0..100 {
            let password = password().unwrap();
            assert!(password.len() == 32 && is_mixed(&password), "{}", &*password);
            assert!(password.bytes().all(|b| b.is_ascii_alphanumeric()));
        }
        for (text, mixed) in [("ABC", false), ("123", false), ("A1", true), ("", false)] {
            assert_eq!(is_mixed(text), mixed, "{text}");
        }
    }

    #[test]
    fn a_clock_far_ahead_is_no_fault() {
        assert!(make(u64::MAX).is_ok());
    }
}
