//! Every operation at its work, in both styles.

use serde_json::{Value, json};
use trent_core::access::Preset;
use trent_core::crypto::{ec, edwards, rsa};
use trent_core::model::{Family, KeyId, KeyRef, KeySpec};
use trent_core::ops::{CreateAlias, RotateKey};

use crate::client::*;

async fn house() -> (House, [Who; 2]) {
    let house = House::new().await;
    let tenant = house.tenant("one", ["111122223333", "4444555566"]).await;
    let people = house.people(&tenant, Preset::Administrator).await;
    (house, people)
}

const RSA_SIGN: [&str; 6] = [
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
];

fn kinds() -> Vec<(&'static str, &'static str, &'static str, Vec<&'static str>)> {
    let (encryption, signing, mac) = ("EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms");
    let agreement = "KeyAgreementAlgorithms";
    vec![
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", encryption, vec!["SYMMETRIC_DEFAULT"]),
        ("RSA_2048", "ENCRYPT_DECRYPT", encryption, vec!["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
        ("RSA_2048", "SIGN_VERIFY", signing, RSA_SIGN.to_vec()),
        ("ECC_NIST_P256", "SIGN_VERIFY", signing, vec!["ECDSA_SHA_256"]),
        ("ECC_NIST_P256", "KEY_AGREEMENT", agreement, vec!["ECDH"]),
        ("ECC_NIST_P384", "SIGN_VERIFY", signing, vec!["ECDSA_SHA_384"]),
        ("ECC_NIST_P521", "SIGN_VERIFY", signing, vec!["ECDSA_SHA_512"]),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", signing, vec!["ECDSA_SHA_256"]),
        (
            "ECC_NIST_EDWARDS25519",
            "SIGN_VERIFY",
            signing,
            vec!["ED25519_SHA_512", "ED25519_PH_SHA_512"],
        ),
        ("HMAC_224", "GENERATE_VERIFY_MAC", mac, vec!["HMAC_SHA_224"]),
        ("HMAC_256", "GENERATE_VERIFY_MAC", mac, vec!["HMAC_SHA_256"]),
        ("HMAC_384", "GENERATE_VERIFY_MAC", mac, vec!["HMAC_SHA_384"]),
        ("HMAC_512", "GENERATE_VERIFY_MAC", mac, vec!["HMAC_SHA_512"]),
    ]
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn keys_are_made_and_described() {
    let (house, people) = house().await;
    for who in &people {
        for (spec, usage, list, algorithms) in kinds() {
            let made = house
                .ok(
                    who,
                    "CreateKey",
                    json!({"KeySpec": spec, "KeyUsage": usage, "Description": "d"}),
                )
                .await;
            let key = &made["KeyMetadata"];
            let id = text(&key["KeyId"]);
            let mut expected = json!({
                "AWSAccountId": who.account, "KeyId": id, "Arn": who.arn(id), "CreationDate": 1_795_571_587.123,
                "Enabled": true, "Description": "d", "KeyUsage": usage, "KeyState": "Enabled", "Origin": "AWS_KMS",
                "KeyManager": "CUSTOMER", "CustomerMasterKeySpec": spec, "KeySpec": spec, "MultiRegion": false,
                list: algorithms,
            });
            if spec == "SYMMETRIC_DEFAULT" {
                expected["CurrentKeyMaterialId"] = key["CurrentKeyMaterialId"].clone();
                assert_eq!(text(&key["CurrentKeyMaterialId"]).len(), 64);
            }
            if who.is_verenc() {
                for name in ["AccountId", "QAccountId"] {
                    expected[name] = json!(who.account);
                }
                expected["KeyRotationEnabled"] = json!(false);
                expected["Tags"] = json!([]);
            }
            assert_eq!(key, &expected);
            assert_eq!(house.ok(who, "DescribeKey", json!({"KeyId": id})).await, made);
            let public =
                house.call(who, "GetPublicKey", json!({"KeyId": id, "GrantTokens": []})).await;
            if spec.starts_with("RSA") || spec.starts_with("ECC") {
                let public = public.ok();
                let der = text(&public["PublicKey"]).to_owned();
                assert!(bytes(&public["PublicKey"]).len() > 40);
                assert_eq!(
                    public,
                    json!({
                        "KeyId": who.arn(id), "PublicKey": der, "CustomerMasterKeySpec": spec, "KeySpec": spec,
                        "KeyUsage": usage, list: expected[list],
                    })
                );
            } else {
                assert_eq!(
                    (public.status, public.json),
                    (400, json!({"__type": "UnsupportedOperationException"}))
                );
            }
        }
    }
}

#[tokio::test]
async fn defaults_and_the_vendors_own_words() {
    let (house, people) = house().await;
    for who in &people {
        for body in [
            &b""[..],
            b"{}",
            br#"{"Nonsense":[1],"Origin":"QKMS","MultiRegion":false,"KeySpec":null,"Tags":[]}"#,
        ] {
            let made = house.raw(who, "CreateKey", body).await.ok();
            let key = &made["KeyMetadata"];
            let shown =
                [&key["KeySpec"], &key["KeyUsage"], &key["Origin"], &key["Description"]].map(text);
            assert_eq!(shown, ["SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS", ""]);
        }
        for spec in ["ECC_ED25519", "EDDSA_ED25519"] {
            let made = house
                .ok(who, "CreateKey", json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}))
                .await;
            let id = &made["KeyMetadata"]["KeyId"];
            for told in
                [&made["KeyMetadata"], &house.ok(who, "GetPublicKey", json!({"KeyId": id})).await]
            {
                assert_eq!(
                    [&told["KeySpec"], &told["CustomerMasterKeySpec"]].map(text),
                    [spec, spec]
                );
            }
        }
        let usage =
            json!({"CustomerMasterKeySpec": "ECC_NIST_P384", "KeyUsage": "DERIVE_SHARED_SECRET"});
        assert_eq!(
            house.ok(who, "CreateKey", usage).await["KeyMetadata"]["KeyUsage"],
            "KEY_AGREEMENT"
        );
        let tags =
            json!({"Tags": [{"TagKey": "b", "TagValue": ""}, {"TagKey": "a", "TagValue": "1"}]});
        let made = house.ok(who, "CreateKey", tags).await;
        let expected = json!([{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}]);
        assert_eq!(
            made["KeyMetadata"]["Tags"],
            if who.is_verenc() { expected } else { Value::Null }
        );
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*"}]}"#;
        house
            .ok(who, "CreateKey", json!({"Policy": policy, "BypassPolicyLockoutSafetyCheck": true}))
            .await;
        let twins = json!({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"});
        let answer = house.call(who, "CreateKey", twins).await;
        assert_eq!(answer.code(), if who.is_verenc() { "" } else { "ValidationException" });
        // One party is no sharing.
        house.ok(who, "CreateKey", json!({"Threshold": 1, "TotalParties": 1})).await;
    }
}

#[tokio::test]
async fn answers_carry_the_vendors_headers() {
    let (house, [who, _]) = house().await;
    let id = house.key(&who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let empty = house.call(&who, "DisableKey", json!({"KeyId": id})).await;
    let error = house.call(&who, "Encrypt", json!({"KeyId": id, "Plaintext": "eA=="})).await;
    assert!(empty.bytes.is_empty());
    assert_eq!(error.headers["x-amzn-errortype"], "DisabledException");
    assert!(!empty.headers.contains_key("x-amzn-errortype"));
    for answer in [&empty, &error] {
        assert_eq!(answer.headers["content-type"], JSON);
        assert_eq!(answer.headers["date"], "Wed, 25 Nov 2026 01:53:07 GMT");
        assert_eq!(answer.headers["x-amzn-requestid"].len(), 36);
    }
    assert_ne!(empty.headers["x-amzn-requestid"], error.headers["x-amzn-requestid"]);
    let lines = house.audit.lines();
    let request: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(text(&request["request"]), error.headers["x-amzn-requestid"].to_str().unwrap());
    assert_eq!((text(&request["agent"]), text(&request["operation"])), ("test/1", "Encrypt"));
}

#[tokio::test]
async fn data_is_encrypted_and_decrypted() {
    let (house, people) = house().await;
    for who in &people {
        let id = house.key(who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
        for (size, context) in [(1, json!({})), (4_096, json!({"b": "2", "a": "é", "": ""}))] {
            let plaintext = b64(&vec![7; size]);
            let sealed = house.ok(who, "Encrypt", json!({"KeyId": who.arn(&id), "Plaintext": plaintext, "EncryptionContext": context})).await;
            assert_eq!(names(&sealed), ["CiphertextBlob", "EncryptionAlgorithm", "KeyId"]);
            let blob = &sealed["CiphertextBlob"];
            assert_eq!(bytes(blob).len(), size + 100);
            for named in [
                json!({}),
                json!({"KeyId": id.to_uppercase()}),
                json!({"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
            ] {
                let mut body = json!({"CiphertextBlob": blob, "EncryptionContext": context});
                body.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
                let opened = house.ok(who, "Decrypt", body).await;
                assert_eq!(
                    names(&opened),
                    ["EncryptionAlgorithm", "KeyId", "KeyMaterialId", "Plaintext"]
                );
                assert_eq!(opened["Plaintext"], json!(plaintext));
                assert_eq!(opened["KeyId"], json!(who.arn(&id)));
            }
            let wrong = json!({"CiphertextBlob": blob, "EncryptionContext": {"b": "2"}});
            assert_eq!(
                house.call(who, "Decrypt", wrong).await.code(),
                "InvalidCiphertextException"
            );
        }
        let rsa = house.key(who, "RSA_2048", "ENCRYPT_DECRYPT").await;
        for algorithm in ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] {
            let body = json!({"KeyId": rsa, "Plaintext": "eA==", "EncryptionAlgorithm": algorithm});
            let sealed = house.ok(who, "Encrypt", body).await;
            assert_eq!(bytes(&sealed["CiphertextBlob"]).len(), 256);
            let body = json!({"KeyId": rsa, "CiphertextBlob": sealed["CiphertextBlob"], "EncryptionAlgorithm": algorithm});
            let opened = house.ok(who, "Decrypt", body).await;
            assert_eq!(
                opened,
                json!({"KeyId": who.arn(&rsa), "Plaintext": "eA==", "EncryptionAlgorithm": algorithm})
            );
        }
    }
}

/// An alias that another door made names the key here too.
#[tokio::test]
async fn a_key_goes_by_its_alias() {
    let (house, people) = house().await;
    for (who, alias) in people.iter().zip(["alias/a/b", "alias/Other"]) {
        let id = house.key(who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
        let key = KeyRef::Id(KeyId::parse(&id).unwrap());
        let name = alias.strip_prefix("alias/").unwrap().to_owned();
        let caller = house.caller(who).await;
        house.engine.create_alias(&caller, CreateAlias { name, key }).await.unwrap();
        let arn = who.arn(&id).replace(&format!("key/{id}"), alias);
        for named in [alias, arn.as_str()] {
            let described = house.ok(who, "DescribeKey", json!({"KeyId": named})).await;
            assert_eq!(text(&described["KeyMetadata"]["KeyId"]), id);
            let body = json!({"KeyId": named, "Plaintext": "eA=="});
            assert_eq!(house.ok(who, "Encrypt", body).await["KeyId"], json!(who.arn(&id)));
        }
        let other = house
            .call(
                who,
                "DescribeKey",
                json!({"KeyId": alias.replace("a", "A").replace("Alias", "alias")}),
            )
            .await;
        assert_eq!(other.code(), "NotFoundException");
    }
}

/// A key pair that another door rotated must stay what this door's clients know: their public key is of version 1.
#[tokio::test]
async fn an_asymmetric_key_stays_the_same_here() {
    let (house, [who, _]) = house().await;
    let id = house.key(&who, "RSA_2048", "ENCRYPT_DECRYPT").await;
    let before = house.ok(&who, "GetPublicKey", json!({"KeyId": id})).await;
    let caller = house.caller(&who).await;
    let key = KeyRef::Id(KeyId::parse(&id).unwrap());
    let rotate = RotateKey { key, symmetric_only: false, on_demand_limit: None };
    assert_eq!(house.engine.rotate_key(&caller, rotate).await.unwrap().key.primary_version, 2);
    assert_eq!(house.ok(&who, "GetPublicKey", json!({"KeyId": id})).await, before);
    let block = rsa::oaep_encrypt(&bytes(&before["PublicKey"]), rsa::OaepHash::Sha256, b"x");
    let body =
        json!({"KeyId": id, "Plaintext": "eA==", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    let made = house.ok(&who, "Encrypt", body).await;
    for blob in [b64(&block.unwrap()), text(&made["CiphertextBlob"]).to_owned()] {
        let body = json!({"KeyId": id, "CiphertextBlob": blob, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
        assert_eq!(house.ok(&who, "Decrypt", body).await["Plaintext"], json!("eA=="));
    }
}

#[tokio::test]
async fn data_keys_come_plain_and_sealed() {
    let (house, people) = house().await;
    for who in &people {
        let id = house.key(who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
        for (member, value, size) in [
            ("KeySpec", json!("AES_128"), 16),
            ("KeySpec", json!("AES_256"), 32),
            ("NumberOfBytes", json!(1), 1),
            ("NumberOfBytes", json!(1_024), 1_024),
        ] {
            let body = json!({"KeyId": id, member: value, "EncryptionContext": {"a": "b"}});
            let made = house.ok(who, "GenerateDataKey", body.clone()).await;
            assert_eq!(names(&made), ["CiphertextBlob", "KeyId", "KeyMaterialId", "Plaintext"]);
            assert_eq!(bytes(&made["Plaintext"]).len(), size);
            let open =
                json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": {"a": "b"}});
            assert_eq!(house.ok(who, "Decrypt", open).await["Plaintext"], made["Plaintext"]);
            let hidden = house.ok(who, "GenerateDataKeyWithoutPlaintext", body).await;
            assert_eq!(names(&hidden), ["CiphertextBlob", "KeyId", "KeyMaterialId"]);
            let open = json!({"CiphertextBlob": hidden["CiphertextBlob"], "EncryptionContext": {"a": "b"}});
            assert_eq!(bytes(&house.ok(who, "Decrypt", open).await["Plaintext"]).len(), size);
        }
    }
}

#[tokio::test]
async fn key_pairs_match_and_stay_sealed_in_the_verenc_style() {
    let (house, people) = house().await;
    for who in &people {
        let id = house.key(who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
        for spec in [
            "RSA_2048",
            "ECC_NIST_P256",
            "ECC_NIST_P384",
            "ECC_NIST_P521",
            "ECC_SECG_P256K1",
            "ECC_NIST_EDWARDS25519",
            "ECC_ED25519",
        ] {
            for operation in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"] {
                let body = json!({"KeyId": id, "KeyPairSpec": spec, "EncryptionContext": {"Purpose": "Test"}});
                let made = house.ok(who, operation, body).await;
                assert_eq!(
                    (text(&made["KeyPairSpec"]), text(&made["KeyId"])),
                    (spec, &*who.arn(&id))
                );
                let open = json!({"CiphertextBlob": made["PrivateKeyCiphertextBlob"], "EncryptionContext": {"Purpose": "Test"}});
                let opened = house.ok(who, "Decrypt", open).await;
                check_pair(spec, &bytes(&opened["Plaintext"]), &bytes(&made["PublicKey"]));
                let mut expected = vec![
                    "KeyId",
                    "KeyMaterialId",
                    "KeyPairSpec",
                    "PrivateKeyCiphertextBlob",
                    "PublicKey",
                ];
                if operation == "GenerateDataKeyPair" {
                    if who.is_verenc() {
                        assert_eq!(made["PrivateKey"], made["PrivateKeyCiphertextBlob"]);
                        expected.insert(3, "PrivateKey");
                    } else {
                        assert_eq!(made["PrivateKeyPlaintext"], opened["Plaintext"]);
                        expected.insert(4, "PrivateKeyPlaintext");
                    }
                }
                assert_eq!(names(&made), expected, "{operation}");
            }
        }
    }
}

/// The public key belongs to the private one. (Other libraries look at both in the suites with the vendors' clients.)
fn check_pair(spec: &str, private: &[u8], public: &[u8]) {
    let spec = match spec {
        "RSA_2048" => "RSA_2048",
        "ECC_NIST_P256" => "EC_P256",
        "ECC_NIST_P384" => "EC_P384",
        "ECC_NIST_P521" => "EC_P521",
        "ECC_SECG_P256K1" => "EC_P256K1",
        _ => "ED25519",
    };
    let spec = KeySpec::parse(spec).unwrap();
    let derived = match spec.family() {
        Family::Rsa(size) => rsa::public_from_private(size, private),
        Family::Ec(curve) => ec::public_from_private(curve, private),
        _ => edwards::public_from_private(private),
    };
    assert_eq!(derived.unwrap(), public);
}

#[tokio::test]
async fn old_material_opens_after_rotation() {
    let (house, people) = house().await;
    for who in &people {
        let id = house.key(who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
        let mut kept = Vec::new();
        let mut materials = Vec::new();
        for _ in 0..3 {
            let key = house.ok(who, "DescribeKey", json!({"KeyId": id})).await;
            let made =
                house.ok(who, "GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})).await;
            assert_eq!(made["KeyMaterialId"], key["KeyMetadata"]["CurrentKeyMaterialId"]);
            materials.push(text(&made["KeyMaterialId"]).to_owned());
            kept.push(made);
            let rotated = house.ok(who, "RotateKeyOnDemand", json!({"KeyId": id})).await;
            assert_eq!(rotated, json!({"KeyId": who.arn(&id)}));
            for made in &kept {
                let opened = house
                    .ok(who, "Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}))
                    .await;
                assert_eq!(opened["Plaintext"], made["Plaintext"]);
                assert_eq!(opened["KeyMaterialId"], made["KeyMaterialId"]);
            }
        }
        materials.dedup();
        assert_eq!(materials.len(), 3);
    }
}

#[tokio::test]
async fn a_key_rotates_on_demand_25_times() {
    let (house, [who, _]) = house().await;
    let id = house.key(&who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    for _ in 0..25 {
        house.ok(&who, "RotateKeyOnDemand", json!({"KeyId": id})).await;
    }
    let answer = house.call(&who, "RotateKeyOnDemand", json!({"KeyId": id})).await;
    assert_eq!(answer.code(), "LimitExceededException");
    assert!(answer.message().ends_with(&who.arn(&id)));
}

#[tokio::test]
async fn keys_are_listed_page_by_page() {
    let (house, [who, other]) = house().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(house.key(&who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await);
    }
    made.sort();
    let (mut found, mut pages, mut marker) = (Vec::new(), 0, Value::Null);
    loop {
        let page = house
            .ok(&who, "ListKeys", json!({"Limit": 2, "Marker": marker, "ResourceOwners": ["SELF"]}))
            .await;
        for key in page["Keys"].as_array().unwrap() {
            let id = text(&key["KeyId"]);
            assert_eq!(key, &json!({"KeyId": id, "KeyArn": who.arn(id)}));
            found.push(id.to_owned());
        }
        pages += 1;
        assert_eq!(page["Truncated"], json!(pages < 3));
        marker = page["NextMarker"].clone();
        if marker.is_null() {
            break;
        }
        // Another credential of the same principal may go on; another operation's marker or a bent one does not do.
        house.ok(&other, "ListKeys", json!({"Marker": marker})).await;
        let bent = text(&marker).replacen(|c: char| c.is_ascii_lowercase(), "9", 1);
        assert_eq!(
            house.call(&who, "ListKeys", json!({"Marker": bent})).await.code(),
            "InvalidMarkerException"
        );
    }
    assert_eq!((found, pages), (made, 3));
    let marker = house.ok(&who, "ListKeys", json!({"Limit": 1})).await["NextMarker"].clone();
    house.clock.advance(3_599_000);
    let now = |draft: Draft| draft.set("x-amz-date", Some("20261125T025307Z")).signed(&who);
    let body = json!({"Marker": marker}).to_string();
    house.send(now(Draft::new("ListKeys", body.as_bytes()))).await.ok();
    house.clock.advance(2_000);
    let late = house.send(now(Draft::new("ListKeys", body.as_bytes()))).await;
    assert_eq!(late.code(), "InvalidMarkerException");
}

#[tokio::test]
async fn keys_are_disabled_and_enabled() {
    let (house, people) = house().await;
    for who in &people {
        let id = house.key(who, "ECC_NIST_P256", "SIGN_VERIFY").await;
        for (operation, enabled, state) in
            [("DisableKey", false, "Disabled"), ("EnableKey", true, "Enabled")]
        {
            for _ in 0..2 {
                let answer = house.call(who, operation, json!({"KeyId": who.arn(&id)})).await;
                assert_eq!((answer.status, answer.bytes.len()), (200, 0));
                let key = house.ok(who, "DescribeKey", json!({"KeyId": id})).await;
                assert_eq!(key["KeyMetadata"]["Enabled"], json!(enabled));
                assert_eq!(text(&key["KeyMetadata"]["KeyState"]), state);
            }
        }
    }
}

#[tokio::test]
async fn dry_runs_do_everything_but_the_work() {
    let (house, [who, _]) = house().await;
    let id = house.key(&who, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let blob = house.ok(&who, "Encrypt", json!({"KeyId": id, "Plaintext": "eA=="})).await["CiphertextBlob"].clone();
    for (operation, body) in [
        ("Encrypt", json!({"KeyId": id, "Plaintext": "eA=="})),
        ("Decrypt", json!({"CiphertextBlob": blob})),
        ("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": id, "KeySpec": "AES_256"})),
        ("GenerateDataKeyPair", json!({"KeyId": id, "KeyPairSpec": "ECC_NIST_P256"})),
        (
            "GenerateDataKeyPairWithoutPlaintext",
            json!({"KeyId": id, "KeyPairSpec": "ECC_NIST_P256"}),
        ),
    ] {
        let mut dry = body.clone();
        dry["DryRun"] = json!(true);
        let answer = house.call(&who, operation, dry.clone()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "DryRunOperationException"),
            "{operation}"
        );
        assert_eq!(names(&answer.json), ["__type", "message"]);
        dry["DryRun"] = json!(false);
        house.ok(&who, operation, dry.clone()).await;
        dry["DryRun"] = json!(true);
        house.ok(&who, "DisableKey", json!({"KeyId": id})).await;
        assert_eq!(
            house.call(&who, operation, dry).await.code(),
            "DisabledException",
            "{operation}"
        );
        house.ok(&who, "EnableKey", json!({"KeyId": id})).await;
    }
}
