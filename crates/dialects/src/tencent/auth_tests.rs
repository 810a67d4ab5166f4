//! What is read from an authorization, and the spellings of a host. Whole requests are in tests/signatures.rs.

#![allow(clippy::unwrap_used)]

use super::*;

const GOOD: &str = "TC3-HMAC-SHA256 Credential=AKID/2023-11-14/kms/tc3_request, SignedHeaders=content-type;host, \
    Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

#[test]
fn an_authorization_comes_apart() {
    for text in [GOOD.to_owned(), GOOD.replace(", ", ","), GOOD.replace(", ", " ,  ")] {
        let claim = Claim::parse(&text).unwrap();
        assert_eq!(claim.access_id, "AKID");
        assert_eq!((claim.scope, claim.terminator), (["2023-11-14", "kms"], "tc3_request"));
        assert_eq!(claim.names, ["content-type", "host"]);
        assert!(claim.signature.is_some());
    }
    assert!(Claim::parse(&GOOD.replace("5d67", "5D67")).unwrap().signature.is_none());
    let odd = GOOD.replace("/kms/", "/localhost:8080/").replace("=AKID", "=A/K=D");
    let claim = Claim::parse(&odd).unwrap();
    assert_eq!((claim.access_id, claim.scope[1]), ("A/K=D", "localhost:8080"));
    for text in [
        "",
        "SKIP",
        "TC3-HMAC-SHA256",
        &GOOD.replace("TC3-HMAC-SHA256 ", "TC3-HMAC-SHA256"),
        &GOOD.replace("Credential=", "Credentials="),
        &GOOD.replace("SignedHeaders=content-type;host, ", ""),
        &GOOD.replace("content-type;host", "host;content-type"),
        &GOOD.replace("content-type;host", "host;host"),
        &GOOD.replace("AKID/", ""),
        &GOOD.replace("AKID", ""),
        &format!("{GOOD}, Signature=00"),
        &format!("{GOOD}, Other=00"),
        &format!("{GOOD},"),
    ] {
        assert!(Claim::parse(text).is_none(), "{text}");
    }
}

#[test]
fn days_are_those_of_utc() {
    for (seconds, day) in [
        (1_700_000_000, "2023-11-14"),
        (1_700_006_399, "2023-11-14"),
        (1_700_006_400, "2023-11-15"),
        (0, "1970-01-01"),
    ] {
        assert_eq!(date_of(seconds), day);
    }
}

#[test]
fn a_host_has_few_spellings() {
    let check = |host: &str, expected: &[&str]| {
        let found = host_spellings(host.as_bytes());
        let found: Vec<&str> =
            found.iter().map(|text| std::str::from_utf8(text).unwrap()).collect();
        assert_eq!(found, expected);
    };
    check("kms.example", &["kms.example"]);
    check("kms.example:80", &["kms.example:80", "kms.example"]);
    check("KMS:80", &["KMS:80", "KMS", "kms:80", "kms"]);
    check("[::1]", &["[::1]"]);
    check("[::1]:80", &["[::1]:80", "[::1]"]);
    check("http://a", &["http://a"]);
    check("http://a:80", &["http://a:80", "http://a"]);
    check("a:", &["a:"]);
}
