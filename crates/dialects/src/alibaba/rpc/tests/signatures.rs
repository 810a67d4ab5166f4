//! Requests that are not signed as they should be, under each scheme; none is accepted.

use super::*;

/// What the refusals of a request that was altered may be.
const REFUSALS: [&str; 16] = [
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidAccessKeyId.NotFound",
    "InvalidSecurityToken.MismatchWithAccessKey",
    "InvalidTimeStamp.Expired",
    "InvalidTimeStamp.Format",
    "IllegalTimestamp",
    "InvalidAction.NotFound",
    "InvalidVersion",
    "MissingAction",
    "MissingVersion",
    "MissingAccessKeyId",
    "ParseRequestParameterException",
    "UnsupportedHTTPMethod",
    "InvalidParameter",
    "RequestEntityTooLarge",
];

/// Sends each altered request; none may be accepted or leave anything in the log. Then the request itself is good,
/// once: no refusal used its nonce.
async fn none_is_accepted(house: &House, good: &Wire, altered: Vec<(String, Wire)>) -> usize {
    let before = house.audit.lines().len();
    for (what, wire) in &altered {
        let answer = house.send(wire).await;
        assert!((400..500).contains(&answer.status), "{what}: {} {wire:?}", answer.json);
        let code = answer.outcome.result;
        assert!(REFUSALS.contains(&code), "{what}: {code}");
    }
    assert_eq!(house.audit.lines().len(), before);
    house.send(good).await.ok();
    assert_eq!(house.audit.lines().len(), before + 1);
    house.send(good).await.refused(400, "SignatureNonceUsed");
    // Who sends a request again is known, so that is in the log.
    let lines = house.audit.lines();
    assert_eq!(lines.len(), before + 2);
    assert!(lines.last().unwrap().contains("\"reason\":\"SignatureNonceUsed\""));
    altered.len()
}

/// The text with each of its characters changed in turn.
fn flips(text: &str) -> Vec<String> {
    let places = 0..text.len();
    let flip = |at: usize| {
        let old = text.as_bytes()[at];
        let new = if old == b'0' { '1' } else { '0' };
        format!("{}{new}{}", &text[..at], &text[at + 1..])
    };
    places.map(flip).filter(|flipped| flipped != text).collect()
}

const MINE: [(&str, &str); 3] =
    [("Description", "a b+c"), ("KeySpec", "Aliyun_AES_256"), ("RegionId", "cn-hangzhou")];

