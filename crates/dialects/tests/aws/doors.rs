//! Keys and ciphertexts of other dialects' making, as they look through this door.

use std::collections::BTreeMap;

use serde_json::json;
use trent_core::access::Preset;
use trent_core::model::{KeyRef, KeySpec, KeyView, Usage, VersionSelector};
use trent_core::ops::{CreateKey, Encrypt};
use trent_core::seal::{Ciphertext, Context};
use trent_dialects::common::{frame, version_id};

use crate::client::*;

async fn house() -> (House, [Who; 2]) {
    let house = House::new().await;
    let tenant = house.tenant("one", ["111122223333", "4444555566"]).await;
    let people = house.people(&tenant, Preset::Administrator).await;
    (house, people)
}

async fn foreign(
    house: &House,
    who: &Who,
    spec: KeySpec,
    usage: Usage,
    exportable: bool,
) -> KeyView {
    let new = CreateKey { exportable, ..CreateKey::bare(spec, usage) };
    house.engine.create_key(&house.caller(who).await, new).await.unwrap()
}

async fn seal(
    house: &House,
    who: &Who,
    key: &KeyView,
    context: Context,
    plain: bool,
) -> Ciphertext {
    let wanted = Encrypt {
        key: KeyRef::Id(key.key.id),
        version: VersionSelector::Primary,
        algorithm: None,
        context,
        plaintext: secret(b"from elsewhere"),
        iv: None,
        plain_if_exportable: plain,
    };
    house.engine.encrypt(&house.caller(who).await, wanted).await.unwrap().ciphertext
}

#[tokio::test]
async fn keys_are_shown_as_far_as_the_vendor_has_words() {
    let (house, people) = house().await;
    let who = &people[0];
    for (spec, usage, exportable, shown) in [
        (KeySpec::Aes256, Usage::EncryptDecrypt, false, ["SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"]),
        (KeySpec::Aes256, Usage::EncryptDecrypt, true, ["SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"]),
        (KeySpec::Rsa2048, Usage::EncryptSign, false, ["RSA_2048", "ENCRYPT_DECRYPT"]),
        (KeySpec::Ed25519, Usage::SignVerify, true, ["ECC_NIST_EDWARDS25519", "SIGN_VERIFY"]),
    ] {
        let key = foreign(&house, who, spec, usage, exportable).await;
        let id = key.key.id.to_string();
        for who in &people {
            let told = house.ok(who, "DescribeKey", json!({"KeyId": id})).await;
            let told = &told["KeyMetadata"];
            assert_eq!([&told["KeySpec"], &told["KeyUsage"]].map(text), shown);
            let listed = house.ok(who, "ListKeys", json!({"Limit": 1000})).await;
            assert!(listed["Keys"].as_array().unwrap().iter().any(|key| key["KeyId"] == json!(id)));
        }
        if usage == Usage::EncryptSign {
            let body = json!({"KeyId": id, "Plaintext": "eA==", "EncryptionAlgorithm": "RSAES_OAEP_SHA_1"});
            house.ok(who, "Encrypt", body).await;
        }
    }
}

#[tokio::test]
async fn keys_without_words_are_named_unsupported_and_left_alone() {
    let (house, people) = house().await;
    let who = &people[0];
    for (spec, usage) in [
        (KeySpec::Aes128, Usage::EncryptDecrypt),
        (KeySpec::ChaCha20Poly1305, Usage::EncryptDecrypt),
        (KeySpec::Hmac, Usage::GenerateVerifyMac),
    ] {
        let key = foreign(&house, who, spec, usage, false).await;
        let id = key.key.id.to_string();
        let mut requests = vec![
            ("DescribeKey", json!({"KeyId": id})),
            ("DisableKey", json!({"KeyId": id})),
            ("EnableKey", json!({"KeyId": id})),
            ("RotateKeyOnDemand", json!({"KeyId": id})),
            ("GetPublicKey", json!({"KeyId": id})),
        ];
        if usage == Usage::EncryptDecrypt {
            let blob = match seal(&house, who, &key, Context::None, false).await {
                Ciphertext::Sealed(sealed) => b64(&frame::binary(&sealed)),
                other => panic!("{other:?}"),
            };
            requests.extend([
                ("Encrypt", json!({"KeyId": id, "Plaintext": "eA=="})),
                ("Decrypt", json!({"CiphertextBlob": blob})),
                ("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})),
                ("GenerateDataKeyPair", json!({"KeyId": id, "KeyPairSpec": "ECC_NIST_P256"})),
            ]);
        }
        for (operation, body) in requests {
            for who in &people {
                let answer = house.call(who, operation, body.clone()).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (400, "UnsupportedOperationException"),
                    "{operation}"
                );
                let members: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
                assert!(members.iter().all(|name| *name == "__type" || *name == "message"));
            }
        }
        let after = house
            .engine
            .describe_key(&house.caller(who).await, &KeyRef::Id(key.key.id))
            .await
            .unwrap();
        assert_eq!(after.key.revision, key.key.revision);
        assert_eq!(house.ok(who, "ListKeys", json!({})).await["Keys"], json!([]));
    }
}

