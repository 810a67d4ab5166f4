//! Who may ask, for which organisation, and what becomes of requests that are refused.

use bytes::Bytes;
use http::Request;
use http::request::Builder;
use serde_json::{Value, json};
use trent_core::access::Preset;

use super::super::operations;
use super::{Answered, House, local};
use crate::{Dialect, Outcome, Peer, Refused};

const KEYS: &str = "/v1/kms/nl-01/keys";

async fn send(house: &House, peer: Peer, headers: &[(&str, &str)], path: &str) -> Answered {
    let add = |request: Builder, (name, value): &(&str, &str)| request.header(*name, *value);
    let request = headers.iter().fold(Request::builder().uri(path), add);
    house.send(peer, request.body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn tokens_are_taken_in_either_scheme_and_from_safe_places_only() {
    let house = House::new().await;
    let token = house.token.clone();
    let peer = |address: &str, secure| Peer { address: address.parse().unwrap(), secure };
    for scheme in ["Token", "token", "Bearer", "BEARER"] {
        let header = format!("{scheme} {token}");
        for (from, status) in [
            (local(), 200),
            (peer("[::1]:5", false), 200),
            (peer("[::ffff:127.0.0.1]:5", false), 200),
            (peer("192.0.2.1:5", true), 200),
            (peer("192.0.2.1:5", false), 401),
            (peer("[2001:db8::1]:5", false), 401),
            (peer("[::ffff:192.0.2.1]:5", false), 401),
        ] {
            let answer = send(&house, from, &[("authorization", &header)], KEYS).await;
            assert_eq!(answer.status, status, "{scheme} {from:?}");
        }
    }
}

#[tokio::test]
async fn everything_else_is_one_401() {
    let house = House::new().await;
    let good = house.token.clone();
    let mut wrong = good.clone();
    let last = if wrong.pop() == Some('a') { 'b' } else { 'a' };
    wrong.push(last);
    let unknown = format!("tc_pat_{}", "0".repeat(53));
    let other = super::super::mint_token().unwrap().token;
    let disabled = house.new_token(house.tenant, Preset::Administrator).await;
    let id = &disabled["tc_pat_".len()..][..10];
    house.engine.set_credential_enabled(house.tenant, id, false).await.unwrap();
    let constant = "the credential is missing or not valid";
    for header in [
        format!("Token {wrong}"),
        format!("Bearer {unknown}"),
        format!("Token {}", &*other),
        format!("Token {disabled}"),
        format!("Basic {good}"),
        format!("AWS4-HMAC-SHA256 {good}"),
        format!("Token {good}x"),
        format!("Token {}", &good[..59]),
        format!("Token {}", good.to_uppercase()),
        "Token".to_owned(),
        "Token ".to_owned(),
        good.clone(),
        String::new(),
    ] {
        let answer = send(&house, local(), &[("authorization", &header)], KEYS).await;
        assert_eq!((answer.status, answer.text("message")), (401, constant), "{header}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    let missing = send(&house, local(), &[], KEYS).await;
    assert_eq!((missing.status, missing.text("message")), (401, constant));

    let header = format!("Token {good}");
    let twice = [("authorization", &*header), ("authorization", &*header)];
    assert_eq!(send(&house, local(), &twice, KEYS).await.status, 401);
    for query in [format!("?token={good}"), "?Access_Token=x".to_owned(), format!("?name={good}")] {
        for headers in [&[][..], &[("authorization", &*header)]] {
            let answer = send(&house, local(), headers, &format!("{KEYS}{query}")).await;
            assert_eq!(answer.status, 401, "{query}");
            assert!(!answer.text("message").contains("tc_pat_"));
        }
    }
    // Nobody learns which paths there are.
    for path in ["/v1/nowhere", "/v1/kms/nowhere/keys", "/oidc/token", "/v1/kms/../keys"] {
        assert_eq!(send(&house, local(), &[], path).await.status, 401, "{path}");
    }
    assert!(house.audit.lines().iter().all(|line| !line.contains("\"failure\"")));
}

#[tokio::test]
async fn the_organisation_is_the_credentials_own() {
    let house = House::new().await;
    house.new_tenant("another", "org-2").await;
    let header = format!("Token {}", house.token);
    for (headers, status) in [
        (&[][..], 200),
        (&[("x-organisation-identity", "org-1")], 200),
        (&[("x-organisation-identity", "first")], 200),
        (&[("x-organisation-identity", "")], 200),
        (&[("x-organisation-identity", "org-2")], 404),
        (&[("x-organisation-identity", "another")], 404),
        (&[("x-organisation-identity", "ORG-1")], 404),
        (&[("x-organisation-identity", "é")], 404),
        (&[("x-organisation-identity", "org-1"), ("x-organisation-identity", "org-1")], 400),
        (&[("x-project-identity", "")], 200),
        (&[("x-project-identity", "proj-1")], 404),
        (&[("x-organisation-identity", "org-1"), ("x-project-identity", "root")], 404),
    ] {
        let all = [&[("authorization", &*header)], headers].concat();
        assert_eq!(send(&house, local(), &all, KEYS).await.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    let house = House::new().await;
    let tenant = house.new_tenant("another", "org-2").await;
    let stranger = house.new_token(tenant, Preset::Administrator).await;
    let key = house.create(json!({"name": "a", "exportAllowed": true})).await;
    let uuid = super::super::ids::parse_identity(&key).unwrap().to_string();
    let ciphertext = house.encrypt(&key, "aGVsbG8=").await;
    let missing = house.ask(&stranger, "GET", &format!("{KEYS}/nothing"), &Value::Null).await;
    for id in [&*key, "a", &uuid] {
        for (method, what, body) in [
            ("GET", "", Value::Null),
            ("POST", "/enable", Value::Null),
            ("POST", "/disable", Value::Null),
            ("POST", "/rotate", Value::Null),
            ("POST", "/encrypt", json!({"plaintext": "YQ=="})),
            ("POST", "/decrypt", json!({"ciphertext": ciphertext})),
            ("GET", "/public-key", Value::Null),
            ("POST", "/export", json!({})),
        ] {
            let answer = house.ask(&stranger, method, &format!("{KEYS}/{id}{what}"), &body).await;
            assert_eq!(
                (answer.status, answer.text("message")),
                (404, missing.text("message")),
                "{id} {what}"
            );
        }
    }
    let listed = house.ask(&stranger, "GET", &format!("{KEYS}?identity={key}"), &Value::Null).await;
    assert_eq!(listed.body, json!([]));
    let summary = house.ask(&stranger, "GET", "/v1/kms/summary", &Value::Null).await;
    assert_eq!(summary.body["regions"][0]["totalKeys"], 0);
    // The name is free for the stranger, and its key opens nothing of the other's.
    let made = house.ask(&stranger, "POST", KEYS, &json!({"name": "a"})).await;
    assert_eq!(made.status, 201);
    let path = format!("{KEYS}/a/decrypt");
    let opened = house.ask(&stranger, "POST", &path, &json!({"ciphertext": ciphertext})).await;
    assert_eq!(opened.status, 400);
    assert_eq!(house.on(&key, "GET", "", Value::Null).await.text("status"), "active");
    // A region hides keys as well.
    for id in [&*key, "a", &uuid] {
        let answer = house.call("GET", &format!("/v1/kms/second/keys/{id}"), Value::Null).await;
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn a_preset_allows_exactly_its_actions() {
    let house = House::new().await;
    for (preset, name) in [
        (Preset::Administrator, "administrator"),
        (Preset::Reader, "reader"),
        (Preset::None, "none"),
    ] {
        let key =
            house.create(json!({"name": name, "keyType": "rsa-2048", "exportAllowed": true})).await;
        let ciphertext = house.encrypt(&key, "aGVsbG8=").await;
        let token = house.new_token(house.tenant, preset).await;
        for (operation, method, path, action) in operations() {
            let path = path.replace("{region}", "nl-01").replace("{key}", &key);
            let body = match operation {
                "CreateKey" => json!({"name": format!("by {name}")}),
                "Encrypt" => json!({"plaintext": "YQ=="}),
                "Decrypt" => json!({"ciphertext": ciphertext}),
                _ => Value::Null,
            };
            let allowed = match preset {
                Preset::Administrator => true,
                Preset::Reader => action.is_read(),
                Preset::None => false,
            };
            // The summary is for everyone in the organisation; without rights its counts are zero.
            let allowed = allowed || operation == "GetSummary";
            let answer = house.ask(&token, method, &path, &body).await;
            assert_eq!(answer.outcome.operation, operation);
            if allowed {
                assert!(answer.status < 300, "{name} {operation}: {}", answer.body);
            } else {
                assert_eq!(
                    (answer.status, answer.outcome.result),
                    (404, "AccessDenied"),
                    "{name} {operation}"
                );
            }
            if operation == "DisableKey" {
                house.on(&key, "POST", "/enable", Value::Null).await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_refused_before_the_engine_is_recorded() {
    let house = House::new().await;
    house.create(json!({"name": "a"})).await;
    for (method, path, status, operation, event) in [
        ("GET", "/v1/nowhere", 404, "unknown", "unknown"),
        ("GET", "/oidc/token", 404, "unknown", "unknown"),
        ("PUT", "/v1/kms/nl-01/keys", 405, "unknown", "unknown"),
        ("GET", "/v1/kms/nl-01/keys/a%2Fexport", 400, "unknown", "unknown"),
        ("GET", "/v1/kms/nl-01/keys/..", 400, "unknown", "unknown"),
        ("GET", "/v1/kms/us-east-1/keys", 404, "ListKeys", "GET"),
        ("POST", "/v1/kms/NL-01/keys", 404, "CreateKey", "POST"),
        ("POST", "/v1/kms/nl-01/keys/a/encrypt", 400, "Encrypt", "kms.encrypt"),
        ("DELETE", "/v1/kms/nl-01/keys/a", 501, "DeleteKey", "DELETE"),
        ("DELETE", "/v1/kms/nl-01/keys/a/cancel-deletion", 501, "CancelDeletion", "DELETE"),
        ("PATCH", "/v1/kms/nl-01/keys/a/rotation", 501, "UpdateRotation", "PATCH"),
        ("POST", "/v1/kms/nl-01/keys/a/sign", 501, "Sign", "kms.sign"),
        ("POST", "/v1/kms/nl-01/keys/a/verify", 501, "Verify", "kms.verify"),
        ("POST", "/v1/kms/nl-01/keys/a/hmac", 501, "Hmac", "kms.hmac"),
        ("POST", "/v1/kms/nl-01/keys/a/verify-hmac", 501, "VerifyHmac", "kms.verify_hmac"),
        ("GET", "/v1/kms/nl-01/wrapping-key", 501, "GetWrappingKey", "GET"),
    ] {
        let before = house.audit.lines().len();
        let answer = house.call(method, path, Value::Null).await;
        assert_eq!(
            (answer.status, answer.outcome.operation),
            (status, operation),
            "{method} {path}"
        );
        let expected = [(event.to_owned(), "None".to_owned(), "failure".to_owned())];
        assert_eq!(house.trail(before), expected, "{method} {path}");
        assert_eq!(house.events(before)[0]["reason"], answer.outcome.result);
        assert_eq!(house.events(before)[0]["request"], answer.body["requestId"]);
        if status == 501 {
            assert!(answer.text("message").ends_with(" is not available yet"));
        }
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
    }
}

#[tokio::test]
async fn the_listeners_refusals_have_the_vendors_form() {
    let house = House::new().await;
    for (why, status, code) in [
        (Refused::TooLarge, 413, "TooLarge"),
        (Refused::Deadline, 504, "Timeout"),
        (Refused::Overloaded, 503, "Unavailable"),
    ] {
        let (head, ()) = http::Request::new(()).into_parts();
        let response = Dialect::refuse(&house.dialect, &head, why);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert!(!body["message"].as_str().unwrap().is_empty());
        assert_eq!(body["requestId"], response.headers()["x-request-id"].to_str().unwrap());
        assert_eq!(response.headers().contains_key("retry-after"), status == 503);
        let outcome = response.extensions().get::<Outcome>().unwrap();
        assert_eq!(
            (outcome.dialect, outcome.operation, outcome.result),
            ("thalassa", "unknown", code)
        );
    }
}

#[tokio::test]
async fn bodies_have_a_type_and_a_size() {
    let house = House::new().await;
    house.create(json!({"name": "a"})).await;
    let token = format!("Token {}", house.token);
    let body = json!({"plaintext": "YQ=="}).to_string();
    let padded = |len: usize| format!("{body}{}", " ".repeat(len - body.len()));
    for (kind, body, status) in [
        (&[][..], body.clone(), 200),
        (&[("content-type", "application/json")], body.clone(), 200),
        (&[("content-type", "Application/JSON; charset=utf-8")], body.clone(), 200),
        (&[("content-type", "text/plain")], body.clone(), 400),
        (&[("content-type", "application/jsonx")], body.clone(), 400),
        (&[("content-type", "")], body.clone(), 400),
        (
            &[("content-type", "application/json"), ("content-type", "text/plain")],
            body.clone(),
            400,
        ),
        (&[("content-encoding", "gzip")], body.clone(), 400),
        (&[("content-type", "text/plain")], String::new(), 400),
        (&[], "{".to_owned(), 400),
        (&[], body.replace('}', r#","plaintext":"Yg=="}"#), 400),
        (&[], format!("{body}{body}"), 400),
        (&[], "[".repeat(1000), 400),
        (&[], padded(256 * 1024), 200),
        (&[], padded(256 * 1024 + 1), 413),
    ] {
        let add = |request: Builder, (name, value): &(&str, &str)| request.header(*name, *value);
        let request = Request::builder().method("POST").uri(format!("{KEYS}/a/encrypt"));
        let request = kind.iter().fold(request.header("authorization", &token), add);
        let answer = house.send(local(), request.body(Bytes::from(body.clone())).unwrap()).await;
        assert_eq!(answer.status, status, "{kind:?} {body:.60}");
    }
    let claimed = |path: &str| {
        let (head, ()) = Request::builder().uri(path).body(()).unwrap().into_parts();
        Dialect::claims(&house.dialect, &head, b"")
    };
    assert!(claimed("/v1/kms/summary") && claimed("/oidc/token"));
    assert!(!claimed("/") && !claimed("/v1") && !claimed("/v12/") && !claimed("/livez"));
}
