//! Encrypting and decrypting through the API.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use trent_core::crypto::SecretBytes;
use trent_core::model::{EncryptAlgorithm, KeyRef, VersionSelector};
use trent_core::ops::Encrypt;
use trent_core::seal::{Ciphertext, Context, Purpose};

use super::super::ids;
use super::House;

const NOT_OPENED: &str = "the ciphertext cannot be decrypted with this key";

#[tokio::test]
async fn what_was_encrypted_is_decrypted_by_every_type_that_can() {
    let house = House::new().await;
    for (key_type, exportable, content) in [
        ("aes128-gcm96", false, 105),
        ("aes128-gcm96", true, 33),
        ("aes256-gcm96", false, 105),
        ("aes256-gcm96", true, 33),
        ("chacha20-poly1305", false, 105),
        ("chacha20-poly1305", true, 33),
        ("rsa-2048", false, 256),
        ("rsa-2048", true, 256),
    ] {
        let name = format!("{key_type} {exportable}");
        let body = json!({"name": name, "keyType": key_type, "exportAllowed": exportable});
        let key = house.create(body).await;
        let first = house.encrypt(&key, "aGVsbG8=").await;
        house.on(&key, "POST", "/rotate", Value::Null).await;
        let second = house.encrypt(&key, "aGVsbG8=").await;
        let old = json!({"plaintext": "aGVsbG8=", "keyVersion": "1"});
        let third = house.on(&key, "POST", "/encrypt", old).await;
        assert_eq!(third.text("keyVersion"), "1");
        for (ciphertext, version) in
            [(&*first, "1"), (&*second, "2"), (third.text("ciphertext"), "1")]
        {
            let rest = ciphertext.strip_prefix(&format!("thalassa:v{version}:")).unwrap();
            assert_eq!(Base64::decode_vec(rest).unwrap().len(), content, "{name}");
            let answer = house.decrypt(&key, ciphertext).await;
            assert_eq!(
                answer.body,
                json!({"plaintext": "aGVsbG8=", "keyVersion": version}),
                "{name}"
            );
        }
        assert_ne!(first, third.text("ciphertext"));
        // The version beside the content counts.
        let moved = first.replace("thalassa:v1:", "thalassa:v2:");
        let answer = house.decrypt(&key, &moved).await;
        assert_eq!((answer.status, answer.text("message")), (400, NOT_OPENED), "{name}");
    }
}

#[tokio::test]
async fn plaintexts_have_a_size() {
    let house = House::new().await;
    let aes = house.create(json!({"name": "aes"})).await;
    let rsa = house.create(json!({"name": "rsa", "keyType": "rsa-2048"})).await;
    for (key, len, status) in [
        (&aes, 0, 400),
        (&aes, 1, 200),
        (&aes, 65_535, 200),
        (&aes, 65_536, 400),
        (&rsa, 0, 400),
        (&rsa, 1, 200),
        (&rsa, 190, 200),
        (&rsa, 191, 400),
    ] {
        let plaintext = Base64::encode_string(&vec![7; len]);
        let answer = house.on(key, "POST", "/encrypt", json!({ "plaintext": plaintext })).await;
        assert_eq!(answer.status, status, "{len}");
        if status == 200 {
            let opened = house.decrypt(key, answer.text("ciphertext")).await;
            assert_eq!(opened.body["plaintext"], plaintext);
        }
    }
}

