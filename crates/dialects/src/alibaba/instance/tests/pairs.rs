//! Data key pairs: all four operations.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1,
    ECDSA_P256K1_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};

use super::super::messages::*;
use super::*;

const SPECS: [&str; 5] = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256", "EC_P256K"];

/// A pair, however it was asked for.
struct Pair {
    key_id: String,
    iv: Bytes,
    spec: String,
    private: Option<Bytes>,
    blob: Bytes,
    public: Bytes,
    algorithm: String,
    version_id: String,
    /// The version in the answer's header.
    used: (KeyId, u32),
}

#[derive(Clone, Copy)]
struct Kind {
    advance: bool,
    reveal: bool,
}

const KINDS: [Kind; 4] = [
    Kind { advance: false, reveal: true },
    Kind { advance: false, reveal: false },
    Kind { advance: true, reveal: true },
    Kind { advance: true, reveal: false },
];

impl Kind {
    fn operation(self) -> String {
        let advance = if self.advance { "Advance" } else { "" };
        let without = if self.reveal { "" } else { "WithoutPlaintext" };
        format!("{advance}GenerateDataKeyPair{without}")
    }

    fn request(self, key: &str, spec: &str, format: &str, aad: &[u8]) -> Vec<u8> {
        let (key_id, key_pair_spec) = (key.to_owned(), spec.to_owned());
        let (key_format, aad) = (format.to_owned(), Bytes::copy_from_slice(aad));
        if self.advance {
            AdvanceGenerateDataKeyPairRequest { key_id, key_pair_spec, key_format, aad }
                .encode_to_vec()
        } else {
            let algorithm = String::new();
            GenerateDataKeyPairRequest { key_id, algorithm, key_pair_spec, key_format, aad }
                .encode_to_vec()
        }
    }

    async fn ask(self, house: &House, key: &str, spec: &str, format: &str, aad: &[u8]) -> Answer {
        let body = self.request(key, spec, format, aad);
        house.send(Draft::new(&house.access_id, &self.operation(), &body).signed()).await
    }

    async fn make(self, house: &House, key: &str, spec: &str, format: &str, aad: &[u8]) -> Pair {
        let answer = self.ask(house, key, spec, format, aad).await;
        assert_eq!(answer.code(), "", "{} {spec} {format}", self.operation());
        let used = answer.version();
        if self.reveal {
            let made: GenerateDataKeyPairResponse = answer.message();
            assert_eq!(made.request_id, answer.header("x-kms-request-id"));
            Pair {
                key_id: made.key_id,
                iv: made.iv,
                spec: made.key_pair_spec,
                private: Some(made.private_key_plaintext),
                blob: made.private_key_ciphertext_blob,
                public: made.public_key,
                algorithm: made.algorithm,
                version_id: made.key_version_id,
                used,
            }
        } else {
            let made: GenerateDataKeyPairWithoutPlaintextResponse = answer.message();
            assert_eq!(made.request_id, answer.header("x-kms-request-id"));
            Pair {
                key_id: made.key_id,
                iv: made.iv,
                spec: made.key_pair_spec,
                private: None,
                blob: made.private_key_ciphertext_blob,
                public: made.public_key,
                algorithm: made.algorithm,
                version_id: made.key_version_id,
                used,
            }
        }
    }

    /// Opens what this operation made, as its documents say.
    async fn open(self, house: &House, pair: &Pair, aad: &[u8]) -> Answer {
        let aad = Bytes::copy_from_slice(aad);
        if self.advance {
            house.call("AdvanceDecrypt", &DecryptRequest { aad, ..blob(&pair.blob) }).await
        } else {
            let request = DecryptRequest {
                aad,
                key_id: pair.key_id.clone(),
                iv: pair.iv.clone(),
                algorithm: pair.algorithm.clone(),
                ..blob(&pair.blob)
            };
            house.call("Decrypt", &request).await
        }
    }
}

