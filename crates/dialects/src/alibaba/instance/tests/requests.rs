//! The outer form of requests, whose keys they reach, what the log says, and bodies that are anything.

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use trent_core::access::Preset;

use super::super::super::{Alibaba, Settings};
use super::super::messages::*;
use super::super::table::ROWS;
use super::*;
use crate::{Dialect, Refused, Regions};

async fn check(house: &House, draft: Draft, status: u16, code: &str) {
    let answer = house.send(draft.clone()).await;
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{:?}", draft.headers);
}

#[tokio::test]
async fn the_outer_form() {
    let house = House::new().await;
    let good = || house.draft("Encrypt", &encrypt("alias/none", b"text"));
    for (draft, status, code) in [
        (Draft { method: "GET", ..good() }, 403, "UnsupportedHTTPMethod"),
        (Draft { method: "PUT", ..good() }, 403, "UnsupportedHTTPMethod"),
        (Draft { uri: "/x".to_owned(), ..good() }, 400, "InvalidApiName"),
        (Draft { uri: "//".to_owned(), ..good() }, 400, "InvalidApiName"),
        (good().set("x-kms-apiname", None), 400, "InvalidApiName"),
        (good().set("x-kms-apiname", Some("")), 400, "InvalidApiName"),
        (good().set("x-kms-apiname", Some("encrypt")), 400, "InvalidApiName"),
        (good().set("x-kms-apiname", Some("KmsEncrypt")), 400, "InvalidApiName"),
        (good().add("x-kms-apiname", "Encrypt"), 400, "InvalidParam"),
        (good().set("x-kms-apiversion", None), 400, "InvalidApiVersion"),
        (good().set("x-kms-apiversion", Some(" ")), 400, "InvalidApiVersion"),
        (good().set("content-type", None), 415, "InvalidContentType"),
        (good().set("content-type", Some("application/json")), 415, "InvalidContentType"),
        (good().set("content-type", Some("application/x-protobufs")), 415, "InvalidContentType"),
        (good().add("content-type", "application/x-protobuf"), 415, "InvalidContentType"),
        (Draft::new(&house.access_id, "Encrypt", &[0; 131_073]), 413, "RequestEntityTooLarge"),
        (Draft::new(&house.access_id, "GetPublicKey", &[0; 16_385]), 413, "RequestEntityTooLarge"),
        (good(), 404, "Forbidden.KeyNotFound"),
    ] {
        check(&house, draft.signed(), status, code).await;
    }
    let none = house.send(good().set("x-kms-apiname", Some("Guess")).signed()).await;
    assert_eq!(none.outcome.operation, "unknown");
    for name in ["Sign", "Verify", "GenerateRandom", "GetSecretValue"] {
        let before = house.audit.lines().len();
        let answer = house.call(name, &encrypt("", b"")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "UnsupportedOperation"));
        assert_eq!(answer.outcome.operation, name);
        let expected = [name, "None", "failure", "UnsupportedOperation"].map(str::to_owned);
        assert_eq!(house.events(before), [expected]);
    }
    // Headers that are no text.
    for name in [
        "x-kms-apiname",
        "x-kms-acccesskeyid",
        "date",
        "authorization",
        "content-sha256",
        "x-kms-migrationkeyversionid",
    ] {
        let draft = good().signed();
        let mut request = Request::builder().method("POST").uri("/");
        for (name, value) in &draft.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Bytes::from(draft.body)).unwrap();
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        let peer = Peer { address: "127.0.0.1:40000".parse().unwrap(), secure: true };
        assert!(matches!(house.door.answer(peer, request).await.status().as_u16(), 400 | 401));
    }
}

#[tokio::test]
async fn the_listeners_refusals_are_protobuf() {
    let house = House::new().await;
    let regions = Arc::new(Regions::new(Vec::new(), true));
    let dialect = Alibaba::new(house.engine.clone(), regions, Settings::default());
    let head = |name: &str, value: &str| {
        let request = Request::builder().method("POST").header(name, value);
        request.body(()).unwrap().into_parts().0
    };
    for (why, status, code) in [
        (Refused::TooLarge, 413, "RequestEntityTooLarge"),
        (Refused::Deadline, 503, "ServiceUnavailableTemporary"),
        (Refused::Overloaded, 429, "Rejected.Throttling"),
    ] {
        for (name, value) in
            [("x-kms-apiname", "Encrypt"), ("content-type", "application/x-protobuf")]
        {
            let response = dialect.refuse(&head(name, value), why);
            let error = Error::decode(response.body().clone()).unwrap();
            assert_eq!((response.status().as_u16(), error.error_code.as_str()), (status, code));
            assert_eq!(error.status_code, i32::from(status));
            assert_eq!(response.headers()["content-type"], "application/x-protobuf");
        }
        let response = dialect.refuse(&head("x-acs-action", "Encrypt"), why);
        assert_eq!(response.headers()["content-type"], "application/json;charset=utf-8");
    }
}