/// Everything that can be done to signed parameters.
fn altered_parameters(house: &House, way: Way, good: &Wire) -> Vec<(String, Wire)> {
    let text = match way {
        Way::Post => String::from_utf8(good.body.clone()).unwrap(),
        _ => good.uri[2..].to_owned(),
    };
    let wire = |text: &str| match way {
        Way::Post => Wire { body: text.as_bytes().to_vec(), ..good.clone() },
        _ => Wire { uri: format!("/?{text}"), ..good.clone() },
    };
    let pairs: Vec<(&str, &str)> =
        text.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    let mut altered = Vec::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        let with = |pair: Option<String>| {
            let mut all: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
            match pair {
                Some(pair) => all[at] = pair,
                None => drop(all.remove(at)),
            }
            wire(&all.join("&"))
        };
        let first = if value.starts_with('x') { "y" } else { "x" };
        let rest = value.get(1..).unwrap_or_default();
        for pair in [
            format!("{name}={value}x"),
            format!("{name}={value}%20"),
            format!("{name}={value}%00"),
            format!("{name}={first}{rest}"),
            format!("{name}={}", value.to_ascii_lowercase().to_uppercase() + "A"),
            format!("{name}x={value}"),
            format!("{}={value}", name.to_lowercase()),
            format!("{name}={value}&{name}={value}"),
        ] {
            altered.push((format!("{name}: {pair}"), with(Some(pair))));
        }
        if !value.is_empty() {
            altered.push((format!("{name}: emptied"), with(Some(format!("{name}=")))));
        }
        altered.push((format!("{name}: left out"), with(None)));
    }
    let (_, signature) = pairs.iter().find(|(name, _)| *name == "Signature").unwrap();
    let decoded = signature.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    for flipped in flips(&decoded) {
        let all = text.replace(signature, &encode(&flipped));
        altered.push((format!("signature {flipped}"), wire(&all)));
    }
    for added in
        ["A=1", "Z=", "EnableAutomaticRotation=true", "EncryptionContext.a=b", "SecurityToken=x"]
    {
        altered.push((format!("added {added}"), wire(&format!("{text}&{added}"))));
    }
    let other = if way == Way::Get { "HMAC-SHA256" } else { "HMAC-MD5" };
    let (_, method) = pairs.iter().find(|(name, _)| *name == "SignatureMethod").unwrap();
    altered.push(("method of signing".to_owned(), wire(&text.replace(method, other))));
    let method = if way == Way::Post { "GET" } else { "POST" };
    altered.push(("method".to_owned(), Wire { method: method.to_owned(), ..good.clone() }));
    altered.push(("method".to_owned(), Wire { method: "PUT".to_owned(), ..good.clone() }));
    let nowhere = good.uri.replacen('/', "/x", 1);
    altered.push(("path".to_owned(), Wire { uri: nowhere, ..good.clone() }));
    if way == Way::Post {
        let other = good.clone().set("content-type", Some("text/plain"));
        altered.push(("another type".to_owned(), other));
        let twice = Wire { uri: "/?Action=CreateKey".to_owned(), ..good.clone() };
        altered.push(("in query and form".to_owned(), twice));
    } else {
        let body = Wire { body: b"x=1".to_vec(), ..good.clone() };
        altered.push(("a body".to_owned(), body.clone()));
        altered.push(("a form".to_owned(), body.set("content-type", Some(FORM))));
    }
    let impostor = Who { secret: b"0".repeat(30), ..house.ann.clone() };
    altered.push(("another's secret".to_owned(), house.wire(&impostor, way, "CreateKey", &MINE)));
    altered
}

#[tokio::test]
async fn altered_requests_that_are_signed_by_parameters() {
    let house = House::new().await;
    for way in [Way::Get, Way::Post, Way::GetSha256] {
        let good = house.wire(&house.ann, way, "CreateKey", &MINE);
        let altered = altered_parameters(&house, way, &good);
        let count = none_is_accepted(&house, &good, altered).await;
        assert!(count >= 150, "{way:?} {count}");
    }
}