#[tokio::test]
async fn bad_input_is_refused_without_an_echo() {
    let house = House::new().await;
    house.create(json!({"name": "aes"})).await;
    house.create(json!({"name": "ec", "keyType": "ecdsa-p256"})).await;
    house.create(json!({"name": "mac", "keyType": "hmac"})).await;
    house.create(json!({"name": "off"})).await;
    let sealed = house.encrypt("off", "c2VjcmV0").await;
    house.on("off", "POST", "/disable", Value::Null).await;
    let secret = json!({"plaintext": "c2VjcmV0"});
    let with = |member: &str, value: Value| {
        let mut body = secret.clone();
        body[member] = value;
        body
    };
    for (key, what, body, status, names) in [
        ("aes", "/encrypt", Value::Null, 400, "plaintext"),
        ("aes", "/encrypt", json!({}), 400, "plaintext"),
        ("aes", "/encrypt", json!({"plaintext": null}), 400, "plaintext"),
        ("aes", "/encrypt", json!({"plaintext": ["c2VjcmV0"]}), 400, "plaintext"),
        ("aes", "/encrypt", json!({"plaintext": "c2VjcmV0!"}), 400, "plaintext"),
        ("aes", "/encrypt", json!({"plaintext": "c2VjcmV"}), 400, "plaintext"),
        ("aes", "/encrypt", json!({"plaintext": "c2VjcmV0\n"}), 400, "plaintext"),
        ("aes", "/encrypt", json!("c2VjcmV0"), 400, "JSON object"),
        ("aes", "/encrypt", with("keyVersion", json!(1)), 400, "keyVersion"),
        ("aes", "/encrypt", with("keyVersion", json!("one")), 400, "keyVersion"),
        ("aes", "/encrypt", with("keyVersion", json!("2")), 400, "version"),
        ("ec", "/encrypt", secret.clone(), 400, "support"),
        ("mac", "/encrypt", secret.clone(), 400, "support"),
        ("off", "/encrypt", secret.clone(), 400, "disabled"),
        ("nobody", "/encrypt", secret.clone(), 404, "not found"),
        ("aes", "/decrypt", Value::Null, 400, "ciphertext"),
        ("aes", "/decrypt", json!({"ciphertext": 7}), 400, "ciphertext"),
        ("aes", "/decrypt", json!({"ciphertext": ""}), 400, "ciphertext"),
        ("off", "/decrypt", json!({"ciphertext": sealed}), 400, "disabled"),
        ("ec", "/decrypt", json!({"ciphertext": sealed}), 400, ""),
        ("nobody", "/decrypt", json!({"ciphertext": sealed}), 404, "not found"),
    ] {
        let answer = house.on(key, "POST", what, body.clone()).await;
        assert_eq!(answer.status, status, "{key} {what} {body}");
        let message = answer.text("message");
        assert!(message.contains(names), "{key} {what} {body}: {message}");
        assert!(!message.contains("c2VjcmV") && !message.contains("secret"));
    }
    for version in ["", "0", "1"] {
        let answer = house.on("aes", "POST", "/encrypt", with("keyVersion", json!(version))).await;
        assert_eq!((answer.status, answer.text("keyVersion")), (200, "1"));
    }
    // Nothing of it is in the log either.
    let log = house.audit.lines().join("\n");
    assert!(!log.contains("c2VjcmV") && log.contains("kms.encrypt"));
}

#[tokio::test]
async fn every_ciphertext_that_does_not_open_gets_one_answer() {
    let house = House::new().await;
    for (name, key_type, exportable) in [
        ("sealed", "aes256-gcm96", false),
        ("plain", "aes256-gcm96", true),
        ("other", "aes256-gcm96", false),
        ("rsa", "rsa-2048", false),
    ] {
        house.create(json!({"name": name, "keyType": key_type, "exportAllowed": exportable})).await;
    }
    for name in ["sealed", "plain", "rsa"] {
        let good = house.encrypt(name, "aGVsbG8=").await;
        let (prefix, content) = good.split_at("thalassa:v1:".len());
        let mut bytes = Base64::decode_vec(content).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let altered = format!("{prefix}{}", Base64::encode_string(&bytes));
        let short = format!("{prefix}{}", Base64::encode_string(&bytes[..20]));
        let others = house.encrypt("other", "aGVsbG8=").await;
        for ciphertext in [
            &*altered,
            &*short,
            &*others,
            &good.replace("thalassa:v1:", "thalassa:v9:"),
            &good.replace("thalassa:v1:", "thalassa:v01:"),
            &good.replace("thalassa:v1:", "thalassa:v0:"),
            &good.replace("thalassa:v1:", "thalassa:v4294967296:"),
            &good.replace("thalassa:v1:", "vault:v1:"),
            &format!("{good} "),
            &format!("{good}="),
            "thalassa:v1:",
            "thalassa:",
            "é",
            "aGVsbG8=",
        ] {
            let answer = house.decrypt(name, ciphertext).await;
            assert_eq!(answer.status, 400, "{name} {ciphertext}");
            assert_eq!(answer.text("message"), NOT_OPENED, "{name} {ciphertext}");
            assert_eq!(answer.outcome.result, "DecryptFailed");
        }
        assert_eq!(house.decrypt(name, &good).await.status, 200);
    }
}

