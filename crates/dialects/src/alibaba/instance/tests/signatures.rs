//! Requests that are not signed as they should be: none is taken, and each is told what is wrong with it.

use trent_core::access::Preset;

use super::super::messages::GenerateDataKeyRequest;
use super::*;

const MISMATCH: (u16, &str) = (401, "SignatureNotMatch");
const UNKNOWN: (u16, &str) = (404, "Unauthorized");
const INVALID: (u16, &str) = (400, "InvalidParam");
const SKEWED: (u16, &str) = (400, "RequestTimeTooSkewed");

fn draft(house: &House, key: KeyId) -> Draft {
    let request = GenerateDataKeyRequest { key_id: key.to_string(), ..Default::default() };
    house.draft("GenerateDataKey", &request)
}

async fn check(house: &House, draft: Draft, expected: (u16, &str)) {
    let before = house.audit.lines().len();
    let answer = house.send(draft.clone()).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        expected,
        "{:?} {}",
        draft.headers,
        draft.uri
    );
    // Nobody is known, so nothing is said of anybody in the audit log.
    assert_eq!(house.audit.lines().len(), before);
}

#[tokio::test]
async fn good_requests() {
    let house = House::new().await;
    let key = house.aes().await;
    let good = draft(&house, key);
    let upper = good.value("content-sha256").to_owned();
    for draft in [
        good.clone(),
        good.clone().set("content-sha256", Some(&upper.to_lowercase())),
        good.clone().set("x-kms-apiversion", Some("2016-01-20")),
        good.clone().set("x-kms-extra", Some("  two  spaces ")),
        good.clone().set("content-type", Some("Application/X-Protobuf; charset=utf-8")),
        good.clone().set("date", Some("Wed, 25 Nov 2026 01:38:07 GMT")),
        good.clone().set("date", Some("Wed, 25 Nov 2026 02:08:07 GMT")),
        good.clone().set("accept", None).set("user-agent", None),
        Draft { uri: "/?b=2&a=1".to_owned(), ..good.clone() },
    ] {
        let signed = draft.signed();
        // The same request twice in a second is what honest clients send.
        for _ in 0..2 {
            let answer = house.send(signed.clone()).await;
            assert_eq!(answer.code(), "", "{:?}", signed.headers);
        }
        let documented = signed.value("authorization").replace("Bearer ", "TOKEN ");
        assert_eq!(house.send(signed.set("authorization", Some(&documented))).await.code(), "");
    }
    // What is not signed may change on the way.
    let changed = good.signed().set("host", Some("other")).set("user-agent", Some("other"));
    assert_eq!(house.send(changed).await.code(), "");
}

