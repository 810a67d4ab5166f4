//! Keys as resources, and the summary.

use serde_json::{Value, json};
use trent_core::model::{KeyRef, KeySpec, KeyState, Usage};
use trent_core::ops::CreateKey;

use super::super::ids;
use super::House;

const TYPES: [(&str, bool); 13] = [
    ("aes128-gcm96", true),
    ("aes256-gcm96", true),
    ("chacha20-poly1305", true),
    ("rsa-2048", true),
    ("rsa-3072", true),
    ("rsa-4096", true),
    ("ecdsa-p256", true),
    ("ecdsa-p384", true),
    ("ecdsa-p521", true),
    ("ed25519", true),
    ("hmac", false),
    ("hmac-sha256", false),
    ("hmac-sha512", false),
];

#[tokio::test]
async fn every_key_type_can_be_made_and_found() {
    let house = House::new().await;
    for (key_type, exportable) in TYPES {
        let body = json!({"name": key_type, "keyType": key_type, "exportAllowed": exportable});
        let made = house.call("POST", "/v1/kms/nl-01/keys", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let identity = made.text("identity").to_owned();
        assert!(identity.len() == 30 && identity.starts_with("kms-"));
        for (member, expected) in [
            ("name", json!(key_type)),
            ("slug", json!(key_type)),
            ("keyType", json!(key_type)),
            ("status", json!("active")),
            ("exportAllowed", json!(exportable)),
            ("keyRotationEnabled", json!(false)),
            ("latestVersion", json!(1)),
            ("minDecryptionVersion", json!(1)),
            ("createdAt", json!("2026-01-01T00:00:00Z")),
            ("objectVersion", json!(1)),
        ] {
            assert_eq!(made.body[member], expected, "{key_type} {member}");
        }
        let uuid = ids::parse_identity(&identity).unwrap().to_string();
        for id in [&identity, key_type, &uuid] {
            let got = house.on(id, "GET", "", Value::Null).await;
            assert_eq!((got.status, &got.body), (200, &made.body));
        }
        if !exportable {
            let body = json!({"name": "x", "keyType": key_type, "exportAllowed": true});
            let refused = house.call("POST", "/v1/kms/nl-01/keys", body).await;
            assert_eq!(refused.status, 400);
        }
    }
    let listed = house.call("GET", "/v1/kms/nl-01/keys", Value::Null).await;
    assert_eq!(listed.body.as_array().unwrap().len(), TYPES.len());
    assert_eq!(listed.outcome.operation, "ListKeys");
    let elsewhere = house.call("GET", "/v1/kms/second/keys", Value::Null).await;
    assert_eq!(elsewhere.body, json!([]));
}

#[tokio::test]
async fn a_key_keeps_what_it_was_made_with() {
    let house = House::new().await;
    let made = json!({
        "name": "Orders / 1", "description": "for orders", "labels": {"team": "a"}, "annotations": {"n": "b"},
        "keyRotationEnabled": true, "rotationPeriodInDays": 90, "allowRotation": false, "hashFunction": "",
        "importKeyMaterial": "", "projectId": null, "unknown": {"members": ["are", "ignored"]},
    });
    let key = house.create(made).await;
    let got = house.on(&key, "GET", "", Value::Null).await;
    for (member, expected) in [
        ("name", json!("Orders / 1")),
        ("slug", json!("orders-1")),
        ("description", json!("for orders")),
        ("labels", json!({"team": "a"})),
        ("annotations", json!({"n": "b"})),
        ("keyRotationEnabled", json!(true)),
        ("rotationPeriodInDays", json!(90)),
        ("keyType", json!("aes256-gcm96")),
        ("exportAllowed", json!(false)),
    ] {
        assert_eq!(got.body[member], expected, "{member}");
    }
    // The same slug for another name is made unique; the same name is refused.
    let other = house.call("POST", "/v1/kms/nl-01/keys", json!({"name": "orders-1"})).await;
    assert_eq!((other.status, other.text("slug")), (201, "orders-1-2"));
    let again = house.call("POST", "/v1/kms/nl-01/keys", json!({"name": "orders-1"})).await;
    assert_eq!((again.status, again.outcome.result), (409, "AlreadyExists"));
    // The region is part of the name.
    let second = house.call("POST", "/v1/kms/second/keys", json!({"name": "orders-1"})).await;
    assert_eq!((second.status, second.text("slug")), (201, "orders-1"));
}

#[tokio::test]
async fn bad_input_to_create_is_refused_by_name() {
    let house = House::new().await;
    let long = |n: usize| "é".repeat(n);
    // Each has 1,024 bytes.
    let heavy = |n: u32| {
        let pairs = (10..10 + n).map(|name| (name.to_string(), json!("v".repeat(1_022))));
        pairs.collect::<serde_json::Map<_, _>>()
    };
    let many: serde_json::Map<_, _> = (0..65).map(|n| (n.to_string(), json!(""))).collect();
    for (body, names) in [
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
        (json!({"name": 5}), "name"),
        (json!({"name": long(256)}), "name"),
        (json!({"name": "a\nb"}), "name"),
        (json!({"name": "a", "description": long(1025)}), "description"),
        (json!({"name": "a", "description": ["a"]}), "description"),
        (json!({"name": "a", "keyType": "aes512"}), "keyType"),
        (json!({"name": "a", "keyType": 1}), "keyType"),
        (json!({"name": "a", "labels": ["a"]}), "labels"),
        (json!({"name": "a", "labels": {"a": 1}}), "labels"),
        (json!({"name": "a", "labels": {"": "a"}}), "labels"),
        (json!({"name": "a", "labels": {"a": long(1025)}}), "labels"),
        (json!({"name": "a", "labels": many}), "labels"),
        (json!({"name": "a", "annotations": {long(129): "a"}}), "annotations"),
        (
            json!({"name": "a", "labels": heavy(8), "annotations": heavy(9)}),
            "labels and annotations",
        ),
        (json!({"name": "a", "exportAllowed": "true"}), "exportAllowed"),
        (json!({"name": "a", "exportAllowed": true, "keyType": "hmac"}), "exportAllowed"),
        (json!({"name": "a", "keyRotationEnabled": 1}), "keyRotationEnabled"),
        (json!({"name": "a", "keyRotationEnabled": true}), "rotationPeriodInDays"),
        (json!({"name": "a", "rotationPeriodInDays": 0}), "rotationPeriodInDays"),
        (json!({"name": "a", "rotationPeriodInDays": 3651}), "rotationPeriodInDays"),
        (json!({"name": "a", "rotationPeriodInDays": 4_294_967_297_u64}), "rotationPeriodInDays"),
        (json!({"name": "a", "rotationPeriodInDays": -1}), "rotationPeriodInDays"),
        (json!({"name": "a", "rotationPeriodInDays": "90"}), "rotationPeriodInDays"),
        (json!({"name": "a", "allowRotation": "yes"}), "allowRotation"),
        (json!({"name": "a", "hashFunction": 256}), "hashFunction"),
        (json!({"name": "a", "importKeyMaterial": "c2VjcmV0"}), "importKeyMaterial"),
        (json!(["name"]), "JSON object"),
    ] {
        let answer = house.call("POST", "/v1/kms/nl-01/keys", body.clone()).await;
        assert_eq!(answer.status, 400, "{body:.80}");
        let message = answer.text("message");
        assert!(message.contains(names), "{body:.80}: {message}");
        assert!(!message.contains("c2VjcmV0"));
    }
    for (at, names) in [(1, 255), (1024, 1)] {
        let body =
            json!({"name": long(names), "description": long(at), "rotationPeriodInDays": 3650});
        assert_eq!(house.call("POST", "/v1/kms/nl-01/keys", body).await.status, 201);
    }
    let body = json!({"name": "heavy", "labels": heavy(8), "annotations": heavy(8)});
    assert_eq!(house.call("POST", "/v1/kms/nl-01/keys", body).await.status, 201);
}

#[tokio::test]
async fn a_list_is_bounded_and_can_be_narrowed() {
    const CREATED: usize = 100;
    let house = House::new().await;
    // In JSON a control character takes six bytes, so the labels of one key have 96 KB.
    let heavy = "\u{1}".repeat(1_000);
    let labels = |n: usize| {
        let pairs = (0..15).map(|name| (format!("l{name}"), json!(heavy)));
        let size = ("size".to_owned(), json!(if n == 0 { "one" } else { "many" }));
        json!(pairs.chain([size]).collect::<serde_json::Map<_, _>>())
    };
    for n in 0..CREATED {
        house.create(json!({"name": format!("k{n}"), "labels": labels(n)})).await;
    }
    let before = house.audit.lines().len();
    let refused = house.call("GET", "/v1/kms/nl-01/keys", Value::Null).await;
    assert_eq!((refused.status, refused.outcome.result), (422, "LimitExceeded"));
    assert_eq!(refused.text("message"), "the list is longer than 8 MiB: filter it");
    let last = house.events(before).pop().unwrap();
    assert_eq!((&last["outcome"], &last["reason"]), (&json!("failure"), &json!("LimitExceeded")));
    let path = "/v1/kms/nl-01/keys?matchLabels[size]=one";
    let listed = house.call("GET", path, Value::Null).await;
    assert_eq!((listed.status, listed.body.as_array().map(Vec::len)), (200, Some(1)));
    // Every page is looked at, and what is only counted has no such bound.
    let summary = house.call("GET", "/v1/kms/summary", Value::Null).await;
    assert_eq!(summary.body["regions"][0]["totalKeys"], CREATED);
}

#[tokio::test]
async fn lists_are_filtered_by_everything_asked_for() {
    let house = House::new().await;
    let first =
        house.create(json!({"name": "First Key", "labels": {"team": "a", "env": "x"}})).await;
    let second = house.create(json!({"name": "second", "labels": {"team": "a"}})).await;
    house.on(&second, "POST", "/disable", Value::Null).await;
    let both = [first.as_str(), second.as_str()];
    for (query, expected) in [
        ("", &both[..]),
        ("?unknown=x&page=2", &both),
        ("?name=First+Key", &both[..1]),
        ("?name=First%20Key", &both[..1]),
        ("?name=first", &[]),
        ("?slug=first-key", &both[..1]),
        (&format!("?identity={second}"), &both[1..]),
        ("?status=active", &both[..1]),
        ("?status=disabled", &both[1..]),
        ("?status=pending_deletion", &[]),
        ("?matchLabels[team]=a", &both),
        ("?matchLabels%5Bteam%5D=a&matchLabels[env]=x", &both[..1]),
        ("?matchLabels[team]=b", &[]),
        ("?matchLabels[other]=", &[]),
        ("?name=second&status=active", &[]),
    ] {
        let listed = house.call("GET", &format!("/v1/kms/nl-01/keys{query}"), Value::Null).await;
        assert_eq!(listed.status, 200);
        let mut found: Vec<_> = listed
            .body
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["identity"].as_str().unwrap())
            .collect();
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    for query in ["?status=gone", "?name=a&name=b", "?name=a&NAME=b"] {
        let refused = house.call("GET", &format!("/v1/kms/nl-01/keys{query}"), Value::Null).await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

#[tokio::test]
async fn keys_are_enabled_disabled_and_rotated() {
    let house = House::new().await;
    let key = house.create(json!({"name": "a"})).await;
    for (what, status, version, revision) in [
        ("/enable", "active", 1, 1),
        ("/disable", "disabled", 1, 2),
        ("/disable", "disabled", 1, 2),
        ("/enable", "active", 1, 3),
        ("/rotate", "active", 2, 4),
        ("/rotate", "active", 3, 5),
    ] {
        let answer = house.on(&key, "POST", what, Value::Null).await;
        assert_eq!(answer.status, 200);
        let expected = (&json!(status), &json!(version), &json!(revision));
        let body = &answer.body;
        assert_eq!(
            (&body["status"], &body["latestVersion"], &body["objectVersion"]),
            expected,
            "{what}"
        );
        assert_eq!(house.on(&key, "GET", "", Value::Null).await.body, answer.body);
    }
    let got = house.on("a", "GET", "", Value::Null).await;
    let numbers: Vec<_> = got.body["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["version"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    house.on(&key, "POST", "/disable", Value::Null).await;
    let refused = house.on(&key, "POST", "/rotate", Value::Null).await;
    assert_eq!((refused.status, refused.outcome.result), (400, "KeyDisabled"));
}

#[tokio::test]
async fn keys_made_elsewhere_are_shown_if_there_is_a_word_for_them() {
    let house = House::new().await;
    let caller = house.elsewhere().await;
    for (spec, usage, key_type) in [
        (KeySpec::Aes256, Usage::EncryptDecrypt, "aes256-gcm96"),
        (KeySpec::EcP256, Usage::KeyAgreement, "ecdsa-p256"),
        (KeySpec::Rsa2048, Usage::SignVerify, "rsa-2048"),
    ] {
        let id =
            house.engine.create_key(&caller, CreateKey::bare(spec, usage)).await.unwrap().key.id;
        let got = house.on(&id.to_string(), "GET", "", Value::Null).await;
        assert_eq!((got.status, got.text("keyType")), (200, key_type));
        assert_eq!(got.text("identity"), ids::identity(id));
        assert_eq!((got.text("name"), got.text("slug")), (&*id.to_string(), &*id.to_string()));
        if spec != KeySpec::Aes256 {
            let refused =
                house.on(&id.to_string(), "POST", "/encrypt", json!({"plaintext": "YQ=="})).await;
            assert_eq!((refused.status, refused.outcome.result), (400, "Unsupported"));
        }
    }
    let shown = house.call("GET", "/v1/kms/nl-01/keys", Value::Null).await;
    for (spec, usage) in [
        (KeySpec::EcP256k1, Usage::SignVerify),
        (KeySpec::Hmac224, Usage::GenerateVerifyMac),
        (KeySpec::Hmac384, Usage::GenerateVerifyMac),
    ] {
        let id =
            house.engine.create_key(&caller, CreateKey::bare(spec, usage)).await.unwrap().key.id;
        let key = ids::identity(id);
        for (method, what, body) in [
            ("GET", "", Value::Null),
            ("POST", "/disable", Value::Null),
            ("POST", "/rotate", Value::Null),
            ("GET", "/public-key", Value::Null),
            ("POST", "/export", json!({})),
            ("POST", "/encrypt", json!({"plaintext": "YQ=="})),
        ] {
            let answer = house.on(&key, method, what, body).await;
            assert_eq!(answer.status, 400, "{spec:?} {what}");
        }
        let view = house.engine.describe_key(&caller, &KeyRef::Id(id)).await.unwrap();
        assert_eq!((view.key.state, view.key.primary_version), (KeyState::Enabled, 1));
    }
    // None of them is listed or counted.
    let listed = house.call("GET", "/v1/kms/nl-01/keys", Value::Null).await;
    assert_eq!(listed.body, shown.body);
    let summary = house.call("GET", "/v1/kms/summary", Value::Null).await;
    assert_eq!(summary.body["regions"][0]["totalKeys"], 3);
}

#[tokio::test]
async fn the_summary_counts_by_region_and_status() {
    let house = House::new().await;
    for name in ["a", "b", "c"] {
        house.create(json!({"name": name})).await;
    }
    house.on("b", "POST", "/disable", Value::Null).await;
    let summary = house.call("GET", "/v1/kms/summary", Value::Null).await;
    let region = |name: &str, total: u32, active: u32, disabled: u32| {
        json!({
            "identity": name, "name": name, "slug": name, "kmsAvailable": true, "totalKeys": total,
            "activeKeys": active, "disabledKeys": disabled, "pendingDeletionKeys": 0,
        })
    };
    let regions = [region("nl-01", 3, 2, 1), region("second", 0, 0, 0)];
    assert_eq!(summary.body, json!({"featureEnabled": true, "regions": regions}));
    // A region's internal name works in paths too.
    assert_eq!(house.call("GET", "/v1/kms/main/keys/a", Value::Null).await.status, 200);
}
