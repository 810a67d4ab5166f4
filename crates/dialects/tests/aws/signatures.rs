//! Requests that are not signed as they should be, in both styles.

use serde_json::json;
use trent_core::access::Preset;

use crate::client::*;

const SIGNATURE: &str = "InvalidSignatureException";
const INCOMPLETE: &str = "IncompleteSignatureException";
const MISSING: &str = "MissingAuthenticationTokenException";
const UNRECOGNIZED: &str = "UnrecognizedClientException";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
    Secret Access Key and signing method. Consult the service documentation for details.";

async fn house() -> (House, [Who; 2]) {
    let house = House::new().await;
    let tenant = house.tenant("one", ["111122223333", "4444555566"]).await;
    let people = house.people(&tenant, Preset::Administrator).await;
    (house, people)
}

fn draft() -> Draft {
    Draft::new("ListKeys", b"{}")
}

/// The request is refused with this code, or with the one that the verenc style has for all of them.
async fn check(house: &House, who: &Who, draft: Draft, code: &str, message: Option<&str>) {
    let before = house.audit.lines().len();
    let answer = house.send(draft.clone()).await;
    let code = if who.is_verenc() { "NotAuthorizedException" } else { code };
    assert_eq!((answer.status, answer.code()), (400, code), "{:?} {}", draft.headers, answer.json);
    if let Some(message) = message {
        assert_eq!(answer.message(), message);
    }
    // Nobody is known, so nothing is said of anybody in the audit log.
    assert_eq!(house.audit.lines().len(), before);
    house.ok(who, "ListKeys", json!({})).await;
}

#[tokio::test]
async fn good_requests() {
    let (house, people) = house().await;
    for who in &people {
        for draft in [
            draft(),
            draft().uri("/?b=2&a=1&a=%20x&empty=&async=1"),
            draft().uri("/prefix"),
            draft().uri("/prefix/"),
            draft().set("x-amz-meta", Some("  two   spaces ")),
            draft().set("content-type", Some("application/json; charset=utf-8")),
            draft().set("content-type", None),
            draft().set("accept", Some("*/*")),
            draft().set("x-amz-date", Some("20261125T014807Z")),
            draft().set("x-amz-date", Some("20261125T015807Z")),
        ] {
            house.send(draft.signed(who)).await.ok();
        }
        let hash = trent_dialects::common::signing::payload_hash(b"{}");
        house.send(draft().set("x-amz-content-sha256", Some(&hash)).signed(who)).await.ok();
        // Headers that say nothing vital may stay unsigned.
        let loose = draft().set("accept", Some("*/*")).set("amz-sdk-request", Some("attempt=1"));
        house
            .send(loose.signed_for(who, "kms", &["accept", "amz-sdk-request", "user-agent"]))
            .await
            .ok();
    }
}

#[tokio::test]
async fn altered_requests() {
    let (house, people) = house().await;
    for who in &people {
        let wrong = Who { secret: b"x".repeat(40), ..who.clone() };
        check(&house, who, draft().signed(&wrong), SIGNATURE, Some(MISMATCH)).await;
        let signed = draft().set("x-amz-extra", Some("one")).uri("/?async=1").signed(who);
        house.send(signed.clone()).await.ok();
        let altered = [
            signed.clone().set("x-amz-target", Some("TrentService.CreateKey")),
            signed.clone().set("x-amz-extra", Some("two")),
            signed.clone().set("x-amz-extra", None),
            signed.clone().set("content-type", Some("application/json")),
            signed.clone().set("host", Some("other.example")),
            signed.clone().set("x-amz-added", Some("later")),
            signed.clone().uri("/?async=2"),
            signed.clone().uri("/x?async=1"),
            Draft { body: b"{ }".to_vec(), ..signed.clone() },
            Draft { body: Vec::new(), ..signed.clone() },
        ];
        for draft in altered {
            check(&house, who, draft, SIGNATURE, None).await;
        }
        check(
            &house,
            who,
            signed.clone().set("x-amz-date", Some("20261125T015308Z")),
            SIGNATURE,
            Some(MISMATCH),
        )
        .await;
        check(&house, who, signed.clone().set("x-amz-date", Some("tomorrow")), INCOMPLETE, None)
            .await;
        check(&house, who, signed.set("x-amz-date", None), INCOMPLETE, None).await;
    }
}

#[tokio::test]
async fn unsigned_headers_that_matter() {
    let (house, people) = house().await;
    for who in &people {
        for name in ["x-amz-target", "x-amz-date", "host", "content-type"] {
            let message = format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.");
            let draft = draft().signed_for(who, "kms", &["user-agent", name]);
            check(&house, who, draft, SIGNATURE, Some(&message)).await;
        }
    }
}

