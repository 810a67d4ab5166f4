//! Signed requests with one thing changed: at least a hundred changes for each scheme, and none is taken. A request that
//! is taken leaves a line in the audit log, whatever comes of it.

use http::{HeaderValue, Uri};

use super::*;

/// The texts that differ from this one in one character, by its lowest bit.
fn flips(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).filter_map(move |at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).ok()
    })
}

/// Changes of a signed request, as far as they can be sent at all.
fn changes(good: &Draft, vital: &[&str]) -> Vec<Draft> {
    let mut all = Vec::new();
    for name in vital {
        let value = good.header(name);
        let other = flips(value).filter(|value| HeaderValue::from_str(value).is_ok());
        all.extend(other.map(|value| good.clone().set(name, Some(&value))));
        all.push(good.clone().set(name, None));
        all.push(good.clone().set(name, Some("")));
        all.push(good.clone().set(name, Some(&format!("{value}x"))));
        let mut twice = good.clone();
        twice.headers.push(((*name).to_owned(), value.to_owned()));
        all.push(twice);
    }
    let body = String::from_utf8(good.body.clone()).unwrap();
    all.extend(flips(&body).map(|body| Draft { body: body.into_bytes(), ..good.clone() }));
    for body in [format!("{body}x"), format!(" {body}"), format!("{body}&x=1"), format!("x{body}")]
    {
        all.push(Draft { body: body.into_bytes(), ..good.clone() });
    }
    let query = good.uri.strip_prefix("/?");
    let uris = flips(query.unwrap_or_default()).map(|query| format!("/?{query}"));
    let others = ["/x", "/?", "//", "/?x=1"].map(str::to_owned);
    let longer = query.iter().flat_map(|query| {
        [format!("/?{query}&x=1"), format!("/?x=1&{query}"), format!("/x?{query}")]
    });
    let uris = uris.chain(others).chain(longer).filter(|uri| {
        // An empty query is none.
        *uri != good.uri && !(uri == "/?" && good.uri == "/") && uri.parse::<Uri>().is_ok()
    });
    all.extend(uris.map(|uri| Draft { uri, ..good.clone() }));
    let other = if good.method == "GET" { "POST" } else { "GET" };
    for method in [other, "PUT", "DELETE", "HEAD", "OPTIONS"] {
        all.push(Draft { method, ..good.clone() });
    }
    all
}

async fn check(house: &House, good: Draft, vital: &[&str]) {
    let before = house.audit.lines().len();
    house.send(good.clone()).await.ok();
    assert_eq!(house.audit.lines().len(), before + 1);
    let changes = changes(&good, vital);
    assert!(changes.len() >= 100, "{} changes only", changes.len());
    for draft in changes {
        let before = house.audit.lines().len();
        let answer = house.send(draft.clone()).await;
        assert_ne!(answer.code(), "", "{draft:?}");
        assert_eq!(house.audit.lines().len(), before, "{draft:?} {}", answer.body);
    }
    house.send(good).await.ok();
}

const VITAL: [&str; 4] = ["authorization", "host", "content-type", "x-tc-timestamp"];

#[tokio::test]
async fn version_3_of_a_post() {
    let house = House::new().await;
    let draft = Draft::post("ListKeys", r#"{"Limit": 7, "Offset": 1}"#);
    check(&house, draft.clone().signed(&house.admin), &VITAL).await;
    // With the action signed too.
    let values = [("content-type", JSON), ("host", HOST), ("x-tc-action", "ListKeys")];
    let draft = draft.signed_with(&house.admin, "kms", &values);
    check(&house, draft, &[&VITAL[..], &["x-tc-action"]].concat()).await;
}

#[tokio::test]
async fn version_3_of_a_get() {
    let house = House::new().await;
    let draft = Draft::get("ListKeys", "Limit=7&Offset=1&Role=0").signed(&house.admin);
    check(&house, draft, &VITAL).await;
}

#[tokio::test]
async fn version_1_of_a_get() {
    let house = House::new().await;
    for algorithm in ["HmacSHA1", "HmacSHA256"] {
        let query = "Limit=7&Offset=%31";
        let draft = Draft::old_at(&house.admin, "GET", "ListKeys", query, HOST, algorithm);
        check(&house, draft, &["host"]).await;
    }
}

#[tokio::test]
async fn version_1_of_a_post() {
    let house = House::new().await;
    for algorithm in ["HmacSHA1", "HmacSHA256"] {
        let query = "Limit=7&Offset=1";
        let draft = Draft::old_at(&house.admin, "POST", "ListKeys", query, HOST, algorithm);
        check(&house, draft, &["host"]).await;
    }
}
