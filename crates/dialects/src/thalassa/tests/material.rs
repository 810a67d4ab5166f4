//! Public keys and export. What comes out is put to use with the cryptographic library alone.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING,
    ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, Ed25519KeyPair,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use trent_core::access::Preset;

use super::House;

const MESSAGE: &[u8] = b"message";

async fn public_keys(house: &House, key: &str, query: &str) -> Value {
    let answer = house.on(key, "GET", &format!("/public-key{query}"), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["keys"].clone()
}

async fn export(house: &House, key: &str, version: &str) -> Vec<u8> {
    let answer = house.on(key, "POST", "/export", json!({ "keyVersion": version })).await;
    assert_eq!((answer.status, answer.text("keyVersion")), (200, version), "{}", answer.body);
    assert_eq!(answer.body.as_object().unwrap().len(), 2);
    Base64::decode_vec(answer.text("keyMaterial")).unwrap()
}

fn from_pem(pem: &str) -> Vec<u8> {
    let (label, spki) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
    assert_eq!(label, "PUBLIC KEY");
    spki
}

fn verifies(
    algorithm: &'static dyn VerificationAlgorithm,
    public: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, public).verify(MESSAGE, signature).is_ok()
}

fn rsa(pkcs8: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
    signature
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Vec<u8> {
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).unwrap();
    key.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec()
}

#[tokio::test]
async fn exported_pairs_sign_and_the_public_key_verifies() {
    let curves: [(&str, &'static EcdsaSigningAlgorithm, &'static EcdsaVerificationAlgorithm); 3] = [
        ("ecdsa-p256", &ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1),
        ("ecdsa-p384", &ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1),
        ("ecdsa-p521", &ECDSA_P521_SHA512_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1),
    ];
    let house = House::new().await;
    for key_type in ["rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"] {
        house.create(json!({"name": key_type, "keyType": key_type, "exportAllowed": true})).await;
        house.on(key_type, "POST", "/rotate", Value::Null).await;
        let keys = public_keys(&house, key_type, "").await;
        assert_eq!(keys.as_object().unwrap().len(), 2);
        assert_ne!(keys["1"], keys["2"]);
        for version in ["1", "2"] {
            let pkcs8 = export(&house, key_type, version).await;
            let public = keys[version].as_str().unwrap();
            let fits = if let Some((_, sign, verify)) =
                curves.iter().find(|(name, ..)| *name == key_type)
            {
                verifies(*verify, &from_pem(public), &ecdsa(sign, &pkcs8))
            } else if key_type == "ed25519" {
                let raw = Base64::decode_vec(public).unwrap();
                assert_eq!(raw.len(), 32);
                let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
                verifies(&ED25519, &raw, pair.sign(MESSAGE).as_ref())
            } else {
                verifies(&RSA_PSS_2048_8192_SHA256, &from_pem(public), &rsa(&pkcs8))
            };
            assert!(fits, "{key_type} {version}");
        }
    }
}

