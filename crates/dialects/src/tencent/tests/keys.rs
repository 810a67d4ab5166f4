//! Keys themselves: made, described, listed, switched on and off.

use serde_json::json;
use trent_core::model::{KeyId, KeyRef};

use super::*;

const USAGES: [&str; 6] = [
    "ENCRYPT_DECRYPT",
    "ASYMMETRIC_DECRYPT_RSA_2048",
    "ASYMMETRIC_SIGN_VERIFY_RSA_2048",
    "ASYMMETRIC_SIGN_VERIFY_RSA_3072",
    "ASYMMETRIC_SIGN_VERIFY_ECC",
    "ASYMMETRIC_SIGN_VERIFY_ECDSA384",
];

#[tokio::test]
async fn every_usage_makes_a_key_that_is_described_alike() {
    let house = House::new().await;
    for usage in USAGES {
        let alias = usage.to_lowercase();
        let made = house
            .call("CreateKey", json!({"Alias": alias, "KeyUsage": usage, "Description": "é"}))
            .await
            .ok();
        let id = made["KeyId"].as_str().unwrap();
        let expected = json!({
            "KeyId": id,
            "Alias": alias,
            "CreateTime": NOW,
            "Description": "é",
            "KeyState": "Enabled",
            "KeyUsage": usage,
            "TagCode": 0,
            "TagMsg": "",
            "HsmClusterId": "",
            "RequestId": made["RequestId"],
        });
        assert_eq!(made, expected);
        let told = house.call("DescribeKey", json!({"KeyId": id})).await.ok();
        let expected = json!({
            "KeyId": id,
            "Alias": alias,
            "CreateTime": NOW,
            "Description": "é",
            "KeyState": "Enabled",
            "KeyUsage": usage,
            "Type": 2,
            "CreatorUin": 100_000_000_001_u64,
            "CreatorUinString": "100000000001",
            "KeyRotationEnabled": false,
            "Owner": "user",
            "NextRotateTime": NOW + 31_536_000,
            "LastRotateTime": 0,
            "RotateDays": 365,
            "DeletionDate": 0,
            "Origin": "TENCENT_KMS",
            "ValidTo": 0,
            "ResourceId": format!("creatorUin/100000000001/{id}"),
            "HsmClusterId": "",
        });
        assert_eq!(told["KeyMetadata"], expected);
    }
}

#[tokio::test]
async fn tags_are_kept_and_told_of() {
    let house = House::new().await;
    let tags = json!([{"TagKey": "env", "TagValue": "test"}, {"TagKey": "é", "TagValue": ""}]);
    let made = house.call("CreateKey", json!({"Alias": "a", "Type": 1, "Tags": tags})).await.ok();
    assert_eq!((&made["TagCode"], &made["TagMsg"]), (&json!(0), &json!("ok")));
    let id = KeyId::parse(made["KeyId"].as_str().unwrap()).unwrap();
    let caller = house.elsewhere().await;
    let key = house.engine.describe_key(&caller, &KeyRef::Id(id)).await.unwrap().key;
    let kept: Vec<_> = key.tags.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(kept, [("env", "test"), ("é", "")]);
    assert_eq!(key.name.as_deref(), Some("a"));
}