/// Everything that can be done to a request that is signed by a header.
fn altered_headers(house: &House, way: Way, good: &Wire) -> Vec<(String, Wire)> {
    let mut altered = Vec::new();
    let mut add = |what: &str, wire: Wire| altered.push((what.to_owned(), wire));
    for (name, value) in &good.headers {
        if name == "authorization" {
            continue;
        }
        let mut twice = good.clone();
        twice.headers.push((name.clone(), value.clone()));
        add(&format!("{name} twice"), twice);
        add(&format!("{name} left out"), good.clone().set(name, None));
        for value in [
            String::new(),
            format!("{value}x"),
            format!("x{value}"),
            format!("{}~", &value[..value.len() - 1]),
            format!("{value} {value}"),
            format!("{value},{value}"),
        ] {
            add(&format!("{name}: {value}"), good.clone().set(name, Some(&value)));
        }
    }
    let header = good.header("authorization").to_owned();
    let with = |header: &str| good.clone().set("authorization", Some(header));
    let (start, signature) = header.split_once("Signature=").unwrap();
    for flipped in flips(signature) {
        add("signature", with(&format!("{start}Signature={flipped}")));
    }
    for end in [&signature[1..], &signature.to_uppercase(), &format!("{signature}0"), "", "é"] {
        add("signature", with(&format!("{start}Signature={end}")));
    }
    let (before, list) = start.split_once("SignedHeaders=").unwrap();
    let list = list.trim_end_matches(',');
    let names: Vec<&str> = list.split(';').collect();
    let relisted = |names: &[&str]| {
        with(&format!("{before}SignedHeaders={},Signature={signature}", names.join(";")))
    };
    for at in 0..names.len() {
        let mut fewer = names.clone();
        let name = fewer.remove(at);
        add(&format!("{name} unsigned"), relisted(&fewer));
        let mut doubled = names.clone();
        doubled.insert(at, names[at]);
        add("doubled", relisted(&doubled));
    }
    let reversed: Vec<&str> = names.iter().rev().copied().collect();
    for names in [reversed, [&names[..], &["x-more"]].concat(), Vec::new()] {
        add("another list", relisted(&names));
    }
    add("another list", with(&header.replace("host", "Host")));
    let (algorithm, _) = header.split_once(' ').unwrap();
    for other in [
        "ACS3-HMAC-SHA256",
        "ACS4-HMAC-SHA256",
        "ACS3-HMAC-SM3",
        "ACS3-RSA-SHA256",
        "ACS4-HMAC-SM3",
        "ACS3-",
        "ACS5-HMAC-SHA256",
        "acs3-hmac-sha256",
    ] {
        if other != algorithm {
            add(&format!("algorithm {other}"), with(&header.replacen(algorithm, other, 1)));
        }
    }
    let Who { access_id, .. } = &house.ann;
    for other in
        ["", "x", &house.eve.access_id, &access_id.to_lowercase(), &format!("{access_id}/")]
    {
        add(&format!("access key {other}"), with(&header.replace(access_id.as_str(), other)));
    }
    if way == Way::Acs4 {
        let day = good.header("x-acs-date")[..10].replace('-', "");
        for (part, others) in [
            (&*format!("/{day}/"), ["/20260101/", "//", "/2026-11-25/"]),
            ("/cn-hangzhou/", ["/eu-central-1/", "//", "/mars/"]),
            ("/Kms/", ["/kms/", "/Ecs/", "/"]),
            ("/aliyun_v4_request", ["", "/aliyun_v4_requests", "/aws4_request"]),
        ] {
            for other in others {
                add(&format!("scope {part} {other}"), with(&header.replace(part, other)));
            }
        }
    }
    let mut twice = good.clone();
    twice.headers.push(("authorization".to_owned(), header.clone()));
    add("authorization twice", twice);
    for other in [None, Some(""), Some("Basic eDp5"), Some(algorithm)] {
        add("no authorization", good.clone().set("authorization", other));
    }
    for body in ["x=1", "{}", " "] {
        let wire = Wire { body: body.as_bytes().to_vec(), ..good.clone() };
        let hash = payload_hash(&wire.body);
        add("a body", wire.clone());
        add("a form", wire.clone().set("content-type", Some(FORM)));
        let hashed = wire.set("x-acs-content-sha256", Some(&hash));
        add("a form and its hash", hashed.set("content-type", Some(FORM)));
    }
    let query = &good.uri[2..];
    for uri in [
        "/".to_owned(),
        format!("/?{query}x"),
        format!("/?{query}&a="),
        format!("/?a=1&{query}"),
        format!("/?{}", query.replace("a%20b", "a%20c")),
        format!("/?{}", query.replace("a%20b", "a%2Bb")),
        format!("/?{}", query.replace("Description", "description")),
        format!("/?{query}&{query}"),
        format!("/?{}", query.replace("&RegionId=cn-hangzhou", "")),
        format!("/x?{query}"),
        format!("//?{query}"),
    ] {
        add(&format!("query {uri}"), Wire { uri, ..good.clone() });
    }
    for method in ["GET", "PUT", "HEAD"] {
        add(method, Wire { method: method.to_owned(), ..good.clone() });
    }
    // Were it not for its signature, this header would say which keys are meant.
    add("a region", good.clone().set("x-acs-region-id", Some("eu-central-1")));
    add("a token", good.clone().set("x-acs-security-token", Some("token")));
    let impostor = Who { secret: b"0".repeat(30), ..house.ann.clone() };
    add("another's secret", house.wire(&impostor, way, "CreateKey", &MINE));
    altered
}

#[tokio::test]
async fn altered_requests_that_are_signed_by_a_header() {
    let house = House::new().await;
    for way in [Way::Acs3, Way::Acs4] {
        let good = house.wire(&house.ann, way, "CreateKey", &MINE);
        let altered = altered_headers(&house, way, &good);
        let count = none_is_accepted(&house, &good, altered).await;
        assert!(count >= 150, "{way:?} {count}");
    }
}