#[tokio::test]
async fn clocks_and_scopes() {
    let (house, people) = house().await;
    for who in &people {
        for (stamp, message) in [
            (
                "20261125T014806Z",
                "Signature expired: 20261125T014806Z is now earlier than 20261125T014807Z (20261125T015307Z - 5 min.)",
            ),
            (
                "20261125T015808Z",
                "Signature not yet current: 20261125T015808Z is still later than 20261125T015807Z (20261125T015307Z + 5 min.)",
            ),
        ] {
            let draft = draft().set("x-amz-date", Some(stamp)).signed(who);
            check(&house, who, draft, SIGNATURE, Some(message)).await;
        }
        let draft = || Draft::new("ListKeys", b"{}");
        let message = "Credential should be scoped to correct service: 'kms'. ";
        check(&house, who, draft().signed_for(who, "sts", &[]), SIGNATURE, Some(message)).await;
        let message = "Credential should be scoped to a valid region. ";
        check(
            &house,
            who,
            draft().signed(&who.in_region("mars-north-1")),
            SIGNATURE,
            Some(message),
        )
        .await;
        let signed = draft().signed(who);
        let header = |draft: &Draft| {
            let found = draft.headers.iter().find(|(name, _)| name == "authorization");
            found.unwrap().1.clone()
        };
        let good = header(&signed);
        let message = "Credential should be scoped with a valid terminator: 'aws4_request'. ";
        let other = good.replace("aws4_request", "aws5_request");
        check(
            &house,
            who,
            signed.clone().set("authorization", Some(&other)),
            SIGNATURE,
            Some(message),
        )
        .await;
        for date in ["20261124", "2026", ""] {
            let other = good.replace("/20261125/", &format!("/{date}/"));
            check(&house, who, signed.clone().set("authorization", Some(&other)), SIGNATURE, None)
                .await;
        }
    }
}

#[tokio::test]
async fn unknown_and_disabled_credentials() {
    let (house, people) = house().await;
    let unknown = "The security token included in the request is invalid.";
    for who in &people {
        for access_id in ["AKIANOBODYHASTHISKEY", "x", &who.access_id.to_lowercase()] {
            let nobody = Who { access_id: access_id.to_owned(), ..who.clone() };
            let answer = house.send(draft().signed(&nobody)).await;
            assert_eq!(
                (answer.status, answer.code(), answer.message()),
                (400, UNRECOGNIZED, unknown)
            );
        }
        let draft = draft().set("x-amz-security-token", Some("session")).signed(who);
        check(&house, who, draft, UNRECOGNIZED, Some(unknown)).await;
    }
    let tenant = house.engine.find_tenant("one").await.unwrap().id;
    house.engine.set_credential_enabled(tenant, &people[0].access_id, false).await.unwrap();
    assert_eq!(house.send(draft().signed(&people[0])).await.code(), UNRECOGNIZED);
    house.engine.set_credential_enabled(tenant, &people[0].access_id, true).await.unwrap();
    house.send(draft().signed(&people[0])).await.ok();
    house.engine.set_tenant_enabled(tenant, false).await.unwrap();
    assert_eq!(house.send(draft().signed(&people[1])).await.code(), UNRECOGNIZED);
}

#[tokio::test]
async fn payloads_that_are_not_signed() {
    let (house, people) = house().await;
    for who in &people {
        for hash in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", &"0".repeat(64), ""]
        {
            let draft = draft().set("x-amz-content-sha256", Some(hash)).signed(who);
            check(&house, who, draft, SIGNATURE, Some(MISMATCH)).await;
        }
    }
}

#[tokio::test]
async fn no_half_and_double_authorizations() {
    let (house, [who, _]) = house().await;
    let signed = draft().signed(&who);
    let good = signed.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
    for value in [None, Some(""), Some("Basic eDp5"), Some("Token abc")] {
        check(&house, &who, signed.clone().set("authorization", value), MISSING, None).await;
    }
    for value in [
        good.split(", Signature").next().unwrap(),
        &good.replace("SignedHeaders", "Signed"),
        &good.replace("/kms", ""),
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
    ] {
        check(&house, &who, signed.clone().set("authorization", Some(value)), INCOMPLETE, None)
            .await;
    }
    for value in
        [&good[..good.len() - 1], &format!("{good}00"), &format!("{}g", &good[..good.len() - 1])]
    {
        check(
            &house,
            &who,
            signed.clone().set("authorization", Some(value)),
            SIGNATURE,
            Some(MISMATCH),
        )
        .await;
    }
    let twice = |name: &str| {
        let mut draft = signed.clone();
        let value = draft.headers.iter().find(|(known, _)| known == name).unwrap().clone();
        draft.headers.push(value);
        draft
    };
    check(&house, &who, twice("authorization"), INCOMPLETE, None).await;
    check(&house, &who, twice("x-amz-date"), SIGNATURE, None).await;
    check(&house, &who, twice("host"), SIGNATURE, None).await;
    assert_eq!(house.send(twice("x-amz-target")).await.code(), "UnknownOperationException");
    let presigned =
        draft().uri("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Signature=b");
    check(&house, &who, presigned.clone(), INCOMPLETE, None).await;
    check(&house, &who, presigned.signed(&who), INCOMPLETE, None).await;
}

#[tokio::test]
async fn marks_of_two_vendors() {
    let (house, [who, _]) = house().await;
    for (name, value) in [
        ("x-tc-action", "ListKeys"),
        ("x-kms-apiname", "ListKeys"),
        ("x-acs-action", "ListKeys"),
        ("authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b"),
        ("authorization", "TC3-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b"),
    ] {
        let answer = house.send(draft().signed(&who).set(name, Some(value))).await;
        assert_eq!(answer.status, 400, "{name}");
        assert!(!answer.message().is_empty());
    }
    let answer = house.send(draft().uri("/v1/kms/regions").signed(&who)).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_signature_is_for_one_person() {
    let (house, [who, verenc]) = house().await;
    let mixed = Who { access_id: who.access_id.clone(), ..verenc.clone() };
    let answer = house.send(draft().signed(&mixed)).await;
    assert_eq!(answer.code(), SIGNATURE);
}
