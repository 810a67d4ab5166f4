//! Requests in their several forms, and what is wrong with them before any operation begins.

use serde_json::json;

use super::*;
use crate::Refused;
use crate::tencent::claims;

#[tokio::test]
async fn one_request_in_every_form() {
    let house = House::new().await;
    let who = &house.admin;
    let flat = "Tags.0.TagKey=env&Tags.0.TagValue=a%20b&Tags.1.TagKey=e%2B&Tags.1.TagValue=%C3%A9\
        &Type=1&Description=a+b";
    let tags = json!([
        {"TagKey": "env", "TagValue": "a b"},
        {"TagKey": "e+", "TagValue": "é"},
    ]);
    let body = json!({"Alias": "json", "Tags": tags, "Type": 1, "Description": "a b"});
    for draft in [
        Draft::post("CreateKey", &body.to_string()).signed(who),
        Draft::get("CreateKey", &format!("Alias=get&{flat}")).signed(who),
        Draft::old(who, "GET", "CreateKey", &format!("Alias=old-get&{flat}")),
        Draft::old(who, "POST", "CreateKey", &format!("Alias=old-post&{flat}")),
    ] {
        let made = house.send(draft).await.ok();
        assert_eq!((&made["TagMsg"], &made["Description"]), (&json!("ok"), &json!("a b")));
        let key = KeyRef::Id(KeyId::parse(made["KeyId"].as_str().unwrap()).unwrap());
        let key = house.engine.describe_key(&house.elsewhere().await, &key).await.unwrap().key;
        let kept: Vec<_> = key.tags.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(kept, [("e+", "é"), ("env", "a b")]);
    }
    for query in ["", "Limit=2&Offset=1"] {
        let draft = Draft::get("ListKeys", query).signed(who);
        let listed = house.send(draft).await.ok();
        assert_eq!(listed["TotalCount"], 4);
    }
    // Some clients send no more than the question mark, some nothing at all.
    house.send(Draft { uri: "/".to_owned(), ..Draft::get("ListKeys", "") }.signed(who)).await.ok();
    house.send(Draft::post("ListKeys", "").signed(who)).await.ok();
}

#[tokio::test]
async fn actions_versions_and_regions() {
    let house = House::new().await;
    let who = &house.admin;
    let post = |action: &str| Draft::post(action, "{}");
    for (draft, code, operation) in [
        (post("ListKeys").set("x-tc-version", Some("2018-08-13")), "NoSuchVersion", "ListKeys"),
        (post("Guess").set("x-tc-version", Some("2018-08-13")), "NoSuchVersion", "unknown"),
        (post("Guess"), "InvalidAction", "unknown"),
        (post("listKeys"), "InvalidAction", "unknown"),
        (post("GetRegions"), "UnsupportedOperation", "GetRegions"),
        (post("SignByAsymmetricKey"), "UnsupportedOperation", "SignByAsymmetricKey"),
        (post("ListKeys").set("x-tc-region", Some("mars")), "UnsupportedRegion", "ListKeys"),
        (post("Guess").set("x-tc-region", Some("mars")), "InvalidAction", "unknown"),
    ] {
        let before = house.audit.lines().len();
        let answer = house.send(draft.signed(who)).await;
        assert_eq!((answer.code(), answer.outcome.operation), (code, operation));
        assert_eq!(house.trail(before), [[operation, "None", "failure", code]]);
    }
    // Without a region the host tells it, or it is the one that this dialect has a name for.
    for (host, total) in [
        (HOST, 1),
        ("kms.ap-guangzhou.example.com", 1),
        ("kms.second.example.com", 0),
        ("http://127.0.0.1:7600", 1),
        ("http://second.example.com:7600", 0),
    ] {
        if total == 1 && host == HOST {
            house.create("a", "").await;
        }
        let draft = post("ListKeys").set("x-tc-region", None).set("host", Some(host)).signed(who);
        assert_eq!(house.send(draft).await.ok()["TotalCount"], total, "{host}");
        let draft = Draft::old_at(who, "GET", "ListKeys", "", host, "HmacSHA1");
        let uri = draft.uri.replace("&Region=ap-guangzhou", "");
        let (query, _) = uri.strip_prefix("/?").unwrap().split_once("&Signature=").unwrap();
        let signature = signature_v1(who, "GET", host, query);
        let draft = Draft::old_signed("GET", host, query, &signature);
        assert_eq!(house.send(draft).await.ok()["TotalCount"], total, "{host}");
    }
    let draft = post("ListKeys").set("x-tc-region", Some("main")).signed(who);
    assert_eq!(house.send(draft).await.ok()["TotalCount"], 1);
}