#[tokio::test]
async fn what_is_signed_otherwise_is_the_same() {
    let house = House::new().await;
    // Parameters may stand in query and form; clients spell them in more than one way.
    let good = house.wire(&house.ann, Way::Post, "CreateKey", &MINE);
    let text = String::from_utf8(good.body.clone()).unwrap();
    let halves = text.split_once("&Description=").unwrap();
    let split = Wire {
        uri: format!(
            "/?Description={}",
            halves.1.replace("%20", "+").replace("Aliyun_", "%41liyun%5f")
        ),
        body: halves.0.as_bytes().to_vec(),
        ..good
    };
    house.send(&split).await.ok();
    // A header of the newer schemes may have space at its ends, and a query a plus sign for a space.
    let wire = house.wire(&house.ann, Way::Acs3, "CreateKey", &MINE);
    let spelt = Wire { uri: wire.uri.replace("%20", "+"), ..wire };
    let agent = format!("{}  ", spelt.header("user-agent"));
    house.send(&spelt.set("user-agent", Some(&agent))).await.ok();
    // Runs of space inside a value are signed as they are.
    let wire = house.wire(&house.ann, Way::Acs3, "ListKeys", &[]).set("user-agent", Some("a  b"));
    house.send(&wire.signed(&house.ann, Way::Acs3, &["authorization"])).await.ok();
    // What says nothing vital may stay unsigned.
    let wire =
        house.wire(&house.ann, Way::Acs4, "ListKeys", &[]).set("x-acs-retry-attempts", Some("1"));
    let unsigned = ["authorization", "accept", "user-agent", "x-acs-retry-attempts"];
    house.send(&wire.signed(&house.ann, Way::Acs4, &unsigned)).await.ok();
    // A form of a header-signed request is covered by its hash.
    let wire = house.wire(&house.ann, Way::Acs3, "CreateKey", &[]);
    let body = b"Description=by+form".to_vec();
    let hash = payload_hash(&body);
    let wire = Wire { body, ..wire }
        .set("x-acs-content-sha256", Some(&hash))
        .set("content-type", Some(FORM));
    let made = house
        .send(&wire.signed(&house.ann, Way::Acs3, &["authorization", "content-type"]))
        .await
        .ok();
    assert_eq!(made.json["KeyMetadata"]["Description"], "by form");
}