#[tokio::test]
async fn no_changed_request_is_taken() {
    let house = House::new().await;
    let key = house.aes().await;
    let second = house.tenant.clone();
    let spki = spki(other_key());
    house.client_key(&second, Preset::Administrator, "KAAP.other", spki, u64::MAX).await;
    let signed = draft(&house, key).set("x-kms-extra", Some("one two")).signed();
    assert_eq!(house.send(signed.clone()).await.code(), "");
    let mut changed = Vec::new();
    let authorization = signed.value("authorization").to_owned();
    let text = authorization.strip_prefix("Bearer ").unwrap().to_owned();
    let signature = BASE64.decode(text.as_bytes()).unwrap();
    let mut sign_with = |bytes: &[u8], expected| {
        let text = format!("Bearer {}", BASE64.encode(bytes));
        changed.push((signed.clone().set("authorization", Some(&text)), expected));
    };
    // Every byte of the signature.
    for at in 0..signature.len() {
        let mut bad = signature.clone();
        bad[at] ^= 1 << (at % 8);
        sign_with(&bad, MISMATCH);
    }
    for bad in [
        &signature[1..],
        &signature[..255],
        &[&[0], &signature[..]].concat(),
        &[0; 256],
        &[0xff; 256],
    ] {
        sign_with(bad, MISMATCH);
    }
    let string = signed.string_to_sign();
    for bad in [
        String::new(),
        "Bearer ".to_owned(),
        text.clone(),
        format!("bearer {text}"),
        format!("Basic {text}"),
        format!("Bearer  {text}"),
        format!("Bearer {text}="),
        format!("Bearer {}", text.trim_end_matches('=')),
        format!("Bearer -{}", &text[1..]),
        format!("Bearer {text} {text}"),
    ] {
        changed.push((signed.clone().set("authorization", Some(&bad)), INVALID));
    }
    changed.push((signed.clone().set("authorization", None), INVALID));
    changed.push((signed.clone().add("authorization", &authorization), INVALID));
    changed.push((signed.clone().signed_by(other_key()), MISMATCH));
    // Every line of what is signed: left out, doubled, emptied, or in another case.
    let lines: Vec<&str> = string.split('\n').collect();
    for at in 0..lines.len() {
        let spaced = format!("{} ", lines[at]);
        let variants = [
            [&lines[..at], &lines[at + 1..]].concat(),
            [&lines[..=at], &lines[at..]].concat(),
            [&lines[..at], &[""], &lines[at + 1..]].concat(),
            [&lines[..at], &["x"], &lines[at + 1..]].concat(),
            [&lines[..at], &[&spaced], &lines[at + 1..]].concat(),
        ];
        for variant in variants {
            let other = bearer(client_key(), variant.join("\n").as_bytes());
            changed.push((signed.clone().set("authorization", Some(&other)), MISMATCH));
        }
    }
    let no_newlines = bearer(client_key(), string.replace('\n', "").as_bytes());
    changed.push((signed.clone().set("authorization", Some(&no_newlines)), MISMATCH));
    // Every signed header.
    for (name, value, expected) in [
        ("content-type", "application/x-protobuf;a=b", MISMATCH),
        ("content-type", "application/X-protobuf", MISMATCH),
        ("date", "Wed, 25 Nov 2026 01:53:08 GMT", MISMATCH),
        ("date", "Wed, 25 Nov 2026 01:53:06 GMT", MISMATCH),
        ("date", "25 Nov 2026 01:53:07 GMT", MISMATCH),
        ("date", "Wed, 25 Nov 2026 01:53:07 +0000", MISMATCH),
        ("date", "Wed, 25 Nov 2026 01:38:06 GMT", SKEWED),
        ("date", "Wed, 25 Nov 2026 02:08:08 GMT", SKEWED),
        ("date", "Thu, 25 Nov 1926 01:53:07 GMT", SKEWED),
        ("date", "Thu, 25 Nov 2026 01:53:07 GMT", INVALID),
        ("date", "yesterday", INVALID),
        ("date", "", INVALID),
        ("x-kms-apiname", "AdvanceGenerateDataKey", MISMATCH),
        ("x-kms-apiname", "Decrypt", MISMATCH),
        ("x-kms-apiversion", "dkms-gcs-0.3", MISMATCH),
        ("x-kms-signaturemethod", "RSA_PSS_SHA_256", INVALID),
        ("x-kms-signaturemethod", "rsa_pkcs1_sha_256", INVALID),
        ("x-kms-signaturemethod", "", INVALID),
        ("x-kms-acccesskeyid", "KAAP.other", MISMATCH),
        ("x-kms-acccesskeyid", "KAAP.nobody", UNKNOWN),
        ("x-kms-acccesskeyid", &house.access_id.to_uppercase(), UNKNOWN),
        ("x-kms-acccesskeyid", "", (400, "MissingParameter")),
        ("x-kms-extra", "one  two", MISMATCH),
        ("x-kms-extra", "", MISMATCH),
        ("x-kms-more", "1", MISMATCH),
        ("x-kms-", "1", MISMATCH),
        ("x-kms-migrationkeyversionid", &version_id::write(key, 1), MISMATCH),
        ("content-sha256", &signed.value("content-sha256").to_lowercase(), MISMATCH),
        ("content-sha256", &HEXUPPER.encode(&sha256(&[b""])), INVALID),
        ("content-sha256", &signed.value("content-sha256")[..62], INVALID),
        ("content-sha256", "", INVALID),
        ("content-sha256", "UNSIGNED-PAYLOAD", INVALID),
    ] {
        changed.push((signed.clone().set(name, Some(value)), expected));
    }
    for (name, expected) in [
        ("date", INVALID),
        ("content-sha256", INVALID),
        ("x-kms-signaturemethod", INVALID),
        ("x-kms-acccesskeyid", (400, "MissingParameter")),
        ("x-kms-extra", MISMATCH),
    ] {
        changed.push((signed.clone().set(name, None), expected));
    }
    for name in [
        "date",
        "content-sha256",
        "x-kms-extra",
        "x-kms-signaturemethod",
        "x-kms-acccesskeyid",
        "x-kms-apiversion",
    ] {
        let value = signed.value(name).to_owned();
        changed.push((signed.clone().add(name, &value), INVALID));
    }
    for uri in ["/?", "/?a=1", "/?x-kms-apiname=Decrypt"] {
        changed.push((Draft { uri: uri.to_owned(), ..signed.clone() }, MISMATCH));
    }
    // Every byte of the body, with its old hash and with its new one.
    for at in 0..=signed.body.len() {
        let mut body = signed.body.clone();
        match body.get_mut(at) {
            Some(byte) => *byte ^= 0x20,
            None => body.push(0),
        }
        let hash = HEXUPPER.encode(&sha256(&[&body]));
        let other = Draft { body, ..signed.clone() };
        changed.push((other.clone().set("content-sha256", Some(&hash)), MISMATCH));
        changed.push((other, INVALID));
    }
    assert!(changed.len() > 400, "{}", changed.len());
    for (draft, expected) in changed {
        check(&house, draft, expected).await;
    }
    assert_eq!(house.send(signed).await.code(), "");
}

