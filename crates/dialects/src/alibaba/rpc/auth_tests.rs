//! Signatures by the vendor's own code, and what is read of a claim. Whole requests are refused in `tests/`.

#![allow(clippy::unwrap_used)]

use http::{HeaderName, Request};
use serde_json::Value;

use super::*;
use crate::common::form::is_form;

const SECRET: &[u8] = b"testsecret";

struct Wire {
    name: String,
    head: Parts,
    body: String,
    string: String,
}

/// The published and the recorded requests.
fn wires() -> Vec<Wire> {
    let cases: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/acs.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 6);
    let wires = cases.iter().map(|case| {
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let uri = format!("/?{}", text("query"));
        let mut request = Request::builder().method(text("method").as_str()).uri(uri);
        for pair in case["headers"].as_array().unwrap() {
            let name: HeaderName = pair[0].as_str().unwrap().parse().unwrap();
            request = request.header(name, pair[1].as_str().unwrap());
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        Wire { name: text("name"), head, body: text("body"), string: text("string") }
    });
    wires.collect()
}

fn parameters(wire: &Wire) -> Parameters {
    let form = if is_form(&wire.head.headers) { wire.body.as_bytes() } else { b"" };
    Parameters::read(wire.head.uri.query().unwrap(), form).unwrap()
}

#[test]
fn the_vendors_signatures_fit() {
    for wire in wires() {
        let parameters = parameters(&wire);
        let kind = Kind::of(&wire.head.headers);
        let claim = Claim::read(kind, &wire.head, wire.body.as_bytes(), &parameters).unwrap();
        let Claim { access_id, scheme, string, signature, signed, nonce, fault } = claim;
        assert!(string.contains(&wire.string), "{}: {}", wire.name, *string);
        let signature = signature.unwrap();
        assert!(scheme.fits(SECRET, &string, &signature), "{}", wire.name);
        assert!(!scheme.fits(b"testsecret2", &string, &signature), "{}", wire.name);
        assert!(!scheme.fits(SECRET, &format!("{} ", *string), &signature), "{}", wire.name);
        assert!(!scheme.fits(SECRET, &string, &signature[1..]), "{}", wire.name);
        assert_eq!((access_id, fault.is_none()), ("testid", true), "{}", wire.name);
        assert!(signed.is_ok());
        assert_eq!(nonce.is_some(), wire.name != "v1 GET");
    }
}

#[test]
fn only_one_scheme_tells_a_region() {
    let regions: Vec<Option<String>> = wires()
        .iter()
        .map(|wire| {
            let parameters = parameters(wire);
            let kind = Kind::of(&wire.head.headers);
            let claim = Claim::read(kind, &wire.head, wire.body.as_bytes(), &parameters).unwrap();
            claim.region().map(str::to_owned)
        })
        .collect();
    assert_eq!(regions, [None, None, None, None, None, Some("cn-hangzhou".to_owned())]);
}

#[test]
fn authorization_has_three_parts() {
    let good = "Credential=a/b,SignedHeaders=host;x,Signature=0";
    assert_eq!(parts_of(good).unwrap(), ["a/b", "host;x", "0"]);
    assert!(parts_of("Signature=0, Credential=a/b,  SignedHeaders=host;x").is_ok());
    for text in [
        "",
        "Credential=a,SignedHeaders=b",
        "Credential=,SignedHeaders=b,Signature=c",
        "Credential=a,SignedHeaders=b,Signature=c,",
        "Credential=a,SignedHeaders=b,Signature=c,Signature=c",
        "Credential=a,SignedHeaders=b,Signature=c,More=d",
        "credential=a,SignedHeaders=b,Signature=c",
        "Credential,SignedHeaders,Signature",
    ] {
        assert_eq!(parts_of(text).unwrap_err().code, Code::IncompleteSignature, "{text}");
    }
}

/// Parameters are ordered by their plain names: encoded, the order of these two is the other.
#[test]
fn the_order_is_that_of_plain_names() {
    let parameters = Parameters::read("az=1&a%7B=2", b"").unwrap();
    assert_eq!(*string_of_parameters("GET", &parameters), "GET&%2F&az%3D1%26a%257B%3D2");
    let request = Request::builder().uri("/?a%7B=2&az=1&b=x+y").header("host", " a  b ");
    let (head, ()) = request.body(()).unwrap().into_parts();
    let form = canonical(&head, &["host"], "hash").unwrap();
    assert_eq!(
        String::from_utf8(form).unwrap(),
        "GET\n/\naz=1&a%7B=2&b=x%20y\nhost:a  b\n\nhost\nhash"
    );
    assert!(canonical(&head, &["host", "x"], "hash").is_none());
}