#[tokio::test]
async fn clocks_may_be_off_by_a_quarter_of_an_hour() {
    let house = House::new().await;
    for way in WAYS {
        for (seconds, expected) in
            [(-900_i64, true), (900, true), (-901, false), (901, false), (-90_000, false)]
        {
            house.clock.set(NOW_MS.checked_add_signed(seconds * 1_000).unwrap());
            let wire = house.wire(&house.ann, way, "ListKeys", &[]);
            house.clock.set(NOW_MS);
            let answer = house.send(&wire).await;
            if expected {
                answer.ok();
            } else {
                answer.refused(400, "InvalidTimeStamp.Expired");
            }
        }
    }
    // One client tells milliseconds.
    let all = parameters(&[
        ("Action", "ListKeys"),
        ("Version", "2016-01-20"),
        ("AccessKeyId", &house.ann.access_id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2026-11-25T01:53:07.123Z"),
    ]);
    let query = joined(&sign_parameters(&house.ann, "GET", all.clone()));
    let wire = |query: &str| Wire {
        method: "GET".to_owned(),
        uri: format!("/?{query}"),
        headers: vec![("host".to_owned(), HOST.to_owned())],
        body: Vec::new(),
    };
    // It sends no nonce either, so its requests are good as often as they come.
    house.send(&wire(&query)).await.ok();
    house.send(&wire(&query)).await.ok();
    for (stamp, code) in [
        ("", "IllegalTimestamp"),
        ("today", "InvalidTimeStamp.Format"),
        ("2026-11-25T01:53:07", "InvalidTimeStamp.Format"),
    ] {
        let mut all = all.clone();
        all.insert("Timestamp".to_owned(), stamp.to_owned());
        let query = joined(&sign_parameters(&house.ann, "GET", all));
        house.send(&wire(&query)).await.refused(400, code);
    }
    for (name, value, code) in [
        ("SignatureVersion", "2.0", "IncompleteSignature"),
        ("SignatureMethod", "HMAC-SM3", "IncompleteSignature"),
        ("SignatureType", "BEARERTOKEN", "IncompleteSignature"),
        ("SecurityToken", "token", "InvalidSecurityToken.MismatchWithAccessKey"),
        ("AccessKeyId", "", "MissingAccessKeyId"),
        ("AccessKeyId", "LTAI00000000000000000000", "InvalidAccessKeyId.NotFound"),
        ("Action", "", "MissingAction"),
        ("Version", "", "MissingVersion"),
        ("Version", "2016-01-21", "InvalidVersion"),
        ("Format", "YAML", "InvalidParameter"),
    ] {
        let mut all = all.clone();
        all.insert(name.to_owned(), value.to_owned());
        let query = joined(&sign_parameters(&house.ann, "GET", all));
        let answer = house.send(&wire(&query)).await;
        let status = if code.ends_with("NotFound") { 404 } else { 400 };
        answer.refused(status, code);
    }
}

#[tokio::test]
async fn a_nonce_is_good_once() {
    let house = House::new().await;
    for way in WAYS {
        let wire = house.wire(&house.ann, way, "ListKeys", &[]);
        house.send(&wire).await.ok();
        for _ in 0..2 {
            house.send(&wire).await.refused(400, "SignatureNonceUsed");
        }
        // Shortly before it expires, too.
        house.clock.set(NOW_MS + 899_000);
        house.send(&wire).await.refused(400, "SignatureNonceUsed");
        house.clock.set(NOW_MS + 902_000);
        house.send(&wire).await.refused(400, "InvalidTimeStamp.Expired");
        house.clock.set(NOW_MS);
    }
    // Another request with the same nonce is refused, another's with it is not.
    let set = |who: &Who, action: &str| {
        let wire = house.wire(who, Way::Acs3, action, &[]);
        let wire = wire.set("x-acs-signature-nonce", Some("the-same"));
        wire.signed(who, Way::Acs3, &["authorization"])
    };
    house.send(&set(&house.ann, "ListKeys")).await.ok();
    house.send(&set(&house.ann, "CreateKey")).await.refused(400, "SignatureNonceUsed");
    house.send(&set(&house.eve, "ListKeys")).await.ok();
}

/// Older clients compare the end of the text with what they signed, and tell a wrong secret from a proxy's changes.
#[tokio::test]
async fn a_mismatch_tells_what_should_have_been_signed() {
    let house = House::new().await;
    for way in WAYS {
        let wrong = Who { secret: b"wrong".to_vec(), ..house.ann.clone() };
        let wire = house.wire(&wrong, way, "ListKeys", &[("PageSize", "5")]);
        let answer = house.send(&wire).await.refused(400, "SignatureDoesNotMatch");
        let (_, string) = answer.text("Message").split_once("server string to sign is:").unwrap();
        match way {
            Way::Acs3 => assert!(string.starts_with("ACS3-HMAC-SHA256\n") && string.len() == 81),
            Way::Acs4 => assert!(string.starts_with("ACS4-HMAC-SHA256\n") && string.len() == 81),
            Way::Post => assert!(string.starts_with("POST&%2F&AccessKeyId%3D"), "{string}"),
            _ => assert!(string.starts_with("GET&%2F&AccessKeyId%3D"), "{string}"),
        }
    }
}

#[tokio::test]
async fn access_keys_that_do_not_work() {
    let house = House::new().await;
    let tenant = house.engine.find_tenant("one").await.unwrap().id;
    let rob = &house.rob.access_id;
    for way in WAYS {
        house.ask(&house.rob, way, "ListKeys", &[]).await.ok();
        house.engine.set_credential_enabled(tenant, rob, false).await.unwrap();
        let answer = house.ask(&house.rob, way, "ListKeys", &[]).await;
        let answer = answer.refused(404, "InvalidAccessKeyId.NotFound");
        let nobody = Who { access_id: "LTAI0".to_owned(), ..house.rob.clone() };
        let other = house.ask(&nobody, way, "ListKeys", &[]).await;
        assert_eq!(answer.text("Message"), other.text("Message"));
        house.engine.set_credential_enabled(tenant, rob, true).await.unwrap();
    }
}
