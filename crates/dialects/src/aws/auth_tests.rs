//! What is read from a request's authorization, and what is wrong with it. Whole requests are in tests/aws.rs.

#![allow(clippy::unwrap_used)]

use http::Request;

use super::*;

const GOOD: &str = "Credential=AKID/20261125/us-east-1/kms/aws4_request, SignedHeaders=host;x-amz-date, \
    Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
const NOW: i64 = 1_795_571_587; // 2026-11-25T01:53:07Z

fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn outcome<T>(result: Answer<T>) -> Option<(Code, String)> {
    result.err().map(|failure| (failure.code, failure.message.unwrap_or_default()))
}

#[test]
fn an_authorization_comes_apart() {
    for text in [GOOD.to_owned(), GOOD.replace(", ", ","), GOOD.replace(", ", " ,  ")] {
        let claim = Claim::parse(&text).unwrap_or_else(|failure| panic!("{text}: {failure:?}"));
        assert_eq!(claim.access_id, "AKID");
        assert_eq!(claim.scope, ["20261125", "us-east-1", "kms"]);
        assert_eq!(claim.terminator, "aws4_request");
        assert_eq!(claim.names, ["host", "x-amz-date"]);
        assert!(claim.signature.is_some());
    }
    assert!(Claim::parse(&GOOD.replace("5d67", "5D67")).unwrap().signature.is_none());
}