/// The DER in a PEM as the vendor's sample reads it: markers and newlines are cut out, the rest is strict base64.
fn der(bytes: &[u8], format: &str, label: &str) -> Vec<u8> {
    if format == "DER" {
        return bytes.to_vec();
    }
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.contains('\r') && text.ends_with(&format!("-----END {label}-----\n")), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let (first, inner) = (lines[0], &lines[1..lines.len() - 1]);
    assert_eq!(first, format!("-----BEGIN {label}-----"));
    assert!(inner[..inner.len() - 1].iter().all(|line| line.len() == 64));
    assert!(inner[inner.len() - 1].len() <= 64);
    BASE64.decode(inner.concat().as_bytes()).unwrap()
}

/// The two keys are parsed by other code than made them, and what one signs the other verifies.
fn check_halves(spec: &str, pkcs8: &[u8], spki: &[u8]) {
    let (message, random) = (b"message", SystemRandom::new());
    let bits = match spec {
        "RSA_2048" => 2048,
        "RSA_3072" => 3072,
        "RSA_4096" => 4096,
        _ => 0,
    };
    if bits > 0 {
        let key = KeyPair::from_pkcs8(pkcs8).unwrap();
        assert_eq!(key.public_modulus_len() * 8, bits);
        let mut signature = vec![0; bits / 8];
        key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki)
            .verify(message, &signature)
            .unwrap();
        return;
    }
    let (signing, verifying) = if spec == "EC_P256" {
        (&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1)
    } else {
        (&ECDSA_P256K1_SHA256_ASN1_SIGNING, &ECDSA_P256K1_SHA256_ASN1)
    };
    let key = EcdsaKeyPair::from_pkcs8(signing, pkcs8).unwrap();
    let signature = key.sign(&random, message).unwrap();
    UnparsedPublicKey::new(verifying, spki).verify(message, signature.as_ref()).unwrap();
}

#[tokio::test]
async fn every_spec_in_both_formats() {
    let house = House::new().await;
    let key = house.aes().await;
    house.alias("wraps", key).await;
    // Making RSA pairs takes a while, and how one is asked for makes no difference to how it is made: the larger sizes
    // are made once, RSA_2048 by each operation, the rest by each operation in each format.
    let mut seen = 0;
    for (at, spec) in SPECS.into_iter().enumerate() {
        let cases = KINDS.into_iter().flat_map(|kind| [(kind, "PEM"), (kind, "DER")]).enumerate();
        for (case, (kind, format)) in cases {
            let left_out = match spec {
                "RSA_2048" => case % 2 == 1,
                "RSA_3072" | "RSA_4096" => case != at,
                _ => false,
            };
            if left_out {
                continue;
            }
            let named = if case % 2 == 0 { key.to_string() } else { "alias/wraps".to_owned() };
            let pair = kind.make(&house, &named, spec, format, b"aad").await;
            assert_eq!(
                (pair.key_id.as_str(), pair.spec.as_str()),
                (key.to_string().as_str(), spec)
            );
            assert_eq!(
                (pair.algorithm.as_str(), pair.iv.len(), pair.used),
                ("AES_GCM", 12, (key, 1))
            );
            let version_id = if kind.advance { version_id::write(key, 1) } else { String::new() };
            assert_eq!(pair.version_id, version_id);
            let opened = plaintext(&kind.open(&house, &pair, b"aad").await);
            assert_eq!(pair.private.is_some(), kind.reveal);
            if let Some(private) = &pair.private {
                assert!(opened == *private, "{spec} {format}");
            }
            let pkcs8 = der(&opened, format, "PRIVATE KEY");
            check_halves(spec, &pkcs8, &der(&pair.public, format, "PUBLIC KEY"));
            // The blob holds no more than what says how to open it.
            let head = if kind.advance { 3 + 36 + 12 } else { 0 };
            assert_eq!(pair.blob.len(), head + 16 + 32 + opened.len() + 16);
            seen += 1;
        }
    }
    assert_eq!(seen, 4 + 1 + 1 + 8 + 8);
}

