//! Data and data keys: sealed and opened, of this door and of others, and what is refused.

use serde_json::json;
use trent_core::ErrorKind;
use trent_core::model::{EncryptAlgorithm, KeyId, KeyRef, VersionSelector};
use trent_core::ops::Encrypt;
use trent_core::seal::{Ciphertext, Context};

use super::*;
use crate::common::{frame, version_id};

const CIPHERTEXT: &str = "InvalidParameterValue.InvalidCiphertext";

#[tokio::test]
async fn what_is_encrypted_is_decrypted() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    for (plaintext, context, again) in [
        (&b"x"[..], None, Some("")),
        (&[7; 4_096], Some("{}"), None),
        (b"hello", Some(r#"{"b":"2","a":"1"}"#), Some(r#" {"a":"1", "b":"2"} "#)),
    ] {
        let body = json!({"KeyId": key, "Plaintext": b64(plaintext), "EncryptionContext": context});
        let made = house.call("Encrypt", body).await.ok();
        assert_eq!(made["KeyId"], key);
        let blob = made["CiphertextBlob"].as_str().unwrap();
        assert_eq!(blob.split("-k-").count(), 3);
        let body = json!({"CiphertextBlob": blob, "EncryptionContext": again});
        let opened = house.call("Decrypt", body).await.ok();
        assert_eq!(opened["KeyId"], key);
        assert_eq!(bytes(&opened["Plaintext"]), plaintext);
        for other in [r#"{"a":"1"}"#, r#"{"b":"2","a":"1","c":""}"#] {
            let body = json!({"CiphertextBlob": blob, "EncryptionContext": other});
            house.refused("Decrypt", body, CIPHERTEXT).await;
        }
    }
}

#[tokio::test]
async fn plaintexts_and_contexts_have_limits() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let plaintext = "InvalidParameterValue.InvalidPlaintext";
    for (text, code) in [
        ("", plaintext),
        ("AA", plaintext),
        ("AA==\n", plaintext),
        ("A A=", plaintext),
        ("__8=", plaintext),
        (&b64(&[0; 4_097]), plaintext),
        (&"A".repeat(100_000), plaintext),
    ] {
        house.refused("Encrypt", json!({"KeyId": key, "Plaintext": text}), code).await;
    }
    house.refused("Encrypt", json!({"KeyId": key}), "MissingParameter").await;
    house.refused("Encrypt", json!({"KeyId": key, "Plaintext": 1}), "InvalidParameter").await;
    for context in ["x", "[]", r#"{"a":1}"#, r#"{"a":{}}"#, r#"{"a":"1","a":"2"}"#] {
        let body = json!({"KeyId": key, "Plaintext": "AA==", "EncryptionContext": context});
        house.refused("Encrypt", body, "InvalidParameter").await;
        let body = json!({"KeyId": key, "KeySpec": "AES_128", "EncryptionContext": context});
        house.refused("GenerateDataKey", body, "InvalidParameter").await;
        let body = json!({"CiphertextBlob": "x", "EncryptionContext": context});
        house.refused("Decrypt", body, "InvalidParameter").await;
    }
    let body = json!({"KeyId": key, "Plaintext": "AA==", "EncryptionContext": {"a": "1"}});
    house.refused("Encrypt", body, "InvalidParameter").await;
    let long = format!(r#"{{"a":"{}"}}"#, "é".repeat(1_017));
    let body = json!({"KeyId": key, "Plaintext": "AA==", "EncryptionContext": long});
    house.refused("Encrypt", body, "InvalidParameter").await;
}

#[tokio::test]
async fn data_keys_come_plain_and_sealed() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    for (more, length) in [
        (json!({"KeySpec": "AES_128"}), 16),
        (json!({"KeySpec": "AES_256"}), 32),
        (json!({"NumberOfBytes": 1}), 1),
        (json!({"NumberOfBytes": "1024"}), 1_024),
        (json!({"NumberOfBytes": 17, "KeySpec": "AES_256"}), 17),
        (json!({"KeySpec": "AES_256", "IsHostedByKms": 0, "EncryptionPublicKey": ""}), 32),
    ] {
        let mut body = more.clone();
        body["KeyId"] = json!(key);
        let made = house.call("GenerateDataKey", body).await.ok();
        assert_eq!(made.as_object().unwrap().len(), 4, "{made}");
        let plaintext = bytes(&made["Plaintext"]);
        assert_eq!(plaintext.len(), length);
        let blob = made["CiphertextBlob"].as_str().unwrap();
        if length == 32 {
            // Users size columns by the vendor's 210.
            assert_eq!(blob.len(), 190);
        }
        let opened = house.call("Decrypt", json!({"CiphertextBlob": blob})).await.ok();
        assert_eq!(bytes(&opened["Plaintext"]), plaintext);
    }
    for (more, code) in [
        (json!({}), "InvalidParameter"),
        (json!({"KeySpec": ""}), "InvalidParameter"),
        (json!({"KeySpec": "AES_192"}), "InvalidParameter"),
        (json!({"KeySpec": "SM4", "NumberOfBytes": 16}), "InvalidParameter"),
        (json!({"NumberOfBytes": 0}), "InvalidParameter"),
        (json!({"NumberOfBytes": 1_025}), "InvalidParameter"),
        (json!({"NumberOfBytes": -1}), "InvalidParameter"),
        (json!({"NumberOfBytes": 1, "IsHostedByKms": 1}), "UnsupportedOperation"),
        (json!({"NumberOfBytes": 1, "IsHostedByKms": 2}), "InvalidParameterValue"),
        (json!({"NumberOfBytes": 1, "EncryptionPublicKey": "x"}), "UnsupportedOperation"),
        (
            json!({"NumberOfBytes": 1, "HsmClusterId": "x"}),
            "InvalidParameterValue.InvalidHsmClusterId",
        ),
    ] {
        let mut body = more.clone();
        body["KeyId"] = json!(key);
        house.refused("GenerateDataKey", body, code).await;
    }
}