#[test]
fn half_an_authorization_is_incomplete() {
    for (text, part) in [
        (GOOD.replace("Credential=", "Credentials="), "unknown"),
        (GOOD.replace("SignedHeaders=host;x-amz-date, ", ""), "'SignedHeaders'"),
        (GOOD.split(", Signature").next().unwrap().to_owned(), "'Signature'"),
        (GOOD.replace("SignedHeaders=host;x-amz-date", "SignedHeaders="), "'SignedHeaders'"),
        (format!("{GOOD}, Signature=00"), "twice"),
        (GOOD.replace("us-east-1/", ""), "5 slash-delimited"),
        (GOOD.replace("aws4_request", "aws4_request/x"), "5 slash-delimited"),
        (GOOD.replace("host;x-amz-date", "x-amz-date;host"), "in order"),
        (GOOD.replace("host;x", "Host;x"), "small letters"),
        (String::new(), "'Credential' parameter. Authorization header requires 'SignedHeaders'"),
    ] {
        let (code, message) = outcome(Claim::parse(&text)).unwrap();
        assert_eq!(code, Code::IncompleteSignature, "{text}");
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn no_authorization_and_other_schemes_are_missing() {
    for headers in [
        &[][..],
        &[("authorization", "")],
        &[("authorization", "Basic eDp5")],
        &[("authorization", "Token abc")],
        &[("authorization", "AWS4-HMAC-SHA512 Credential=a")],
        &[("authorization", "aws4-hmac-sha256 Credential=a")],
    ] {
        let code = outcome(Claim::read(&head("/", headers))).map(|(code, _)| code);
        assert_eq!(code, Some(Code::MissingAuthenticationToken), "{headers:?}");
    }
    let good = format!("AWS4-HMAC-SHA256 {GOOD}");
    assert!(Claim::read(&head("/?a=b", &[("authorization", &good)])).is_ok());
    for (uri, headers) in [
        ("/", &[("authorization", &*good), ("authorization", &*good)][..]),
        ("/", &[("authorization", "AWS4-HMAC-SHA256")]),
        ("/?X-Amz-Signature=a", &[("authorization", &good)]),
        ("/?x-amz-credential=a", &[]),
        ("/?a=b&X-Amz-Algorithm=AWS4-HMAC-SHA256", &[]),
    ] {
        let code = outcome(Claim::read(&head(uri, headers))).map(|(code, _)| code);
        assert_eq!(code, Some(Code::IncompleteSignature), "{uri} {headers:?}");
    }
}

#[test]
fn the_time_is_in_one_of_two_headers() {
    let read = |headers: &[(&str, &str)], names: &[&str]| {
        let head = head("/", headers);
        Stamp::read(&head.headers, names).map(|stamp| (stamp.seconds, stamp.text))
    };
    let stamp = ("x-amz-date", "20261125T015307Z");
    let date = ("date", "Wed, 25 Nov 2026 01:53:07 GMT");
    let good = (NOW, "20261125T015307Z".to_owned());
    let both = ["date", "x-amz-date"];
    assert_eq!(read(&[stamp], &both).unwrap(), good);
    assert_eq!(read(&[date], &both).unwrap(), good);
    assert_eq!(read(&[("date", "20261125T015307Z")], &both).unwrap(), good);
    assert_eq!(read(&[stamp, date], &both).unwrap(), good);
    // A Date header that is not signed says nothing.
    let other = ("date", "Wed, 25 Nov 2026 01:53:08 GMT");
    assert_eq!(read(&[stamp, other], &["x-amz-date"]).unwrap(), good);
    assert_eq!(outcome(read(&[stamp, other], &both)).unwrap().0, Code::InvalidSignature);
    for headers in [&[][..], &[("x-amz-date", "yesterday")], &[("date", "yesterday")]] {
        assert_eq!(
            outcome(read(headers, &both)).unwrap().0,
            Code::IncompleteSignature,
            "{headers:?}"
        );
    }
}

#[test]
fn what_matters_must_be_signed() {
    let unsigned = |list: &str, headers: &[(&str, &str)]| {
        let text = GOOD.replace("host;x-amz-date", list);
        let (claim, head) = (Claim::parse(&text).unwrap(), head("/", headers));
        unsigned(&claim, &head.headers).map(str::to_owned)
    };
    let headers = [
        ("host", "h"),
        ("x-amz-date", ""),
        ("x-amz-target", ""),
        ("content-type", ""),
        ("accept", ""),
    ];
    assert_eq!(unsigned("content-type;host;x-amz-date;x-amz-target", &headers), None);
    assert_eq!(unsigned("content-type;x-amz-date;x-amz-target", &headers).as_deref(), Some("host"));
    assert_eq!(unsigned("host;x-amz-date;x-amz-target", &headers).as_deref(), Some("content-type"));
    assert_eq!(unsigned("content-type;host;x-amz-date", &headers).as_deref(), Some("x-amz-target"));
}

#[test]
fn the_window_is_five_minutes_each_way() {
    let check = |seconds: i64, words: Option<&str>| {
        let stamp = Stamp { seconds, text: time::basic(seconds) };
        let found = outside_window(&stamp, NOW).map(|failure| failure.message.unwrap());
        assert_eq!(found.as_deref(), words, "{}", seconds - NOW);
    };
    for seconds in [NOW, NOW - 300, NOW + 300] {
        check(seconds, None);
    }
    check(
        NOW - 301,
        Some(
            "Signature expired: 20261125T014806Z is now earlier than 20261125T014807Z (20261125T015307Z - 5 min.)",
        ),
    );
    check(
        NOW + 301,
        Some(
            "Signature not yet current: 20261125T015808Z is still later than 20261125T015807Z (20261125T015307Z + 5 min.)",
        ),
    );
}

#[test]
fn one_style_has_one_error() {
    assert_eq!(styled(mismatch(), "aws").code, Code::InvalidSignature);
    assert_eq!(styled(mismatch(), "").code, Code::InvalidSignature);
    let verenc = styled(mismatch(), "verenc");
    assert_eq!((verenc.code, verenc.message.as_deref()), (Code::NotAuthorized, Some(MISMATCH)));
}

#[test]
fn access_keys_have_the_vendors_form() {
    let (a, b) = (mint_credential().unwrap(), mint_credential().unwrap());
    assert_ne!(a.access_id, b.access_id);
    assert!(!a.secret.ct_eq(b.secret.expose()));
    for minted in [a, b] {
        assert_eq!(minted.access_id.len(), 20);
        assert!(minted.access_id.starts_with("AKIA"));
        assert!(minted.access_id.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')));
        assert_eq!(minted.secret.len(), 40);
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        assert!(minted.secret.expose().iter().all(fits));
    }
}