#[tokio::test]
async fn the_first_version_seals_or_the_primary() {
    let house = House::new().await;
    let key = house.aes().await;
    for rotations in 0..3 {
        for kind in KINDS {
            let pair = kind.make(&house, &key.to_string(), "EC_P256", "DER", b"").await;
            let expected = if kind.advance { rotations + 1 } else { 1 };
            assert_eq!(pair.used, (key, expected), "{}", kind.operation());
            if kind.advance {
                assert_eq!(pair.blob[..3], [0x24, 0, 2]);
                assert_eq!(pair.blob[3..39], *version_id::write(key, expected).as_bytes());
                assert_eq!(pair.blob[39..51], pair.iv);
            }
            let opened = kind.open(&house, &pair, b"").await;
            assert_eq!(opened.version(), (key, expected));
            let answer: DecryptResponse = opened.message();
            let version_id =
                if kind.advance { version_id::write(key, expected) } else { String::new() };
            assert_eq!(answer.key_version_id, version_id);
            // Decrypt takes a blob for the first version's where no header says otherwise.
            if !kind.advance {
                let request = DecryptRequest { iv: pair.iv.clone(), ..blob(&pair.blob) };
                for version in 1..=rotations + 1 {
                    let named = version_id::write(key, version);
                    let answer = house.call_for(&named, "Decrypt", &request).await;
                    assert_eq!(answer.status == 200, version == 1, "{version}");
                }
            }
        }
        house.rotate(key).await;
    }
}

#[tokio::test]
async fn what_was_bound_must_be_given_again() {
    let house = House::new().await;
    let key = house.aes().await.to_string();
    let bound = [&b""[..], b"a", b"{}", &[0xff; 32], &[7; 8_192]];
    for kind in KINDS {
        for aad in bound {
            let pair = kind.make(&house, &key, "EC_P256", "PEM", aad).await;
            for other in bound {
                let answer = kind.open(&house, &pair, other).await;
                let expected = if aad == other { (200, "") } else { (400, "InvalidParameter") };
                assert_eq!((answer.status, answer.code().as_str()), expected, "{aad:?} {other:?}");
            }
        }
        assert_eq!(
            kind.ask(&house, &key, "EC_P256", "PEM", &[7; 8_193]).await.code(),
            "InvalidParameter"
        );
    }
}