#[tokio::test]
async fn keys_that_cannot_be_made_are_refused() {
    let house = House::new().await;
    for usage in [
        "ASYMMETRIC_DECRYPT_SM2",
        "ASYMMETRIC_SIGN_VERIFY_SM2",
        "ASYMMETRIC_Encrypt_Decrypt_Kyber_AES",
        "ASYMMETRIC_SIGN_VERIFY_DILITHIUM",
    ] {
        let code = "UnsupportedOperation.UnsupportedKeyUsageInCurrentRegion";
        house.refused("CreateKey", json!({"Alias": "a", "KeyUsage": usage}), code).await;
    }
    let usage = "InvalidParameterValue.InvalidKeyUsage";
    for (more, code) in [
        (json!({"KeyUsage": "ASYMMETRIC_SIGN_VERIFY_RSA_4096"}), usage),
        (json!({"KeyUsage": "encrypt_decrypt"}), usage),
        (json!({"Type": 2}), "UnsupportedOperation"),
        (json!({"Type": 0}), "InvalidParameterValue.InvalidType"),
        (json!({"Type": 3}), "InvalidParameterValue.InvalidType"),
        (json!({"Type": "x"}), "InvalidParameter"),
        (json!({"Description": "é".repeat(513)}), "InvalidParameter"),
        (json!({"HsmClusterId": "cls-hsm-1"}), "InvalidParameterValue.InvalidHsmClusterId"),
        (
            json!({"Tags": [{"TagKey": "a", "TagValue": ""}, {"TagKey": "a", "TagValue": "1"}]}),
            "InvalidParameterValue.TagKeysDuplicated",
        ),
        (json!({"Tags": [{"TagKey": "", "TagValue": ""}]}), "InvalidParameterValue"),
        (json!({"MemberAccount": {}}), "UnknownParameter"),
        (json!({"Alias": "kms-a"}), "InvalidParameterValue.InvalidAlias"),
        (json!({"Alias": ""}), "InvalidParameterValue.InvalidAlias"),
        (json!({"Alias": null}), "MissingParameter"),
        (json!({"Alias": 1}), "InvalidParameter"),
    ] {
        let mut body = json!({"Alias": "a"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.refused("CreateKey", body, code).await;
    }
    house.create("a", "").await;
    let taken = "InvalidParameterValue.AliasAlreadyExists";
    house.refused("CreateKey", json!({"Alias": "a"}), taken).await;
    house.refused("CreateKey", json!({"Alias": "A"}), taken).await;
}

#[tokio::test]
async fn lists_are_of_the_newest_first() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        house.clock.advance(1);
        ids.push(house.create(&format!("k{n}"), "").await);
    }
    ids.reverse();
    let list = async |body: Value| {
        let listed = house.call("ListKeys", body).await.ok();
        let keys = listed["Keys"].as_array().unwrap();
        let keys: Vec<String> =
            keys.iter().map(|key| key["KeyId"].as_str().unwrap().to_owned()).collect();
        (keys, listed["TotalCount"].as_u64().unwrap())
    };
    assert_eq!(list(json!({})).await, (ids[..10].to_vec(), 12));
    assert_eq!(list(json!({"Limit": 200, "Role": 0})).await, (ids.clone(), 12));
    assert_eq!(list(json!({"Offset": 10, "Limit": "10"})).await, (ids[10..].to_vec(), 12));
    assert_eq!(list(json!({"Offset": 12})).await, (vec![], 12));
    assert_eq!(list(json!({"Offset": u64::MAX})).await, (vec![], 12));
    assert_eq!(list(json!({"Limit": 0})).await, (vec![], 12));
    assert_eq!(list(json!({"Role": 1})).await, (vec![], 0));
    house.call("DisableKey", json!({"KeyId": ids[0]})).await.ok();
    assert_eq!(list(json!({"Limit": 1})).await, (ids[..1].to_vec(), 12));
    let value = "InvalidParameterValue";
    house.refused("ListKeys", json!({"Limit": 201}), value).await;
    house.refused("ListKeys", json!({"Role": 2}), value).await;
    let cluster = "InvalidParameterValue.InvalidHsmClusterId";
    house.refused("ListKeys", json!({"HsmClusterId": "x"}), cluster).await;
    house.refused("ListKeys", json!({"Limit": -1}), "InvalidParameter").await;
}

#[tokio::test]
async fn keys_are_switched_off_and_on() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let id = json!({"KeyId": key});
    for (action, state) in [
        ("EnableKey", "Enabled"),
        ("DisableKey", "Disabled"),
        ("DisableKey", "Disabled"),
        ("EnableKey", "Enabled"),
    ] {
        let done = house.call(action, id.clone()).await.ok();
        assert_eq!(done.as_object().unwrap().len(), 1, "{done}");
        let told = house.call("DescribeKey", id.clone()).await.ok();
        assert_eq!(told["KeyMetadata"]["KeyState"], state);
    }
}

#[tokio::test]
async fn names_of_keys_are_ids_of_the_callers_own() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let other = house.new_tenant("second", "100000000002").await;
    let stranger = house.new_who(other, Preset::Administrator).await;
    let not_found = "ResourceUnavailable.CmkNotFound";
    for (action, more) in [
        ("DescribeKey", json!({})),
        ("EnableKey", json!({})),
        ("DisableKey", json!({})),
        ("Encrypt", json!({"Plaintext": "AA=="})),
        ("GenerateDataKey", json!({"KeySpec": "AES_256"})),
        ("AsymmetricRsaDecrypt", json!({"Ciphertext": "AA==", "Algorithm": "RSAES_OAEP_SHA_1"})),
        ("GetPublicKey", json!({})),
    ] {
        let with = |id: &str| {
            let mut body = more.clone();
            body["KeyId"] = json!(id);
            body
        };
        for id in ["", "a", "alias/a", "23e80852", "23e80852-1e38-11e9-b129-5cb9019b4b0z", "{}"] {
            let code = "InvalidParameterValue.InvalidKeyId";
            assert_eq!(house.call(action, with(id)).await.code(), code, "{action} {id}");
        }
        let unknown = "23e80852-1e38-11e9-b129-5cb9019b4b01";
        assert_eq!(house.call(action, with(unknown)).await.code(), not_found, "{action}");
        let theirs = house.ask(&stranger, action, with(&key)).await;
        assert_eq!(theirs.code(), not_found, "{action}");
        // Keys of one region are unknown in another.
        let elsewhere = Draft::post(action, &with(&key).to_string());
        let elsewhere = elsewhere.set("x-tc-region", Some("second")).signed(&house.admin);
        assert_eq!(house.send(elsewhere).await.code(), not_found, "{action}");
        assert_eq!(house.call(action, more.clone()).await.code(), "MissingParameter", "{action}");
        let mut wrong = more.clone();
        wrong["KeyId"] = json!(["a"]);
        assert_eq!(house.call(action, wrong).await.code(), "InvalidParameter", "{action}");
        let mut unknown = with(&key);
        unknown["Guess"] = json!("");
        assert_eq!(house.call(action, unknown).await.code(), "UnknownParameter", "{action}");
    }
    for action in ["DescribeKey", "EnableKey", "DisableKey"] {
        let body = json!({"KeyId": key, "MemberAccount": {"MemberUin": 100_000_000_002_u64}});
        house.refused(action, body, "UnsupportedOperation.NotRoleOperation").await;
        house.call(action, json!({"KeyId": key, "MemberAccount": {}})).await.ok();
    }
    house.call("DescribeKey", json!({"KeyId": key.to_uppercase()})).await.ok();
}

