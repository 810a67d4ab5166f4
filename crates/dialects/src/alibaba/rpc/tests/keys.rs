//! Keys, their versions, lists and aliases.

use super::*;
use trent_core::model::{KeySpec, Rotation, Usage};
use trent_core::ops::CreateKey;

const ACCOUNT: &str = "1111222233334444";

#[tokio::test]
async fn a_key_is_made_and_described() {
    let house = House::new().await;
    for way in WAYS {
        let pairs = [("Description", "für &=%"), ("Tags", r#"[{"TagKey":"a","TagValue":"b"}]"#)];
        let made = house.ask(&house.ann, way, "CreateKey", &pairs).await.ok();
        let told = &made.json["KeyMetadata"];
        let id = told["KeyId"].as_str().unwrap();
        assert_eq!(id.len(), 36);
        let version = told["PrimaryKeyVersion"].as_str().unwrap();
        assert!(version.len() == 36 && version.ends_with("-000000001"), "{version}");
        let expected = serde_json::json!({
            "KeyId": id,
            "Arn": format!("acs:kms:cn-hangzhou:{ACCOUNT}:key/{id}"),
            "Creator": ACCOUNT,
            "CreationDate": "2026-11-25T01:53:07Z",
            "Description": "für &=%",
            "KeySpec": "Aliyun_AES_256",
            "KeyUsage": "ENCRYPT/DECRYPT",
            "KeyState": "Enabled",
            "Origin": "Aliyun_KMS",
            "ProtectionLevel": "SOFTWARE",
            "PrimaryKeyVersion": version,
            "LastRotationDate": "2026-11-25T01:53:07Z",
            "AutomaticRotation": "Disabled",
            "DeleteDate": "",
            "MaterialExpireTime": "",
        });
        assert_eq!(*told, expected);
        for name in [id, &id.to_uppercase(), told["Arn"].as_str().unwrap()] {
            let described =
                house.ask(&house.ann, way, "DescribeKey", &[("KeyId", name)]).await.ok();
            let mut described = described.json["KeyMetadata"].clone();
            let members = described.as_object_mut().unwrap();
            assert_eq!(members.remove("DeletionProtection").unwrap(), "Disabled");
            assert_eq!(members.remove("DeletionProtectionDescription").unwrap(), "");
            assert_eq!(described, expected);
        }
    }
}

#[tokio::test]
async fn every_spec_and_usage_of_the_vendor() {
    let house = House::new().await;
    let check = async |spec: &str, usage: &str, expected: Result<&str, &str>| {
        let pairs = [("KeySpec", spec), ("KeyUsage", usage)];
        let answer = house.call("CreateKey", &pairs).await;
        match expected {
            Ok(usage) => {
                let told = &answer.ok().json["KeyMetadata"];
                assert_eq!((&told["KeySpec"], &told["KeyUsage"]), (&spec.into(), &usage.into()));
            }
            Err(code) => drop(answer.refused(400, code)),
        }
    };
    let (crypt, sign, mac) = ("ENCRYPT/DECRYPT", "SIGN/VERIFY", "GENERATE/VERIFY_MAC");
    for (spec, default, more) in [
        ("Aliyun_AES_256", crypt, &[][..]),
        ("Aliyun_AES_128", crypt, &[]),
        ("RSA_2048", sign, &[crypt]),
        ("EC_P256", sign, &[]),
        ("EC_P256K", sign, &[]),
        ("HMAC_SHA_224", mac, &[]),
        ("HMAC_SHA_256", mac, &[]),
        ("HMAC_SHA_384", mac, &[]),
        ("HMAC_SHA_512", mac, &[]),
    ] {
        check(spec, "", Ok(default)).await;
        for usage in [crypt, sign, mac] {
            let fits = usage == default || more.contains(&usage);
            check(spec, usage, if fits { Ok(usage) } else { Err("UnsupportedOperation") }).await;
        }
    }
    for spec in ["Aliyun_AES_192", "Aliyun_SM4", "Aliyun_DES3_192", "EC_SM2", "HMAC_SM3"] {
        check(spec, "", Err("UnsupportedOperation")).await;
    }
    for (spec, usage) in [
        ("AES_256", ""),
        ("aliyun_aes_256", ""),
        ("RSA_1024", ""),
        ("EC_P256", "SIGN_VERIFY"),
        ("EC_P256", "sign/verify"),
    ] {
        check(spec, usage, Err("InvalidParameter")).await;
    }
}

#[tokio::test]
async fn keys_that_cannot_be_made() {
    let house = House::new().await;
    let long = "é".repeat(8_193);
    let before = house.audit.lines().len();
    let cases = [
        ("Description", &*long, 400, "InvalidParameter"),
        ("Origin", "EXTERNAL", 400, "UnsupportedOperation"),
        ("Origin", "aliyun_kms", 400, "InvalidParameter"),
        ("ProtectionLevel", "HSM", 400, "Unsupported.ProtectionLevel"),
        ("ProtectionLevel", "software", 400, "InvalidParameter"),
        ("EnableAutomaticRotation", "true", 400, "UnsupportedOperation"),
        ("EnableAutomaticRotation", "yes", 400, "InvalidParameter"),
        ("KeyStorageMechanism", "HsmInternal", 400, "UnsupportedOperation"),
        ("Policy", "{}", 400, "Forbidden.KeyPolicyUnSupported"),
        ("DKMSInstanceId", "kst-0000000000000002", 403, "Forbidden.DKMSInstanceNotFound"),
        ("Tags", "a=b", 400, "InvalidParameter"),
        ("Tags", r#"[{"TagKey":"a b","TagValue":""}]"#, 400, "InvalidParameter.TagKey"),
        ("Tags", r#"[{"TagKey":"a","TagValue":" "}]"#, 400, "InvalidParameter.TagValue"),
        ("Tags", r#"[{"TagKey":"a"},{"TagKey":"a"}]"#, 400, "Duplicate.TagKey"),
        ("RegionId", "mars-north-1", 400, "InvalidParameter"),
    ];
    for (name, value, status, code) in cases {
        house.ask(&house.ann, Way::Post, "CreateKey", &[(name, value)]).await.refused(status, code);
    }
    // Each refusal of somebody who is known is in the log.
    let trail = house.trail(before);
    assert_eq!(trail.len(), cases.len());
    for ([operation, action, outcome, reason], (.., code)) in trail.iter().zip(cases) {
        assert_eq!((&**operation, &**action, &**reason), ("CreateKey", "None", code));
        assert!(outcome.eq_ignore_ascii_case("failure"), "{outcome}");
    }
    house.ask(&house.rob, Way::Get, "CreateKey", &[]).await.refused(403, "Forbidden.NoPermission");
    assert_eq!(house.call("ListKeys", &[]).await.ok().json["TotalCount"], 0);
    house
        .call("CreateKey", &[("EnableAutomaticRotation", "false"), ("Description", &long[2..])])
        .await
        .ok();
    let made = house.call("CreateKey", &[("DKMSInstanceId", "kst-0000000000000001")]).await.ok();
    assert_eq!(made.json["KeyMetadata"]["DKMSInstanceId"], "kst-0000000000000001");
}

#[tokio::test]
async fn states_and_who_may_change_them() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let pairs = [("KeyId", &*id)];
    let state = async || {
        let told = house.call("DescribeKey", &[("KeyId", &id)]).await.ok();
        told.json["KeyMetadata"]["KeyState"].as_str().unwrap().to_owned()
    };
    for (action, expected) in [
        ("EnableKey", "Enabled"),
        ("DisableKey", "Disabled"),
        ("DisableKey", "Disabled"),
        ("EnableKey", "Enabled"),
        ("DisableKey", "Disabled"),
    ] {
        let answer = house.call(action, &pairs).await.ok();
        assert_eq!(answer.json.as_object().unwrap().len(), 1);
        assert_eq!(state().await, expected);
    }
    // The API of everybody else is told as much.
    let data = [("KeyId", &*id), ("Plaintext", "YQ==")];
    let answer = house.call("Encrypt", &data).await.refused(409, "Rejected.Disabled");
    assert_eq!(
        answer.text("Message"),
        "The request was rejected because the key state is Disabled."
    );
    house.call("CreateKeyVersion", &pairs).await.refused(409, "Rejected.Disabled");
    house.call("CreateAlias", &[("KeyId", &id), ("AliasName", "alias/a")]).await.ok();
    for action in ["EnableKey", "DisableKey", "CreateKeyVersion"] {
        let answer = house.ask(&house.rob, Way::Acs3, action, &pairs).await;
        let answer = answer.refused(403, "Forbidden.NoPermission");
        let told =
            format!("Action: kms:{action}. Resource: acs:kms:cn-hangzhou:{ACCOUNT}:key/{id}.");
        assert!(answer.text("Message").ends_with(&told), "{}", answer.text("Message"));
    }
    assert_eq!(state().await, "Disabled");
}

#[tokio::test]
async fn names_of_keys() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    house.call("CreateAlias", &[("KeyId", &id), ("AliasName", "alias/Team/one")]).await.ok();
    let arn =
        |region: &str, account: &str, rest: &str| format!("acs:kms:{region}:{account}:{rest}");
    for name in [
        id.clone(),
        "alias/Team/one".to_owned(),
        arn("cn-hangzhou", ACCOUNT, &format!("key/{id}")),
        arn("main", ACCOUNT, &format!("key/{id}")),
        arn("cn-hangzhou", ACCOUNT, "alias/Team/one"),
    ] {
        for action in ["DescribeKey", "EnableKey", "CreateKeyVersion", "ListKeyVersions"] {
            house.call(action, &[("KeyId", &name)]).await.ok();
        }
        let made = house.call("Encrypt", &[("KeyId", &name), ("Plaintext", "YQ==")]).await.ok();
        // Answers always tell the plain id.
        assert_eq!(made.text("KeyId"), id);
    }
    for (name, status, code) in [
        ("".to_owned(), 400, "MissingParameter"),
        ("alias/".to_owned(), 400, "InvalidParameter"),
        ("acs:kms:x".to_owned(), 400, "InvalidParameter"),
        ("x".repeat(513), 400, "InvalidParameter"),
        ("key-hzz62f1cb66fa42qopd9s".to_owned(), 404, "Forbidden.KeyNotFound"),
        (id.replace('-', "+"), 404, "Forbidden.KeyNotFound"),
        ("00000000-0000-4000-8000-000000000000".to_owned(), 404, "Forbidden.KeyNotFound"),
        ("alias/team/one".to_owned(), 404, "Forbidden.AliasNotFound"),
        (arn("eu-central-1", ACCOUNT, &format!("key/{id}")), 404, "Forbidden.KeyNotFound"),
        (
            arn("cn-hangzhou", "5555666677778888", &format!("key/{id}")),
            404,
            "Forbidden.KeyNotFound",
        ),
        (arn("cn-hangzhou", "0", &format!("key/{id}")), 404, "Forbidden.KeyNotFound"),
        (arn("cn-hangzhou", "0", "alias/Team/one"), 404, "Forbidden.AliasNotFound"),
    ] {
        for action in
            ["DescribeKey", "EnableKey", "DisableKey", "CreateKeyVersion", "ListKeyVersions"]
        {
            house.call(action, &[("KeyId", &name)]).await.refused(status, code);
        }
        let pairs = [("KeyId", &*name), ("Plaintext", "YQ==")];
        house.call("Encrypt", &pairs).await.refused(status, code);
    }
    // A key of another tenant or region is none.
    for way in WAYS {
        let answer = house.ask(&house.eve, way, "DescribeKey", &[("KeyId", &id)]).await;
        answer.refused(404, "Forbidden.KeyNotFound");
        let answer =
            house.ask(&house.eve, way, "DescribeKey", &[("KeyId", "alias/Team/one")]).await;
        answer.refused(404, "Forbidden.AliasNotFound");
        let pairs = [("KeyId", &*id), ("RegionId", "eu-central-1")];
        house
            .ask(&house.ann, way, "DescribeKey", &pairs)
            .await
            .refused(404, "Forbidden.KeyNotFound");
    }
}

#[tokio::test]
async fn the_region_is_the_requests_or_the_hosts() {
    let house = House::new().await;
    let listed = async |wire: Wire| {
        let answer = house.send(&wire).await.ok();
        let keys = answer.json["Keys"]["Key"].as_array().unwrap();
        keys.iter()
            .map(|key| key["KeyArn"].as_str().unwrap()[8..].split(':').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    house.key(&[]).await;
    house.key(&[("RegionId", "eu-central-1")]).await;
    for way in WAYS {
        for (region, expected) in [
            ("cn-hangzhou", "cn-hangzhou"),
            ("main", "cn-hangzhou"),
            ("eu-central-1", "eu-central-1"),
            ("second", "eu-central-1"),
        ] {
            let wire = house.wire(&house.ann, way, "ListKeys", &[("RegionId", region)]);
            assert_eq!(listed(wire).await, [expected]);
        }
        assert_eq!(listed(house.wire(&house.ann, way, "ListKeys", &[])).await, ["cn-hangzhou"]);
    }
    let unsigned = ["authorization"];
    let header = house.wire(&house.ann, Way::Acs3, "ListKeys", &[]);
    let header = header.set("x-acs-region-id", Some("eu-central-1"));
    assert_eq!(listed(header.signed(&house.ann, Way::Acs3, &unsigned)).await, ["eu-central-1"]);
    // Version 1 does not sign headers, so it is not asked what this one says.
    let header = house.wire(&house.ann, Way::Get, "ListKeys", &[]);
    assert_eq!(listed(header.set("x-acs-region-id", Some("eu-central-1"))).await, ["cn-hangzhou"]);
    for (way, expected) in
        [(Way::Get, "eu-central-1"), (Way::Acs3, "eu-central-1"), (Way::Acs4, "cn-hangzhou")]
    {
        let wire = house.wire(&house.ann, way, "ListKeys", &[]);
        let wire = wire.set("host", Some("kms.eu-central-1.example.com"));
        let wire = if way == Way::Get { wire } else { wire.signed(&house.ann, way, &unsigned) };
        assert_eq!(listed(wire).await, [expected], "{way:?}");
    }
}

#[tokio::test]
async fn lists_have_numbered_pages_and_filters() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for n in 0..12_u64 {
        house.clock.set(NOW_MS + n * 1_000);
        let spec = if n % 3 == 0 { "RSA_2048" } else { "Aliyun_AES_256" };
        ids.push(house.key(&[("KeySpec", spec)]).await);
    }
    ids.reverse();
    house.call("DisableKey", &[("KeyId", &ids[1])]).await.ok();
    let listed = async |pairs: &[(&str, &str)]| {
        let answer = house.call("ListKeys", pairs).await.ok();
        let keys = answer.json["Keys"]["Key"].as_array().unwrap();
        let ids: Vec<String> =
            keys.iter().map(|key| key["KeyId"].as_str().unwrap().to_owned()).collect();
        (ids, answer.json["TotalCount"].as_u64().unwrap())
    };
    assert_eq!(listed(&[]).await, (ids[..10].to_vec(), 12));
    assert_eq!(listed(&[("PageNumber", "2")]).await, (ids[10..].to_vec(), 12));
    assert_eq!(listed(&[("PageNumber", "2"), ("PageSize", "5")]).await, (ids[5..10].to_vec(), 12));
    assert_eq!(listed(&[("PageSize", "100")]).await, (ids.clone(), 12));
    for number in ["3", "4294967295"] {
        assert_eq!(listed(&[("PageNumber", number)]).await, (vec![], 12));
    }
    for (name, value) in [
        ("PageNumber", "0"),
        ("PageNumber", "-1"),
        ("PageNumber", "+1"),
        ("PageNumber", "4294967296"),
        ("PageNumber", "one"),
        ("PageSize", "0"),
        ("PageSize", "101"),
    ] {
        for action in ["ListKeys", "ListKeyVersions"] {
            let pairs = [("KeyId", &*ids[0]), (name, value)];
            house.call(action, &pairs).await.refused(400, "InvalidParameter");
        }
    }
    for (filters, expected) in [
        (r#"[]"#, 12),
        (r#"[{"Key":"KeyState","Values":["Disabled"]}]"#, 1),
        (r#"[{"Key":"KeyState","Values":["Disabled","Enabled"]}]"#, 12),
        (r#"[{"Key":"KeySpec","Values":["RSA_2048"]}]"#, 4),
        (
            r#"[{"Key":"KeySpec","Values":["RSA_2048"]},{"Key":"KeyState","Values":["Disabled"]}]"#,
            0,
        ),
        (r#"[{"Key":"KeyUsage","Values":["ENCRYPT/DECRYPT"]}]"#, 8),
        (r#"[{"Key":"ProtectionLevel","Values":["HSM"]}]"#, 0),
        (r#"[{"Key":"ProtectionLevel","Values":["SOFTWARE"]}]"#, 12),
        (r#"[{"Key":"CreatorType","Values":["Service"]}]"#, 0),
        (r#"[{"Key":"CreatorType","Values":["User"]}]"#, 12),
        (r#"[{"Key":"DKMSInstanceId","Values":["kst-0000000000000001"]}]"#, 0),
    ] {
        assert_eq!(listed(&[("Filters", filters)]).await.1, expected, "{filters}");
    }
    let many = format!("[{}]", [r#"{"Key":"KeyState","Values":["Enabled"]}"#; 11].join(","));
    let values = format!(r#"[{{"Key":"KeyState","Values":[{}]}}]"#, [r#""a""#; 11].join(","));
    for filters in [
        "x",
        "{}",
        r#"[{"Key":"Name","Values":["a"]}]"#,
        r#"[{"Key":"KeyState"}]"#,
        r#"[{"Key":"KeyState","Values":[]}]"#,
        &many,
        &values,
    ] {
        house.call("ListKeys", &[("Filters", filters)]).await.refused(400, "InvalidParameter");
    }
    house.ask(&house.rob, Way::Get, "ListKeys", &[]).await.ok();
    let theirs = house.ask(&house.eve, Way::Get, "ListKeys", &[]).await.ok();
    assert_eq!(theirs.json["TotalCount"], 0);
}

#[tokio::test]
async fn versions() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let pairs = [("KeyId", &*id)];
    for n in 2..=12_u64 {
        house.clock.set(NOW_MS + n * 1_000);
        let made = house.call("CreateKeyVersion", &pairs).await.ok();
        let version = &made.json["KeyVersion"];
        let version_id = version["KeyVersionId"].as_str().unwrap();
        assert!(version_id.len() == 36 && version_id.ends_with(&format!("-{n:09}")));
        assert_eq!(version["KeyId"], *id);
        assert_eq!(version["CreationDate"], stamp::write(NOW_MS + n * 1_000));
        let told = house.call("DescribeKey", &pairs).await.ok().json["KeyMetadata"].clone();
        assert_eq!(told["PrimaryKeyVersion"], version_id);
        assert_eq!(told["LastRotationDate"], version["CreationDate"]);
        let named = [("KeyId", &*id), ("KeyVersionId", version_id)];
        let described = house.call("DescribeKeyVersion", &named).await.ok();
        assert_eq!(described.json["KeyVersion"], *version);
    }
    let listed = house.call("ListKeyVersions", &pairs).await.ok();
    assert_eq!(listed.json["TotalCount"], 12);
    let versions = listed.json["KeyVersions"]["KeyVersion"].as_array().unwrap();
    assert_eq!(versions.len(), 10);
    assert!(versions[0]["KeyVersionId"].as_str().unwrap().ends_with("-000000012"));
    let second = house.call("ListKeyVersions", &[("KeyId", &id), ("PageNumber", "2")]).await.ok();
    let versions = second.json["KeyVersions"]["KeyVersion"].as_array().unwrap();
    assert!(versions[1]["KeyVersionId"].as_str().unwrap().ends_with("-000000001"));
    let other = house.key(&[]).await;
    for (key, version, status, code) in [
        (&id, "", 400, "MissingParameter"),
        (&id, "x", 404, "Forbidden.KeyVersionNotFound"),
        (
            &other,
            versions[1]["KeyVersionId"].as_str().unwrap(),
            404,
            "Forbidden.KeyVersionNotFound",
        ),
    ] {
        let pairs = [("KeyId", &**key), ("KeyVersionId", version)];
        house.call("DescribeKeyVersion", &pairs).await.refused(status, code);
    }
    for spec in ["RSA_2048", "EC_P256", "HMAC_SHA_256"] {
        let id = house.key(&[("KeySpec", spec)]).await;
        let answer = house.call("CreateKeyVersion", &[("KeyId", &id)]).await;
        answer.refused(400, "Rejected.UnsupportedOperation");
    }
}

#[tokio::test]
async fn aliases() {
    let house = House::new().await;
    let (one, two) = (house.key(&[]).await, house.key(&[]).await);
    let create = async |who: &Who, key: &str, alias: &str| {
        house.ask(who, Way::Get, "CreateAlias", &[("KeyId", key), ("AliasName", alias)]).await
    };
    let answer = create(&house.ann, &one, "alias/a").await.ok();
    assert_eq!(answer.json.as_object().unwrap().len(), 1);
    create(&house.ann, &one, "alias/b").await.ok();
    for key in [&one, &two] {
        create(&house.ann, key, "alias/a").await.refused(400, "AliasAlreadyExists");
    }
    // Another alias may name it.
    create(&house.ann, "alias/a", "alias/c").await.ok();
    for alias in ["a", "alias/", "alias/acs/x", "alias/a b", &format!("alias/{}", "a".repeat(250))]
    {
        create(&house.ann, &one, alias).await.refused(400, "InvalidParameter");
    }
    create(&house.ann, &one, "").await.refused(400, "MissingParameter");
    create(&house.ann, "", "alias/d").await.refused(400, "MissingParameter");
    create(&house.ann, "alias/nothing", "alias/d").await.refused(404, "Forbidden.AliasNotFound");
    create(&house.rob, &one, "alias/d").await.refused(403, "Forbidden.NoPermission");
    create(&house.eve, &one, "alias/d").await.refused(404, "Forbidden.KeyNotFound");
    // Names of two tenants do not meet.
    let theirs = house.ask(&house.eve, Way::Acs4, "CreateKey", &[]).await.ok();
    let theirs = theirs.json["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    create(&house.eve, &theirs, "alias/a").await.ok();
    let told = house.ask(&house.eve, Way::Acs3, "DescribeKey", &[("KeyId", "alias/a")]).await.ok();
    assert_eq!(told.json["KeyMetadata"]["KeyId"], *theirs);
}

/// Keys of which this API has no words are neither shown nor changed.
#[tokio::test]
async fn keys_that_the_api_cannot_express() {
    let house = House::new().await;
    let caller = house.elsewhere().await;
    for (spec, usage) in [
        (KeySpec::ChaCha20Poly1305, Usage::EncryptDecrypt),
        (KeySpec::EcP384, Usage::SignVerify),
        (KeySpec::Ed25519, Usage::SignVerify),
        (KeySpec::Hmac, Usage::GenerateVerifyMac),
        (KeySpec::EcP256, Usage::KeyAgreement),
    ] {
        let view = house.engine.create_key(&caller, CreateKey::bare(spec, usage)).await.unwrap();
        let id = view.key.id.to_string();
        for (action, more) in [
            ("DescribeKey", ("", "")),
            ("EnableKey", ("", "")),
            ("DisableKey", ("", "")),
            ("CreateKeyVersion", ("", "")),
            ("ListKeyVersions", ("", "")),
            ("CreateAlias", ("AliasName", "alias/x")),
            ("Encrypt", ("Plaintext", "YQ==")),
        ] {
            let answer = house.call(action, &[("KeyId", &id), more]).await;
            answer.refused(400, "Rejected.UnsupportedOperation");
        }
    }
    assert_eq!(house.call("ListKeys", &[]).await.ok().json["TotalCount"], 0);
    let both = house
        .engine
        .create_key(&caller, CreateKey::bare(KeySpec::Rsa2048, Usage::EncryptSign))
        .await;
    let id = both.unwrap().key.id.to_string();
    let told = house.call("DescribeKey", &[("KeyId", &id)]).await.ok();
    assert_eq!(told.json["KeyMetadata"]["KeyUsage"], "ENCRYPT/DECRYPT");
    let mut rotating = CreateKey::bare(KeySpec::Aes256, Usage::EncryptDecrypt);
    rotating.rotation = Rotation { enabled: true, period_days: Some(365) };
    let id = house.engine.create_key(&caller, rotating).await.unwrap().key.id.to_string();
    let told = house.call("DescribeKey", &[("KeyId", &id)]).await.ok().json["KeyMetadata"].clone();
    assert_eq!(
        (&told["AutomaticRotation"], &told["RotationInterval"]),
        (&"Enabled".into(), &"31536000s".into())
    );
    house.call("DisableKey", &[("KeyId", &id)]).await.ok();
    let told = house.call("DescribeKey", &[("KeyId", &id)]).await.ok().json["KeyMetadata"].clone();
    assert_eq!(told["AutomaticRotation"], "Suspended");
}