#[tokio::test]
async fn ciphertexts_of_others_and_damaged_ones_do_not_open() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let made = house.call("Encrypt", json!({"KeyId": key, "Plaintext": "AA=="})).await;
    let blob = made.text("CiphertextBlob");
    let other = house.new_tenant("second", "100000000002").await;
    let stranger = house.new_who(other, Preset::Administrator).await;
    let answer = house.ask(&stranger, "Decrypt", json!({"CiphertextBlob": blob})).await;
    assert_eq!(answer.code(), CIPHERTEXT);
    for at in (0..blob.len()).step_by(3) {
        let mut text = blob.as_bytes().to_vec();
        text[at] = if text[at] == b'A' { b'B' } else { b'A' };
        let body = json!({"CiphertextBlob": String::from_utf8(text).unwrap()});
        house.refused("Decrypt", body, CIPHERTEXT).await;
    }
    for text in ["", "x", "AAAA", "a-k-b-k-c", &blob[..blob.len() - 4], &blob.replace("-k-", "")] {
        house.refused("Decrypt", json!({"CiphertextBlob": text}), CIPHERTEXT).await;
    }
    house.refused("Decrypt", json!({}), "MissingParameter").await;
    let body = json!({"CiphertextBlob": blob, "EncryptionPublicKey": "-----BEGIN PUBLIC KEY-----"});
    house.refused("Decrypt", body, "UnsupportedOperation").await;
    let body = json!({"CiphertextBlob": blob, "KeyId": key});
    house.refused("Decrypt", body, "UnknownParameter").await;
}