#[tokio::test]
async fn keys_are_of_the_tenant_and_of_the_hosts_region() {
    let house = House::new().await;
    let key = house.aes().await;
    house.alias("one", key).await;
    let draft = |named: &str| house.draft("Encrypt", &encrypt(named, b"text"));
    let account = "1".repeat(16);
    for named in [
        key.to_string(),
        key.to_string().to_uppercase(),
        "alias/one".to_owned(),
        format!("acs:kms:cn-hangzhou:{account}:key/{key}"),
        format!("acs:kms:main:{account}:alias/one"),
    ] {
        let made = house.send(draft(&named).signed()).await;
        assert_eq!(made.code(), "", "{named}");
        assert_eq!(made.message::<EncryptResponse>().key_id, key.to_string());
    }
    let other = tenant(&house.engine, "two", "2").await;
    let stranger = house.holder(&other, Preset::Administrator).await;
    for named in [
        format!("acs:kms:cn-beijing:{account}:key/{key}"),
        format!("acs:kms:cn-hangzhou:{}:key/{key}", "2".repeat(16)),
        format!("acs:kms:cn-hangzhou:{}:key/{key}", "3".repeat(16)),
        format!("acs:kms:cn-hangzhou:{account}:alias/two"),
        "alias/One".to_owned(),
    ] {
        check(&house, draft(&named).signed(), 404, "Forbidden.KeyNotFound").await;
    }
    for named in ["acs:kms:cn-hangzhou", "acs:oss:a:b:key/c", "acs:kms:a:b:secret/c"] {
        check(&house, draft(named).signed(), 400, "InvalidParameter").await;
    }
    let elsewhere = draft(&key.to_string()).set("host", Some("kms.cn-beijing.example.com"));
    check(&house, elsewhere.signed(), 404, "Forbidden.KeyNotFound").await;
    let made: EncryptResponse = house.ok("AdvanceEncrypt", &encrypt(key, b"text")).await;
    for named in [key.to_string(), "alias/one".to_owned()] {
        let theirs = draft(&named).set("x-kms-acccesskeyid", Some(&stranger));
        check(&house, theirs.signed(), 404, "Forbidden.KeyNotFound").await;
    }
    let theirs = house.draft("AdvanceDecrypt", &blob(&made.ciphertext_blob));
    let theirs = theirs.set("x-kms-acccesskeyid", Some(&stranger));
    check(&house, theirs.signed(), 404, "Forbidden.KeyNotFound").await;
}

#[tokio::test]
async fn those_who_may_not_are_refused() {
    let house = House::new().await;
    let key = house.aes().await;
    let nobody = house.holder(&house.tenant, Preset::None).await;
    let rsa = house.key(KeySpec::Rsa2048, Usage::EncryptDecrypt).await.to_string();
    let made: EncryptResponse = house.ok("AdvanceEncrypt", &encrypt(key, b"text")).await;
    let pair = ("EC_P256".to_owned(), "PEM".to_owned());
    for row in ROWS {
        let key_id = key.to_string();
        let body = match row.name {
            "Encrypt" | "AdvanceEncrypt" => encrypt(key, b"text").encode_to_vec(),
            "Decrypt" | "AdvanceDecrypt" => blob(&made.ciphertext_blob).encode_to_vec(),
            "GetPublicKey" => GetPublicKeyRequest { key_id: rsa.clone() }.encode_to_vec(),
            "GenerateDataKey" | "AdvanceGenerateDataKey" => encrypt(key, b"").encode_to_vec(),
            name if name.starts_with("Advance") => AdvanceGenerateDataKeyPairRequest {
                key_id,
                key_pair_spec: pair.0.clone(),
                key_format: pair.1.clone(),
                aad: Bytes::new(),
            }
            .encode_to_vec(),
            _ => GenerateDataKeyPairRequest {
                key_id,
                algorithm: String::new(),
                key_pair_spec: pair.0.clone(),
                key_format: pair.1.clone(),
                aad: Bytes::new(),
            }
            .encode_to_vec(),
        };
        let [action] = row.actions else { panic!("{}", row.name) };
        for (who, allowed) in [(&nobody, false), (&house.access_id, true)] {
            let before = house.audit.lines().len();
            let answer = house.send(Draft::new(who, row.name, &body).signed()).await;
            // A ciphertext does not tell whose key it was to someone who may not use it.
            let denied = if row.name.ends_with("Decrypt") {
                (404, "Forbidden.KeyNotFound")
            } else {
                (403, "Forbidden.NoPermission")
            };
            let expected = if allowed { (200, "") } else { denied };
            assert_eq!((answer.status, answer.code().as_str()), expected, "{}", row.name);
            let outcome = if allowed { "success" } else { "denied" };
            let expected = [row.name, action.as_str(), outcome, ""].map(str::to_owned);
            assert_eq!(house.events(before), [expected]);
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A house for many requests.
fn shared() -> &'static (tokio::runtime::Runtime, House, KeyId) {
    static SHARED: OnceLock<(tokio::runtime::Runtime, House, KeyId)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = runtime();
        let house = runtime.block_on(House::new());
        let key = runtime.block_on(house.aes());
        (runtime, house, key)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the body is, there is an answer, and it is the vendor's.
    #[test]
    fn any_bytes_are_answered(row in 0..ROWS.len(), body: Vec<u8>) {
        let (runtime, house, _) = shared();
        let draft = Draft::new(&house.access_id, ROWS[row].name, &body).signed();
        let answer = runtime.block_on(house.send(draft));
        prop_assert!(matches!(answer.status, 400 | 404), "{}", answer.code());
    }

    /// Good messages, damaged.
    #[test]
    fn damaged_messages_are_answered(
        row in 0..ROWS.len(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let (runtime, house, key) = shared();
        let message = EncryptRequest {
            algorithm: "AES_GCM".to_owned(),
            iv: Bytes::from_static(&[1; 12]),
            aad: Bytes::from_static(b"aad"),
            ..encrypt(key, &[5; 120])
        };
        let mut body = message.encode_to_vec();
        for (at, byte) in &damage {
            let at = at.index(body.len());
            body[at] = *byte;
        }
        body.truncate(1 + cut.index(body.len()));
        let draft = Draft::new(&house.access_id, ROWS[row].name, &body).signed();
        let answer = runtime.block_on(house.send(draft));
        prop_assert!(matches!(answer.status, 200 | 400 | 404), "{}", answer.code());
    }
}
