//! What answers look like, in both formats, and requests that reach no operation.

use super::*;
use crate::Refused;

#[tokio::test]
async fn answers_are_json() {
    let house = House::new().await;
    for way in WAYS {
        let answer = house.ask(&house.ann, way, "ListKeys", &[]).await.ok();
        let expected = format!(
            r#"{{"RequestId":"{}","TotalCount":0,"PageNumber":1,"PageSize":10,"Keys":{{"Key":[]}}}}"#,
            answer.text("RequestId")
        );
        assert_eq!(answer.bytes, expected);
        assert_eq!(answer.headers["content-type"], "application/json;charset=utf-8");
        assert_eq!((answer.outcome.operation, answer.outcome.result), ("ListKeys", "ok"));
        let answer = house.ask(&house.ann, way, "DescribeKey", &[]).await;
        let answer = answer.refused(400, "MissingParameter");
        let expected = format!(
            r#"{{"RequestId":"{}","HostId":"{HOST}","Code":"MissingParameter","Message":"The parameter KeyId needed but no provided.","Recommend":""}}"#,
            answer.text("RequestId")
        );
        assert_eq!(answer.bytes, expected);
    }
}

#[tokio::test]
async fn answers_are_xml_where_the_older_clients_say_so() {
    let house = House::new().await;
    let id = house.key(&[("Description", "<a & b>")]).await;
    for way in [Way::Get, Way::Post] {
        for format in ["XML", "xml"] {
            let answer = house.ask(&house.ann, way, "ListKeys", &[("Format", format)]).await;
            let request = answer.headers["x-acs-request-id"].to_str().unwrap();
            let expected = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListKeysResponse><RequestId>{request}</RequestId>\
                <TotalCount>1</TotalCount><PageNumber>1</PageNumber><PageSize>10</PageSize><Keys><Key><KeyId>{id}</KeyId>\
                <KeyArn>acs:kms:cn-hangzhou:1111222233334444:key/{id}</KeyArn></Key></Keys></ListKeysResponse>"
            );
            assert_eq!((answer.status, &*answer.bytes), (200, expected.as_bytes()));
            assert_eq!(answer.headers["content-type"], "text/xml;charset=utf-8");
        }
        let pairs = [("Format", "XML"), ("KeyId", "x")];
        let answer = house.ask(&house.ann, way, "DescribeKey", &pairs).await;
        let request = answer.headers["x-acs-request-id"].to_str().unwrap();
        let expected = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><RequestId>{request}</RequestId><HostId>{HOST}</HostId>\
            <Code>Forbidden.KeyNotFound</Code><Message>The specified Key is not found.</Message><Recommend></Recommend></Error>"
        );
        assert_eq!((answer.status, &*answer.bytes), (404, expected.as_bytes()));
        assert_eq!(answer.headers["content-type"], "text/xml;charset=utf-8");
        let answer =
            house.ask(&house.ann, way, "DescribeKey", &[("Format", "XML"), ("KeyId", &id)]).await;
        let text = std::str::from_utf8(&answer.bytes).unwrap();
        assert!(text.contains("<Description>&lt;a &amp; b&gt;</Description>"), "{text}");
        // A request that is not signed is answered in its format, too.
        let wire = house.wire(&house.ann, way, "ListKeys", &[("Format", "XML")]);
        let wrong = Wire {
            method: "GET".to_owned(),
            uri: "/?Format=XML&Action=x&AccessKeyId=y&Version=2016-01-20".to_owned(),
            body: Vec::new(),
            ..wire
        };
        assert_eq!(house.send(&wrong).await.headers["content-type"], "text/xml;charset=utf-8");
    }
    // The newer schemes have no such parameter.
    house.call("ListKeys", &[("Format", "XML")]).await.ok();
}