#[tokio::test]
async fn exported_keys_open_stored_ciphertext_in_any_library() {
    let house = House::new().await;
    let ciphers: [(&str, &'static Algorithm); 3] = [
        ("aes128-gcm96", &AES_128_GCM),
        ("aes256-gcm96", &AES_256_GCM),
        ("chacha20-poly1305", &CHACHA20_POLY1305),
    ];
    for (key_type, algorithm) in ciphers {
        house.create(json!({"name": key_type, "keyType": key_type, "exportAllowed": true})).await;
        house.on(key_type, "POST", "/rotate", Value::Null).await;
        let ciphertext = house.encrypt(key_type, &Base64::encode_string(MESSAGE)).await;
        let content = ciphertext.strip_prefix("thalassa:v2:").unwrap();
        let mut content = Base64::decode_vec(content).unwrap();
        let sealed = content.split_off(12);
        let open = |material: &[u8]| {
            let key = LessSafeKey::new(UnboundKey::new(algorithm, material).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&content).unwrap();
            let mut sealed = sealed.clone();
            key.open_in_place(nonce, Aad::empty(), &mut sealed).map(|plain| plain.to_vec()).ok()
        };
        assert_eq!(
            open(&export(&house, key_type, "2").await).as_deref(),
            Some(MESSAGE),
            "{key_type}"
        );
        assert_eq!(open(&export(&house, key_type, "1").await), None, "{key_type}");
    }
}

#[tokio::test]
async fn public_keys_need_nothing_but_the_right_to_read() {
    let house = House::new().await;
    house.create(json!({"name": "ec", "keyType": "ecdsa-p256"})).await;
    house.on("ec", "POST", "/rotate", Value::Null).await;
    house.on("ec", "POST", "/disable", Value::Null).await;
    let all = public_keys(&house, "ec", "").await;
    assert_eq!(public_keys(&house, "ec", "?version=").await, all);
    assert_eq!(public_keys(&house, "ec", "?version=1").await, json!({"1": all["1"]}));
    for (query, status) in [
        ("?version=3", 404),
        ("?version=0", 404),
        ("?version=4294967296", 400),
        ("?version=one", 400),
        ("?version=-1", 400),
        ("?version=1&version=2", 400),
    ] {
        let answer = house.on("ec", "GET", &format!("/public-key{query}"), Value::Null).await;
        assert_eq!(answer.status, status, "{query}");
    }
    for key_type in ["aes256-gcm96", "hmac"] {
        house.create(json!({"name": key_type, "keyType": key_type})).await;
        let answer = house.on(key_type, "GET", "/public-key", Value::Null).await;
        assert_eq!((answer.status, answer.outcome.result), (400, "Unsupported"));
    }
    let reader = house.new_token(house.tenant, Preset::Reader).await;
    let path = "/v1/kms/nl-01/keys/ec/public-key";
    assert_eq!(house.ask(&reader, "GET", path, &Value::Null).await.body["keys"], all);
}

#[tokio::test]
async fn export_has_its_conditions() {
    let house = House::new().await;
    for (name, key_type, exportable) in [
        ("yes", "aes256-gcm96", true),
        ("no", "aes256-gcm96", false),
        ("mac", "hmac-sha256", false),
        ("off", "ed25519", true),
    ] {
        house.create(json!({"name": name, "keyType": key_type, "exportAllowed": exportable})).await;
    }
    house.on("off", "POST", "/disable", Value::Null).await;
    for (key, body, status, text) in [
        ("yes", Value::Null, 200, ""),
        ("yes", json!({}), 200, ""),
        ("yes", json!({"keyVersion": ""}), 200, ""),
        ("yes", json!({"keyVersion": "0"}), 200, ""),
        ("yes", json!({"keyVersion": "1"}), 200, ""),
        ("yes", json!({"keyVersion": "2"}), 400, "the key has no such version"),
        ("yes", json!({"keyVersion": 1}), 400, "keyVersion must be a string"),
        (
            "yes",
            json!({"keyVersion": "v1"}),
            400,
            "keyVersion must be a version number as a string",
        ),
        ("no", json!({}), 400, "key export is not allowed for this key"),
        ("mac", json!({}), 400, "the key does not support this operation"),
        ("off", json!({}), 400, "the key is disabled"),
        ("nobody", json!({}), 404, "key not found, or no permission for this"),
    ] {
        let answer = house.on(key, "POST", "/export", body.clone()).await;
        assert_eq!(answer.status, status, "{key} {body}");
        if status == 200 {
            let material = Base64::decode_vec(answer.text("keyMaterial")).unwrap();
            assert_eq!((material.len(), answer.text("keyVersion")), (32, "1"));
        } else {
            assert_eq!(answer.text("message"), text, "{key} {body}");
            assert!(answer.body.get("keyMaterial").is_none());
        }
    }
    let reader = house.new_token(house.tenant, Preset::Reader).await;
    let denied = house.ask(&reader, "POST", "/v1/kms/nl-01/keys/yes/export", &json!({})).await;
    assert_eq!((denied.status, denied.outcome.result), (404, "AccessDenied"));
    assert_eq!(denied.text("message"), "key not found, or no permission for this");
}

#[tokio::test]
async fn no_export_without_its_event() {
    let house = House::new().await;
    let key = house.create(json!({"name": "a", "exportAllowed": true})).await;
    let before = house.audit.lines().len();
    let material = export(&house, &key, "1").await;
    let events = house.events(before);
    assert_eq!(events.len(), 1);
    for (member, expected) in [
        ("operation", json!("kms.export")),
        ("action", json!("ExportMaterial")),
        ("outcome", json!("success")),
        ("version", json!(1)),
        ("exportable", json!(true)),
        ("spec", json!("AES_256")),
    ] {
        assert_eq!(events[0][member], expected, "{member}");
    }
    assert!(!house.audit.lines().join("\n").contains(&Base64::encode_string(&material)));

    house.audit.fail(true);
    let refused = house.on(&key, "POST", "/export", json!({})).await;
    assert_eq!((refused.status, refused.outcome.result), (503, "Unavailable"));
    assert_eq!(refused.headers["retry-after"], "1");
    let members: Vec<_> = refused.body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["message", "requestId"]);
    // Nor is anything else answered that the log does not hold: not even a refusal.
    let other = house.on("nobody", "POST", "/export", json!({"keyVersion": 1})).await;
    assert_eq!(other.status, 503);

    house.audit.fail(false);
    assert_eq!(export(&house, &key, "1").await, material);
}