#[tokio::test]
async fn frames_of_every_vendor_open_here() {
    let (house, people) = house().await;
    let who = &people[0];
    let key = foreign(&house, who, KeySpec::Aes256, Usage::EncryptDecrypt, true).await;
    let id = key.key.id.to_string();
    let Ciphertext::Sealed(sealed) = seal(&house, who, &key, Context::None, false).await else {
        panic!("not sealed")
    };
    let plain = seal(&house, who, &key, Context::None, true).await;
    let sealed_text = frame::thalassa(1, &Ciphertext::Sealed(sealed.clone()));
    let plain_text = frame::thalassa(1, &plain);
    let tencent = frame::tencent(&sealed);
    let version = version_id::write(key.key.id, 1);
    let rpc = b64(&frame::alibaba_rpc(&sealed, &version));
    let advance = frame::alibaba_advance(&sealed, &version);
    let expected = json!(b64(b"from elsewhere"));
    for who in &people {
        let body = json!({"CiphertextBlob": b64(&advance)});
        assert_eq!(house.ok(who, "Decrypt", body).await["Plaintext"], expected);
        for text in [&sealed_text, &tencent, &plain_text] {
            let body = json!({"CiphertextBlob": b64(text.as_bytes()), "KeyId": id});
            assert_eq!(house.ok(who, "Decrypt", body).await["Plaintext"], expected, "{text}");
        }
        for text in [&sealed_text, &tencent, &rpc] {
            let body = json!({"CiphertextBlob": b64(text.as_bytes())});
            assert_eq!(house.ok(who, "Decrypt", body).await["Plaintext"], expected, "{text}");
        }
        // A frame that does not name its key opens only where the request does, and binds nothing.
        let bound = json!({"CiphertextBlob": b64(plain_text.as_bytes()), "KeyId": id, "EncryptionContext": {"a": "b"}});
        let foreign = frame::alibaba_rpc(&sealed, "12345678-1234-1234-1234-123456789abc");
        let later = frame::alibaba_advance(&sealed, &version_id::write(key.key.id, 2));
        for body in [
            json!({"CiphertextBlob": b64(plain_text.as_bytes())}),
            bound,
            json!({"CiphertextBlob": b64(b64(&foreign).as_bytes()), "KeyId": id}),
            json!({"CiphertextBlob": b64(&later)}),
            json!({"CiphertextBlob": b64(sealed_text.replace(":v1:", ":v2:").as_bytes())}),
            json!({"CiphertextBlob": b64(b64(&frame::binary(&sealed)).as_bytes())}),
        ] {
            assert_eq!(house.call(who, "Decrypt", body).await.code(), "InvalidCiphertextException");
        }
    }
    let context: BTreeMap<String, String> = [("a".to_owned(), "b".to_owned())].into();
    let Ciphertext::Sealed(bound) = seal(&house, who, &key, Context::Map(context), false).await
    else {
        panic!("not sealed")
    };
    let body = json!({"CiphertextBlob": b64(frame::tencent(&bound).as_bytes()), "EncryptionContext": {"a": "b"}});
    assert_eq!(house.ok(who, "Decrypt", body).await["Plaintext"], expected);

    // An Alibaba frame binds a digest of the context, and its RPC text is data in base64.
    let context: BTreeMap<String, String> = [("a".to_owned(), "b".to_owned())].into();
    let caller = house.caller(who).await;
    let wanted = Encrypt {
        key: KeyRef::Id(key.key.id),
        version: VersionSelector::Primary,
        algorithm: None,
        context: frame::alibaba_context(context),
        plaintext: secret(b64(b"from elsewhere").as_bytes()),
        iv: None,
        plain_if_exportable: false,
    };
    let Ciphertext::Sealed(bound) = house.engine.encrypt(&caller, wanted).await.unwrap().ciphertext
    else {
        panic!("not sealed")
    };
    let blob = frame::alibaba_rpc(&bound, &version_id::write(key.key.id, 1));
    let body =
        json!({"CiphertextBlob": b64(b64(&blob).as_bytes()), "EncryptionContext": {"a": "b"}});
    assert_eq!(house.ok(who, "Decrypt", body).await["Plaintext"], expected);

    let rsa = foreign(&house, who, KeySpec::Rsa2048, Usage::EncryptSign, false).await;
    let block = seal(&house, who, &rsa, Context::None, false).await;
    let text = frame::thalassa(1, &block);
    let body = json!({
        "CiphertextBlob": b64(text.as_bytes()), "KeyId": rsa.key.id.to_string(), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
    });
    assert_eq!(house.ok(who, "Decrypt", body).await["Plaintext"], expected);
}

#[tokio::test]
async fn one_key_two_accounts() {
    let (house, [aws, verenc]) = house().await;
    let id = house.key(&aws, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let sealed = house.ok(&aws, "Encrypt", json!({"KeyId": id, "Plaintext": "eA=="})).await;
    let opened =
        house.ok(&verenc, "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"]})).await;
    assert_eq!((text(&opened["Plaintext"]), text(&opened["KeyId"])), ("eA==", &*verenc.arn(&id)));
    for (who, name) in [
        (&aws, verenc.arn(&id)),
        (&verenc, aws.arn(&id)),
        (&verenc, format!("arn:aws:verenc:4444555566:key/{id}")),
    ] {
        let told = house.ok(who, "DescribeKey", json!({"KeyId": name})).await;
        assert_eq!(text(&told["KeyMetadata"]["Arn"]), who.arn(&id));
    }
}