#[tokio::test]
async fn texts_by_which_clients_know_what_is_wrong() {
    let house = House::new().await;
    let key = house.aes().await;
    for (name, text) in [
        ("date", "The Param Date is invalid."),
        ("authorization", "The Param Authorization is invalid."),
        ("content-sha256", "The Param Content-SHA256 is invalid."),
        ("x-kms-signaturemethod", "The Param x-kms-signaturemethod is invalid."),
    ] {
        let answer = house.send(draft(&house, key).signed().set(name, Some("x"))).await;
        assert_eq!(
            (answer.code().as_str(), answer.error().error_message.as_str()),
            ("InvalidParam", text)
        );
    }
}

#[tokio::test]
async fn client_keys_that_do_not_work() {
    let house = House::new().await;
    let key = house.aes().await;
    let public = || spki(client_key());
    house.client_key(&house.tenant, Preset::Administrator, "KAAP.old", public(), NOW_MS + 1).await;
    let signed = draft(&house, key).set("x-kms-acccesskeyid", Some("KAAP.old")).signed();
    assert_eq!(house.send(signed.clone()).await.code(), "");
    house.clock.set(NOW_MS + 1);
    check(&house, signed, UNKNOWN).await;
    // A key of the other API is none here.
    let principal =
        house.engine.create_principal(house.tenant.id, "p", Preset::Administrator).await;
    for (dialect, access_id, secret) in [
        ("alibaba", "LTAI1", NewSecret::PublicKey { spki: public(), not_after_ms: u64::MAX }),
        (
            CLIENT_KEYS,
            "KAAP.mac",
            NewSecret::Recoverable(trent_core::crypto::SecretBytes::from_slice(&public())),
        ),
    ] {
        let new = NewCredential {
            tenant: house.tenant.id,
            principal: principal.as_ref().unwrap().id,
            dialect,
            account: house.tenant.accounts[0].clone(),
            access_id: access_id.to_owned(),
            secret,
        };
        house.engine.create_credential(new).await.unwrap();
        let signed = draft(&house, key).set("x-kms-acccesskeyid", Some(access_id)).signed();
        check(&house, signed, UNKNOWN).await;
    }
}
