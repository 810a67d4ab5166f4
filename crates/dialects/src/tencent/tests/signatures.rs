//! Who asks: the vectors of the vendor's client, the spellings in which its clients sign, and what is refused.

use serde_json::{Value, json};
use trent_core::access::Preset;

use super::*;

const FAILURE: &str = "AuthFailure.SignatureFailure";

/// Requests signed by the vendor's Python client with the secret `sk-example`.
#[tokio::test]
async fn the_vendors_client_signs_alike() {
    let house = House::with(Settings { unsigned_payload: true, ..Settings::default() }).await;
    house.known(house.tenant, Preset::Administrator, "AKIDEXAMPLE", b"sk-example").await;
    let cases: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/tc3.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let method = if text("method") == "GET" { "GET" } else { "POST" };
        let old = case["version"] == 1;
        let make = |signature: &str| {
            if old {
                return Draft::old_signed(method, text("host"), text("parameters"), signature);
            }
            let draft = match method {
                "GET" => Draft::get("DescribeKey", text("uri").strip_prefix("/?").unwrap()),
                _ => Draft::post("DescribeKey", text("body")),
            };
            let authorization = format!(
                "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/kms/tc3_request, \
                SignedHeaders=content-type;host, Signature={signature}"
            );
            let payload = Some("UNSIGNED-PAYLOAD").filter(|_| case["unsigned_payload"] == true);
            draft
                .set("host", Some(text("host")))
                .set("content-type", Some(text("content_type")))
                .set("x-tc-content-sha256", payload)
                .set("authorization", Some(&authorization))
        };
        // Known, so what is asked for is looked at: a key that nobody has, and an operation that is not built.
        let expected = if old { "UnsupportedOperation" } else { "ResourceUnavailable.CmkNotFound" };
        let answer = house.send(make(text("signature"))).await;
        assert_eq!(answer.code(), expected, "{} {}", text("name"), answer.body);
        let other = text("signature").replacen(['0', 'A'], "1", 1);
        assert_eq!(house.send(make(&other)).await.code(), FAILURE, "{}", text("name"));
    }
}