#[tokio::test]
async fn frames_of_every_door_are_opened() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let caller = house.elsewhere().await;
    let map: BTreeMap<String, String> = [("a".to_owned(), "1".to_owned())].into();
    let seal = async |plaintext: &[u8], context: Context| {
        let cmd = Encrypt {
            key: KeyRef::Id(KeyId::parse(&key).unwrap()),
            version: VersionSelector::Primary,
            algorithm: Some(EncryptAlgorithm::Symmetric),
            context,
            plaintext: SecretBytes::from_slice(plaintext),
            iv: None,
            plain_if_exportable: false,
        };
        match house.engine.encrypt(&caller, cmd).await.unwrap().ciphertext {
            Ciphertext::Sealed(sealed) => sealed,
            _ => panic!("not sealed"),
        }
    };
    let named = Context::Map(map.clone());
    let digest = frame::alibaba_context(map.clone());
    let binary = b64(&frame::binary(&seal(b"hello", named.clone()).await));
    let thalassa = frame::thalassa(1, &Ciphertext::Sealed(seal(b"hello", Context::None).await));
    let version = version_id::write(KeyId::parse(&key).unwrap(), 1);
    let advance = frame::alibaba_advance(&seal(b"hello", digest.clone()).await, &version);
    // What Alibaba's RPC API seals is a text, here base64 of the data.
    let rpc = frame::alibaba_rpc(&seal(b"aGVsbG8=", digest).await, &version);
    let context = r#"{"a":"1"}"#;
    for (blob, context, other) in [
        (binary, context, "{}"),
        (thalassa, "{}", context),
        (b64(&advance), context, "{}"),
        (b64(&rpc), context, "{}"),
    ] {
        let body = json!({"CiphertextBlob": blob, "EncryptionContext": context});
        let opened = house.call("Decrypt", body).await.ok();
        assert_eq!(
            (bytes(&opened["Plaintext"]), &opened["KeyId"]),
            (b"hello".to_vec(), &json!(key))
        );
        let body = json!({"CiphertextBlob": blob, "EncryptionContext": other});
        house.refused("Decrypt", body, CIPHERTEXT).await;
    }
}

#[tokio::test]
async fn old_ciphertexts_open_after_a_rotation_elsewhere() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let body = json!({"KeyId": key, "Plaintext": "AA=="});
    let old = house.call("Encrypt", body.clone()).await.text("CiphertextBlob").to_owned();
    house.clock.advance(60_000);
    house.rotate(&key).await;
    let new = house.call("Encrypt", body).await.text("CiphertextBlob").to_owned();
    for blob in [old, new] {
        house.call("Decrypt", json!({"CiphertextBlob": blob})).await.ok();
    }
    let told = house.call("DescribeKey", json!({"KeyId": key})).await.ok();
    assert_eq!(told["KeyMetadata"]["LastRotateTime"], NOW + 60);
    assert_eq!(told["KeyMetadata"]["NextRotateTime"], NOW + 31_536_000);
}

#[tokio::test]
async fn disabled_keys_and_keys_of_another_usage_do_nothing() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let made = house.call("Encrypt", json!({"KeyId": key, "Plaintext": "AA=="})).await;
    let blob = made.text("CiphertextBlob");
    house.call("DisableKey", json!({"KeyId": key})).await.ok();
    let disabled = "ResourceUnavailable.CmkDisabled";
    let uses = |key: &str| {
        [
            ("Encrypt", json!({"KeyId": key, "Plaintext": "AA=="})),
            ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        ]
    };
    for (action, body) in uses(&key) {
        house.refused(action, body, disabled).await;
    }
    let before = house.audit.lines().len();
    house.refused("Decrypt", json!({"CiphertextBlob": blob}), disabled).await;
    let reason = format!("{:?}", ErrorKind::KeyDisabled);
    assert_eq!(house.trail(before), [["Decrypt", "Decrypt", "failure", &reason]]);
    house.call("EnableKey", json!({"KeyId": key})).await.ok();
    house.call("Decrypt", json!({"CiphertextBlob": blob})).await.ok();
    for usage in ["ASYMMETRIC_DECRYPT_RSA_2048", "ASYMMETRIC_SIGN_VERIFY_ECC"] {
        let key = house.create(&usage.to_lowercase(), usage).await;
        let codes = ["InvalidParameter", "InvalidParameterValue.InvalidKeyUsage"];
        for ((action, body), code) in uses(&key).into_iter().zip(codes) {
            house.refused(action, body, code).await;
        }
    }
}