#[tokio::test]
async fn ciphertexts_of_other_apis_open_unless_something_is_bound_to_them() {
    let house = House::new().await;
    let caller = house.elsewhere().await;
    let aes = house.create(json!({"name": "aes"})).await;
    let exportable = house.create(json!({"name": "exportable", "exportAllowed": true})).await;
    let rsa = house.create(json!({"name": "rsa", "keyType": "rsa-2048"})).await;
    let context = Context::Map([("a".to_owned(), "b".to_owned())].into());
    for (key, context, status) in [
        (&aes, Context::None, 200),
        (&aes, context, 400),
        (&exportable, Context::None, 200),
        (&rsa, Context::None, 200),
    ] {
        let wanted = Encrypt {
            key: KeyRef::Id(ids::parse_identity(key).unwrap()),
            version: VersionSelector::Primary,
            algorithm: None,
            context,
            plaintext: SecretBytes::from_slice(b"hello"),
            iv: None,
            plain_if_exportable: false,
        };
        let made = house.engine.encrypt(&caller, wanted).await.unwrap();
        let text = match &made.ciphertext {
            Ciphertext::Sealed(sealed) => Base64::encode_string(&sealed.to_bytes(Purpose::Message)),
            Ciphertext::Rsa { block, .. } => Base64::encode_string(block),
            Ciphertext::Plain { .. } | Ciphertext::Detached(_) => panic!("never asked for"),
        };
        let answer = house.decrypt(key, &text).await;
        assert_eq!(answer.status, status, "{:?}", made.algorithm);
        if status == 200 {
            assert_eq!(answer.text("plaintext"), "aGVsbG8=");
        } else {
            assert_eq!(answer.text("message"), NOT_OPENED);
        }
        let expected =
            if *key == rsa { EncryptAlgorithm::RsaOaepSha256 } else { EncryptAlgorithm::Symmetric };
        assert_eq!(made.algorithm, expected);
    }
}

#[tokio::test]
async fn content_as_long_as_an_rsa_block_opens_whatever_the_key() {
    let house = House::new().await;
    for (name, exportable, overhead) in [("sealed", false, 100), ("plain", true, 28)] {
        house.create(json!({"name": name, "exportAllowed": exportable})).await;
        let plaintext = Base64::encode_string(&vec![1; 256 - overhead]);
        let ciphertext = house.encrypt(name, &plaintext).await;
        assert_eq!(house.decrypt(name, &ciphertext).await.body["plaintext"], plaintext);
    }
}

#[tokio::test]
async fn each_call_leaves_one_event_of_its_kind() {
    let house = House::new().await;
    house.create(json!({"name": "a"})).await;
    let before = house.audit.lines().len();
    let ciphertext = house.encrypt("a", "aGVsbG8=").await;
    house.decrypt("a", &ciphertext).await;
    house.decrypt("a", "nonsense").await;
    house.decrypt("b", &ciphertext).await;
    house.on("a", "POST", "/encrypt", json!({})).await;
    let expected = [
        ("kms.encrypt", "Encrypt", "success"),
        ("kms.decrypt", "Decrypt", "success"),
        ("kms.decrypt", "Decrypt", "failure"),
        ("kms.decrypt", "Decrypt", "failure"),
        ("kms.encrypt", "None", "failure"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(house.trail(before), expected);
    let events = house.events(before);
    let encrypted = &events[0];
    assert_eq!(encrypted["dialect"], "thalassa");
    assert_eq!((&encrypted["input_bytes"], &encrypted["version"]), (&json!(5), &json!(1)));
    assert_eq!((&encrypted["region"], &encrypted["source"]), (&json!("main"), &json!("127.0.0.1")));
    assert_eq!(events[4]["reason"], "InvalidRequest");
}