#[tokio::test]
async fn bodies_that_are_no_parameters() {
    let house = House::new().await;
    let who = &house.admin;
    for (body, code) in [
        ("[]", "InvalidParameter"),
        ("1", "InvalidParameter"),
        ("{", "InvalidParameter"),
        ("null", "InvalidParameter"),
        (r#"{"Limit":1,"Limit":1}"#, "InvalidParameter"),
        (r#"{"Limit":{}}"#, "InvalidParameter"),
        (r#"{"limit":1}"#, "UnknownParameter"),
        (&"[".repeat(100_000), "InvalidParameter"),
    ] {
        let before = house.audit.lines().len();
        let answer = house.send(Draft::post("ListKeys", body).signed(who)).await;
        assert_eq!(answer.code(), code, "{body:.60}");
        assert_eq!(house.trail(before), [["ListKeys", "None", "failure", code]]);
    }
    for kind in ["text/plain", FORM, "multipart/form-data; boundary=x"] {
        let draft = Draft::post("ListKeys", "{}").set("content-type", Some(kind)).signed(who);
        assert_eq!(house.send(draft).await.code(), "InvalidRequest", "{kind}");
    }
    for query in ["Limit=x", "Limit.0=1", "Limit=1&Limit.0=1"] {
        let draft = Draft::get("ListKeys", query).signed(who);
        assert_eq!(house.send(draft).await.code(), "InvalidParameter", "{query}");
    }
    for query in ["Guess=", "Action=ListKeys", "limit=1"] {
        let draft = Draft::get("ListKeys", query).signed(who);
        assert_eq!(house.send(draft).await.code(), "UnknownParameter", "{query}");
    }
    let draft = Draft::old(who, "GET", "ListKeys", "Guess=1");
    assert_eq!(house.send(draft).await.code(), "UnknownParameter");
    let old = "Language=zh-CN&RequestClient=SDK_RUBY";
    house.send(Draft::old(who, "GET", "ListKeys", old)).await.ok();
}

#[tokio::test]
async fn answers_carry_the_clients_trace() {
    let house = House::new().await;
    let long = "x".repeat(128);
    for (trace, kept) in
        [("a-trace", true), (&*long, true), (&format!("{long}x"), false), ("é", false)]
    {
        for code in ["", "AuthFailure.SignatureFailure"] {
            let mut draft =
                Draft::post("ListKeys", "{}").set("x-tc-traceid", Some(trace)).signed(&house.admin);
            if !code.is_empty() {
                draft.body = b"{ }".to_vec();
            }
            let answer = house.send(draft).await;
            assert_eq!(answer.code(), code);
            let found = answer.headers.get("x-tc-traceid").map(|value| value.to_str().unwrap());
            assert_eq!(found, Some(trace).filter(|_| kept));
        }
    }
    assert!(!house.call("ListKeys", json!({})).await.headers.contains_key("x-tc-traceid"));
}

#[tokio::test]
async fn the_bytes_of_an_answer() {
    let house = House::new().await;
    let answer = house.call("ListKeys", json!({})).await;
    let id = answer.text("RequestId");
    let expected = format!(r#"{{"Response":{{"Keys":[],"TotalCount":0,"RequestId":"{id}"}}}}"#);
    assert_eq!(answer.bytes, expected);
    assert_eq!(answer.headers.len(), 2, "{:?}", answer.headers);
}

#[tokio::test]
async fn the_listeners_refusals_have_the_vendors_form() {
    let house = House::new().await;
    for (why, code) in [
        (Refused::TooLarge, "RequestSizeLimitExceeded"),
        (Refused::Deadline, "InternalError"),
        (Refused::Overloaded, "RequestLimitExceeded"),
    ] {
        let response = house.door.refuse(why);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &JSON.parse().unwrap())
        );
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["Response"]["Error"]["Code"], code);
        assert_eq!(response.extensions().get::<Outcome>().unwrap().result, code);
    }
}

#[test]
fn the_vendors_marks_are_claimed() {
    let check = |uri: &str, headers: &[(&str, &str)], body: &str, expected: bool| {
        let mut request = Request::builder().method("POST").uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(claims(&head, body.as_bytes()), expected, "{uri} {headers:?} {body}");
    };
    let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    check("/", &[("x-tc-action", "")], "", true);
    check("/x", &[("authorization", "TC3-HMAC-SHA256 Credential=a")], "{}", true);
    check("/?Action=a&SecretId=b", &[], "", true);
    check("/?Action=a", &[form], "SecretId=b", true);
    check("/", &[form], "a=%ff&SecretId=b&Action=a&Action=b", true);
    check("/", &[], "SecretId=b&Action=a", false);
    check("/", &[form], "SecretId=b", false);
    check("/?Action=a&AccessKeyId=b", &[form], "Action=a", false);
    check("/", &[("authorization", "ACS3-HMAC-SHA256 Credential=a")], "{}", false);
    check("/", &[("x-tc-version", "2019-01-18")], "{}", false);
}