#[tokio::test]
async fn operations_that_are_unknown_or_not_here_yet() {
    let house = House::new().await;
    for way in WAYS {
        let before = house.audit.lines().len();
        for action in ["Guess", "createKey", "GenerateRandom"] {
            let answer = house.ask(&house.ann, way, action, &[]).await;
            let answer = answer.refused(404, "InvalidAction.NotFound");
            assert_eq!(answer.outcome.operation, "unknown");
        }
        assert_eq!(house.audit.lines().len(), before);
        for action in
            ["GenerateDataKey", "CreateSecret", "ScheduleKeyDeletion", "UploadCertificate"]
        {
            let answer = house.ask(&house.ann, way, action, &[]).await;
            let answer = answer.refused(400, "UnsupportedOperation");
            assert_eq!(answer.text("Message"), format!("{action} is not available here yet."));
            assert_eq!(answer.outcome.operation, action);
        }
        let refusal = ["GenerateDataKey", "None", "failure", "UnsupportedOperation"];
        assert_eq!(
            house.trail(before)[0].each_ref().map(|text| text.to_lowercase()),
            refusal.map(str::to_lowercase)
        );
        assert_eq!(house.trail(before).len(), 4);
    }
}

#[tokio::test]
async fn requests_of_another_form() {
    let house = House::new().await;
    let good = house.wire(&house.ann, Way::Post, "ListKeys", &[]);
    for method in ["PUT", "HEAD", "DELETE", "OPTIONS"] {
        let wire = Wire { method: method.to_owned(), ..good.clone() };
        house.send(&wire).await.refused(403, "UnsupportedHTTPMethod");
    }
    for uri in ["/x", "/v1/kms/", "//"] {
        let wire = Wire { uri: uri.to_owned(), ..good.clone() };
        house.send(&wire).await.refused(404, "InvalidAction.NotFound");
    }
    let form = |body: &[u8]| Wire { body: body.to_vec(), ..good.clone() };
    let many: Vec<String> = (0..1_001).map(|n| format!("p{n}=")).collect();
    for body in [&b"A=1&A=2"[..], b"A=%ff", b"%80=1", b"\xff=1", many.join("&").as_bytes()] {
        house.send(&form(body)).await.refused(400, "ParseRequestParameterException");
    }
    let json = form(b"{}").set("content-type", Some("application/json"));
    house.send(&json).await.refused(400, "ParseRequestParameterException");
    let long = [&b"A="[..], &vec![b'a'; 600_000]].concat();
    house.send(&form(&long)).await.refused(413, "RequestEntityTooLarge");
    // Headers of a newer scheme without its signature are those of an older one's client.
    house.send(&form(b"")).await.refused(400, "MissingAction");
    house.send(&good).await.ok();
}

#[tokio::test]
async fn what_the_listener_refuses_has_the_same_form() {
    let house = House::new().await;
    for (why, status, code) in [
        (Refused::TooLarge, 413, "RequestEntityTooLarge"),
        (Refused::Deadline, 503, "ServiceUnavailableTemporary"),
        (Refused::Overloaded, 429, "Rejected.Throttling"),
    ] {
        let (head, ()) = http::Request::new(()).into_parts();
        let response = house.dialect.refuse(&head, why);
        assert_eq!(response.status().as_u16(), status);
        let json: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(json["Code"], code);
        assert_eq!(json["RequestId"], response.headers()["x-acs-request-id"].to_str().unwrap());
        assert_eq!(response.extensions().get::<Outcome>().unwrap().result, code);
    }
}

#[test]
fn requests_bear_the_dialects_marks() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = rt.block_on(House::new());
    let check = |method: &str, uri: &str, headers: &[(&str, &str)], body: &str, expected: bool| {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            house.dialect.claims(&head, body.as_bytes()),
            expected,
            "{uri} {headers:?} {body}"
        );
    };
    for header in [
        ("x-kms-apiname", "Encrypt"),
        ("x-acs-action", "ListKeys"),
        ("authorization", "ACS3-HMAC-SHA256 Credential=a"),
        ("authorization", "ACS4-HMAC-SM3 Credential=a"),
    ] {
        check("POST", "/", &[header], "", true);
    }
    let form = [("content-type", FORM)];
    check("GET", "/?Action=a&AccessKeyId=b", &[], "", true);
    check("POST", "/", &form, "Action=a&AccessKeyId=b", true);
    check("POST", "/?Action=a", &form, "AccessKeyId=b", true);
    check("POST", "/", &[], "Action=a&AccessKeyId=b", false);
    check("GET", "/?Action=a&SecretId=b", &[], "", false);
    check("GET", "/?AccessKeyId=b", &[], "", false);
    check("POST", "/", &[("authorization", "TC3-HMAC-SHA256 Credential=a")], "", false);
}