#[tokio::test]
async fn keys_that_the_vendor_has_no_words_for_are_not_listed() {
    let house = House::new().await;
    let code = "UnsupportedOperation.UnsupportedKeyUsageInCurrentRegion";
    for (spec, usage) in [
        (KeySpec::Aes128, Usage::EncryptDecrypt),
        (KeySpec::ChaCha20Poly1305, Usage::EncryptDecrypt),
        (KeySpec::Rsa3072, Usage::EncryptDecrypt),
        (KeySpec::EcP256, Usage::KeyAgreement),
        (KeySpec::EcP521, Usage::SignVerify),
        (KeySpec::EcP256k1, Usage::SignVerify),
        (KeySpec::Ed25519, Usage::SignVerify),
        (KeySpec::Hmac, Usage::GenerateVerifyMac),
        (KeySpec::Hmac256, Usage::GenerateVerifyMac),
    ] {
        let key = house.make(spec, usage, None).await;
        for (action, body) in [
            ("DescribeKey", json!({"KeyId": key})),
            ("EnableKey", json!({"KeyId": key})),
            ("DisableKey", json!({"KeyId": key})),
            ("Encrypt", json!({"KeyId": key, "Plaintext": "AA=="})),
            ("GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 1})),
            ("GetPublicKey", json!({"KeyId": key})),
        ] {
            assert_eq!(house.call(action, body).await.code(), code, "{action} {spec:?}");
        }
    }
    assert_eq!(house.call("ListKeys", json!({})).await.ok()["TotalCount"], 0);
    // Those of other doors that it has words for.
    for (spec, usage, name, alias, shown) in [
        (KeySpec::Aes256, Usage::EncryptDecrypt, None, None, USAGES[0]),
        (KeySpec::Rsa2048, Usage::EncryptSign, Some("DNSSEC é"), Some("DNSSEC é"), USAGES[1]),
        (KeySpec::EcP384, Usage::SignVerify, None, None, USAGES[5]),
    ] {
        let key = house.make(spec, usage, name).await;
        let told = house.call("DescribeKey", json!({"KeyId": key})).await.ok();
        let alias = alias.map_or_else(|| format!("key-{key}"), str::to_owned);
        assert_eq!(told["KeyMetadata"]["KeyUsage"], shown);
        assert_eq!(told["KeyMetadata"]["Alias"], alias);
    }
    assert_eq!(house.call("ListKeys", json!({})).await.ok()["TotalCount"], 3);
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    let house = House::new().await;
    let key = house.create("a", "").await;
    let reader = house.new_who(house.tenant, Preset::Reader).await;
    let nobody = house.new_who(house.tenant, Preset::None).await;
    house.ask(&reader, "DescribeKey", json!({"KeyId": key})).await.ok();
    house.ask(&reader, "ListKeys", json!({})).await.ok();
    for (who, action, body, resource) in [
        (&reader, "CreateKey", json!({"Alias": "b"}), "*".to_owned()),
        (
            &reader,
            "DisableKey",
            json!({"KeyId": key}),
            format!("qcs::kms:ap-guangzhou:uin/100000000001:key/creatorUin/100000000001/{key}"),
        ),
        (&nobody, "ListKeys", json!({}), "*".to_owned()),
    ] {
        let answer = house.ask(who, action, body).await;
        assert_eq!(answer.code(), "UnauthorizedOperation");
        assert!(answer.message().contains(&format!("(kms:{action})")), "{}", answer.message());
        assert!(answer.message().contains(&format!("({resource})")), "{}", answer.message());
    }
}