#[tokio::test]
async fn requests_that_are_refused() {
    let house = House::new().await;
    let key = house.aes().await;
    let (good, missing) = (key.to_string(), KeyId::from_bytes([9; 16]).to_string());
    let rsa = house.key(KeySpec::Rsa2048, Usage::EncryptDecrypt).await.to_string();
    let ec = house.key(KeySpec::EcP256, Usage::SignVerify).await.to_string();
    let mac = house.key(KeySpec::Hmac256, Usage::GenerateVerifyMac).await.to_string();
    let chacha = house.key(KeySpec::ChaCha20Poly1305, Usage::EncryptDecrypt).await.to_string();
    let disabled = house.aes().await;
    house.disable(disabled).await;
    let disabled = disabled.to_string();
    let long = "x".repeat(600);
    let cases = [
        ("", "RSA_2048", "PEM", 400, "MissingParameter"),
        (&good, "", "PEM", 400, "MissingParameter"),
        (&good, "RSA_2048", "", 400, "MissingParameter"),
        (&good, "RSA_1024", "PEM", 400, "InvalidParameter"),
        (&good, "rsa_2048", "PEM", 400, "InvalidParameter"),
        (&good, "EC_P384", "PEM", 400, "InvalidParameter"),
        (&good, "EC_SM2", "PEM", 400, "InvalidParameter"),
        (&good, "Aliyun_AES_256", "PEM", 400, "InvalidParameter"),
        (&good, "HMAC_SHA_256", "PEM", 400, "InvalidParameter"),
        (&good, "EC_P256", "pem", 400, "InvalidParameter"),
        (&good, "EC_P256", "JWK", 400, "InvalidParameter"),
        (&missing, "EC_P256", "PEM", 404, "Forbidden.KeyNotFound"),
        ("key-hzz62f1cb66fa42qo0000", "EC_P256", "PEM", 404, "Forbidden.KeyNotFound"),
        ("alias/missing", "EC_P256", "PEM", 404, "Forbidden.KeyNotFound"),
        ("alias/", "EC_P256", "PEM", 400, "InvalidParameter"),
        (&long, "EC_P256", "PEM", 400, "InvalidParameter"),
        (&rsa, "EC_P256", "PEM", 404, "Forbidden.OnlySymmetricKeySupported"),
        (&ec, "EC_P256", "PEM", 404, "Forbidden.OnlySymmetricKeySupported"),
        (&mac, "EC_P256", "PEM", 404, "Forbidden.OnlySymmetricKeySupported"),
        (&chacha, "EC_P256", "PEM", 400, "Rejected.UnsupportedOperation"),
        (&disabled, "EC_P256", "PEM", 409, "Rejected.Disabled"),
    ];
    for kind in KINDS {
        for (key, spec, format, status, code) in cases {
            let before = house.audit.lines().len();
            let answer = kind.ask(&house, key, spec, format, b"").await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (status, code),
                "{key} {spec} {format}"
            );
            assert_eq!(answer.outcome.operation, kind.operation());
            // Each is in the log, once.
            let events = house.events(before);
            assert_eq!((events.len(), &events[0][0]), (1, &kind.operation()));
            assert_eq!(events[0][2], "failure");
        }
    }
    for (algorithm, expected) in [
        ("AES_GCM", (200, "")),
        ("AES_CBC", (400, "UnsupportedOperation")),
        ("SM4_GCM", (400, "UnsupportedOperation")),
        ("RSAES_OAEP_SHA_256", (400, "UnsupportedOperation")),
        ("AES-GCM", (400, "InvalidParameter")),
    ] {
        let request = GenerateDataKeyPairRequest {
            key_id: good.clone(),
            algorithm: algorithm.to_owned(),
            key_pair_spec: "EC_P256".to_owned(),
            key_format: "PEM".to_owned(),
            aad: Bytes::new(),
        };
        house.refused("GenerateDataKeyPair", &request, expected).await;
    }
}

#[tokio::test]
async fn one_more_than_may_be_made_at_once_is_refused() {
    let house = House::with(1).await;
    let key = house.aes().await.to_string();
    let (first, again) = tokio::join!(
        KINDS[0].ask(&house, &key, "RSA_2048", "PEM", b""),
        KINDS[3].ask(&house, &key, "RSA_2048", "PEM", b""),
    );
    let (made, refused) = if first.status == 200 { (first, again) } else { (again, first) };
    assert_eq!((made.status, refused.status), (200, 429));
    let error = refused.error();
    assert_eq!(error.error_code, "Rejected.Throttling");
    assert_eq!(error.error_message, "Concurrency Limit Exceeded.");
    // Other work goes on beside it, other instances have a place of their own, and the place comes back.
    let other = tenant(&house.engine, "two", "2").await;
    let stranger = house.holder(&other, Preset::Administrator).await;
    let body = KINDS[0].request("alias/none", "EC_P256", "PEM", b"");
    let elsewhere = Draft::new(&stranger, "GenerateDataKeyPair", &body).signed();
    let text = encrypt(&key, b"text");
    let (made, encrypted, elsewhere) = tokio::join!(
        KINDS[1].ask(&house, &key, "RSA_2048", "DER", b""),
        house.call("Encrypt", &text),
        house.send(elsewhere),
    );
    assert_eq!((made.status, encrypted.status), (200, 200));
    assert_eq!(elsewhere.code(), "Forbidden.KeyNotFound");
}