/// What the vendor's clients sign where they do not sign what they send.
#[tokio::test]
async fn every_clients_spelling_is_taken() {
    let house = House::new().await;
    let who = &house.admin;
    let at = |host: &str| Draft::post("ListKeys", "{}").set("host", Some(host));
    let json = ("content-type", JSON);
    let utf8 = ("content-type", "application/json; charset=utf-8");
    for (draft, service, values) in [
        // Python, Go: what is sent.
        (at("127.0.0.1:8080"), "kms", vec![json, ("host", "127.0.0.1:8080")]),
        (at("[::1]:8080"), "kms", vec![json, ("host", "[::1]:8080")]),
        // Node: without the port, and the service from the endpoint.
        (at("127.0.0.1:8080"), "127", vec![json, ("host", "127.0.0.1")]),
        (at("localhost:8080"), "localhost:8080", vec![json, ("host", "localhost")]),
        (at("kms.corp.example"), "kms", vec![json, ("host", "kms.corp.example")]),
        // The command line: with the scheme.
        (at("http://127.0.0.1:8080"), "kms", vec![json, ("host", "http://127.0.0.1:8080")]),
        // .NET signs a charset that it does not send; Java sends it.
        (at(HOST), "kms", vec![utf8, ("host", HOST)]),
        (at(HOST).set("content-type", Some(utf8.1)), "kms", vec![utf8, ("host", HOST)]),
        // The documented rule: values in lower case.
        (at("KMS.Example.com"), "kms", vec![json, ("host", "kms.example.com")]),
        (at(HOST), "kms", vec![json, ("host", HOST), ("x-tc-action", "listkeys")]),
        (at(HOST), "kms", vec![json, ("host", HOST), ("x-tc-action", "ListKeys")]),
    ] {
        let answer = house.send(draft.clone().signed_with(who, service, &values)).await;
        assert_eq!(answer.code(), "", "{draft:?} {service} {values:?} {}", answer.body);
    }
    for (draft, service, values) in [
        (at("127.0.0.1:8080"), "0", vec![json, ("host", "127.0.0.1:8080")]),
        (at("127.0.0.1:8080"), "cvm", vec![json, ("host", "127.0.0.1:8080")]),
        (at("kms.corp.example"), "KMS", vec![json, ("host", "kms.corp.example")]),
        (at(HOST), "kms", vec![json, ("host", "kms")]),
        (at(HOST), "kms", vec![json, ("host", "kms.example.com:7601")]),
        (at(HOST), "kms", vec![("content-type", "text/plain"), ("host", HOST)]),
        (at(HOST), "kms", vec![json]),
        (at(HOST), "kms", vec![("host", HOST)]),
        (at(HOST), "kms", vec![json, ("host", HOST), ("x-tc-missing", "")]),
    ] {
        let answer = house.send(draft.clone().signed_with(who, service, &values)).await;
        assert_eq!(answer.code(), FAILURE, "{draft:?} {service} {values:?}");
    }
    // The older signature.
    for (method, algorithm) in [("GET", "HmacSHA1"), ("POST", "HmacSHA1"), ("GET", "HmacSHA256")] {
        for host in [HOST, "kms.example.com"] {
            let draft = Draft::old_at(who, method, "ListKeys", "", host, algorithm);
            house.send(draft.set("host", Some(HOST))).await.ok();
        }
        let draft = Draft::old_at(who, method, "ListKeys", "", "other:7600", algorithm);
        assert_eq!(house.send(draft.set("host", Some(HOST))).await.code(), FAILURE);
    }
    // Ruby sends a line's end after the signature.
    let mut draft = Draft::old(who, "GET", "ListKeys", "");
    draft.uri.push_str("%0A");
    house.send(draft).await.ok();
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes() {
    let house = House::new().await;
    let who = &house.admin;
    for (now, code) in [
        (NOW, ""),
        (NOW - 300, ""),
        (NOW + 300, ""),
        (NOW - 301, "AuthFailure.SignatureExpire"),
        (NOW + 301, "AuthFailure.SignatureExpire"),
        (0, "AuthFailure.SignatureExpire"),
    ] {
        house.clock.set(now * 1_000);
        for draft in [
            Draft::post("ListKeys", "{}").signed(who),
            Draft::get("ListKeys", "").signed(who),
            Draft::old(who, "GET", "ListKeys", ""),
            Draft::old(who, "POST", "ListKeys", ""),
        ] {
            assert_eq!(house.send(draft).await.code(), code, "{now}");
        }
    }
    // The day of the scope is that of the time.
    house.clock.set(NOW * 1_000);
    let other_day = "1700006400"; // 2023-11-15T00:00:00Z
    let draft = Draft::post("ListKeys", "{}").set("x-tc-timestamp", Some(other_day)).signed(who);
    house.clock.set(1_700_006_400_000);
    assert_eq!(house.send(draft).await.code(), FAILURE);
}

#[tokio::test]
async fn unknown_ids_are_told_before_everything_else() {
    let house = House::new().await;
    let not_found = "AuthFailure.SecretIdNotFound";
    let stranger = Who { id: "AKIDnobody".to_owned(), ..house.admin.clone() };
    for draft in [
        Draft::post("ListKeys", "{}").signed(&stranger),
        Draft::get("ListKeys", "").signed(&stranger),
        Draft::old(&stranger, "GET", "ListKeys", ""),
        Draft::old(&stranger, "POST", "ListKeys", ""),
        Draft::post("ListKeys", "{}").signed_with(&stranger, "cvm", &[("host", HOST)]),
        Draft::post("ListKeys", "{}").set("x-tc-token", Some("t")).signed(&stranger),
    ] {
        let answer = house.send(draft).await;
        assert_eq!(answer.code(), not_found);
        assert!(answer.message().contains("is not found"));
    }
    let lower = Who { id: house.admin.id.to_lowercase(), ..house.admin.clone() };
    assert_eq!(house.send(Draft::post("ListKeys", "{}").signed(&lower)).await.code(), not_found);
    for id in ["x".repeat(129), "a b".to_owned()] {
        let odd = Who { id, ..house.admin.clone() };
        let answer = house.send(Draft::post("ListKeys", "{}").signed(&odd)).await;
        assert_eq!(answer.code(), "AuthFailure.InvalidSecretId");
    }
    // Nobody is known, so nothing is said of anybody in the audit log.
    let before = house.audit.lines().len();
    let wrong = Who { secret: b"x".repeat(32), ..house.admin.clone() };
    assert_eq!(house.send(Draft::post("ListKeys", "{}").signed(&wrong)).await.code(), FAILURE);
    assert_eq!(house.send(Draft::old(&wrong, "GET", "ListKeys", "")).await.code(), FAILURE);
    assert_eq!(house.audit.lines().len(), before);

    let admin = &house.admin;
    let other = house.new_who(house.tenant, Preset::Administrator).await;
    let mixed = Who { id: other.id.clone(), ..admin.clone() };
    assert_eq!(house.send(Draft::post("ListKeys", "{}").signed(&mixed)).await.code(), FAILURE);
    let good = || Draft::post("ListKeys", "{}").signed(admin);
    house.engine.set_credential_enabled(house.tenant, &admin.id, false).await.unwrap();
    assert_eq!(house.send(good()).await.code(), not_found);
    house.engine.set_credential_enabled(house.tenant, &admin.id, true).await.unwrap();
    house.send(good()).await.ok();
    house.engine.set_tenant_enabled(house.tenant, false).await.unwrap();
    assert_eq!(house.send(good()).await.code(), not_found);
}

#[tokio::test]
async fn tokens_and_bodies_that_are_not_signed() {
    let house = House::new().await;
    let who = &house.admin;
    let token = "AuthFailure.TokenFailure";
    let draft = Draft::post("ListKeys", "{}").set("x-tc-token", Some("t")).signed(who);
    assert_eq!(house.send(draft).await.code(), token);
    assert_eq!(house.send(Draft::old(who, "GET", "ListKeys", "Token=t")).await.code(), token);
    house.send(Draft::old(who, "GET", "ListKeys", "Token=")).await.ok();

    let unsigned = |told: &str| {
        Draft::post("ListKeys", "{}").set("x-tc-content-sha256", Some(told)).signed(who)
    };
    assert_eq!(house.send(unsigned("UNSIGNED-PAYLOAD")).await.code(), FAILURE);
    house.send(unsigned(&payload_hash(b"{}"))).await.ok();
    assert_eq!(house.send(unsigned(&payload_hash(b"{ }"))).await.code(), FAILURE);
    let open = House::with(Settings { unsigned_payload: true, ..Settings::default() }).await;
    let draft = Draft::post("ListKeys", "{}")
        .set("x-tc-content-sha256", Some("UNSIGNED-PAYLOAD"))
        .signed(&open.admin);
    let changed = Draft { body: b"{\"Limit\":1}".to_vec(), ..draft.clone() };
    open.send(draft.clone()).await.ok();
    open.send(changed).await.ok();
    assert_eq!(open.send(draft.set("x-tc-content-sha256", None)).await.code(), FAILURE);
}

#[tokio::test]
async fn over_an_open_line_the_action_must_be_signed() {
    let house = House::new().await;
    let who = &house.admin;
    let peer = |address: &str, secure: bool| Peer { address: address.parse().unwrap(), secure };
    let far = peer("192.0.2.1:1", false);
    let plain = || Draft::post("ListKeys", "{}").signed(who);
    let values = |extra: &[(&'static str, &'static str)]| {
        [&[("content-type", JSON), ("host", HOST)], extra].concat()
    };
    let covering = |extra: &[(&'static str, &'static str)]| {
        Draft::post("ListKeys", "{}").signed_with(who, "kms", &values(extra))
    };
    let (action, region) = (("x-tc-action", "ListKeys"), ("x-tc-region", "ap-guangzhou"));
    assert_eq!(house.send_from(far, plain()).await.code(), FAILURE);
    assert_eq!(house.send_from(far, covering(&[action])).await.code(), FAILURE);
    house.send_from(far, covering(&[action, region])).await.ok();
    let answer = house.send_from(far, Draft::old(who, "GET", "ListKeys", "")).await;
    assert_eq!((answer.code(), answer.message().contains("TLS")), (FAILURE, true));
    for near in [
        peer("192.0.2.1:1", true),
        peer("127.0.0.2:1", false),
        peer("[::1]:1", false),
        peer("[::ffff:127.0.0.1]:1", false),
    ] {
        house.send_from(near, plain()).await.ok();
        house.send_from(near, Draft::old(who, "POST", "ListKeys", "")).await.ok();
    }
}

#[tokio::test]
async fn parameters_that_run_together_are_refused() {
    let house = House::new().await;
    let who = &house.admin;
    let create = |query: &str| Draft::old(who, "GET", "CreateKey", query);
    house.send(create("Alias=a&Description=!%27()*~%2B%26%3D")).await.ok();
    house.send(create("Alias=b&Description=x&KeyUsage=ENCRYPT_DECRYPT")).await.ok();
    // What was signed as three parameters reads as two.
    let merged = create("Alias=c&Description=x%26KeyUsage=ENCRYPT_DECRYPT");
    assert_eq!(house.send(merged).await.code(), FAILURE);
}

#[tokio::test]
async fn no_half_and_double_authorizations() {
    let house = House::new().await;
    let signed = Draft::post("ListKeys", "{}").signed(&house.admin);
    let good = signed.header("authorization").to_owned();
    let answer = house.send(signed.clone().set("authorization", None)).await;
    assert_eq!(answer.code(), "MissingParameter");
    assert!(answer.message().contains("`Authorization`"));
    for value in [
        "",
        "SKIP",
        "TC3-HMAC-SHA256",
        "TC3-HMAC-SHA256 ",
        "TC3-HMAC-SHA1 Credential=a",
        &good.replace("TC3-HMAC-SHA256 ", "tc3-hmac-sha256 "),
        &good.replace("SignedHeaders=", "Signed="),
        &good.replace("/kms", ""),
        &good.replace("/tc3_request", ""),
        &good.replace("content-type;host", "host;content-type"),
        &good.replace("content-type;host", "Content-Type;Host"),
        &good.replace("content-type;host", ""),
        good.split(", Signature").next().unwrap(),
        &format!("{good}, Signature=00"),
        &format!("{good},"),
        "TC3-HMAC-SHA256 Credential=/2023-11-14/kms/tc3_request, SignedHeaders=content-type;host, Signature=00",
    ] {
        let answer = house.send(signed.clone().set("authorization", Some(value))).await;
        assert_eq!(answer.code(), "AuthFailure.InvalidAuthorization", "{value}");
    }
    let mut twice = signed.clone();
    twice.headers.push(("authorization".to_owned(), good.clone()));
    assert_eq!(house.send(twice).await.code(), "AuthFailure.InvalidAuthorization");
    for name in ["host", "content-type"] {
        let mut twice = signed.clone();
        twice.headers.push((name.to_owned(), signed.header(name).to_owned()));
        assert_eq!(house.send(twice).await.code(), FAILURE, "{name}");
        assert_eq!(house.send(signed.clone().set(name, None)).await.code(), FAILURE, "{name}");
    }
    // The older kind names what it lacks.
    let old = Draft::old(&house.admin, "GET", "ListKeys", "");
    for name in ["SecretId", "Signature"] {
        let draft = Draft { uri: old.uri.replace(&format!("&{name}="), "&x="), ..old.clone() };
        let answer = house.send(draft).await;
        assert_eq!(answer.code(), "MissingParameter");
        assert!(answer.message().contains(&format!("`{name}`")));
    }
    house.send(signed).await.ok();
}

#[tokio::test]
async fn the_audit_log_tells_who_asked() {
    let house = House::new().await;
    let who = house.admin.clone();
    let draft = Draft::post("ListKeys", "{}").set("x-tc-requestclient", Some("SDK_PYTHON_3.1.192"));
    let before = house.audit.lines().len();
    let answer = house.send(draft.signed(&who)).await;
    let event: Value = serde_json::from_str(&house.audit.lines()[before]).unwrap();
    let expected = json!({
        "dialect": "tencent",
        "operation": "ListKeys",
        "access_id": who.id,
        "region": "main",
        "agent": "SDK_PYTHON_3.1.192",
        "request": answer.body["RequestId"],
        "source": "127.0.0.1",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&event[name], value, "{name} in {event}");
    }
}
