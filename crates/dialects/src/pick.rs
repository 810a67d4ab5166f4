//! Which dialect a request is for: exactly one may claim it, so that no request is taken for another vendor's.
//! Here is the list of the dialects.

use std::sync::Arc;

use bytes::Bytes;
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Serialize;
use trent_core::Engine;

use crate::common::reply;
use crate::{Dialect, Outcome, Peer, Refused, Regions, Settings, alibaba, aws, tencent, thalassa};

/// Every dialect that is open, over one engine.
pub struct Dialects {
    open: Vec<Box<dyn Dialect>>,
}

impl Dialects {
    /// The open dialects.
    pub fn new(engine: Arc<Engine>, regions: Arc<Regions>, settings: Settings) -> Self {
        let Settings { alibaba, tencent } = settings;
        Self {
            open: vec![
                Box::new(aws::Aws::new(engine.clone(), regions.clone())),
                Box::new(alibaba::Alibaba::new(engine.clone(), regions.clone(), alibaba)),
                Box::new(tencent::Tencent::new(engine.clone(), regions.clone(), tencent)),
                Box::new(thalassa::Thalassa::new(engine, regions)),
            ],
        }
    }

    /// Answers a request in the dialect that it bears the marks of.
    pub async fn handle(&self, peer: Peer, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        match self.pick(&head, &body) {
            Ok(dialect) => dialect.handle(peer, Request::from_parts(head, body)).await,
            Err(refusal) => refusal.response(),
        }
    }

    /// The listener's refusal of a request whose body has not been read, in the form of the dialect that its head
    /// bears the marks of; `None` where that is not exactly one.
    pub fn refuse(&self, head: &Parts, why: Refused) -> Option<Response<Bytes>> {
        self.pick(head, b"").ok().map(|dialect| dialect.refuse(why))
    }

    fn pick(&self, head: &Parts, body: &[u8]) -> Result<&dyn Dialect, Refusal> {
        let mut claims = self.open.iter().filter(|dialect| dialect.claims(head, body));
        match (claims.next(), claims.next()) {
            (Some(only), None) => Ok(&**only),
            (Some(_), Some(_)) => Err(Refusal::Ambiguous),
            (None, _) if head.uri.path() == "/" && head.method != Method::POST => {
                Err(Refusal::Method)
            }
            (None, _) => Err(Refusal::Unknown),
        }
    }
}

/// Why no dialect answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    Ambiguous,
    Method,
    Unknown,
}

impl Refusal {
    fn response(self) -> Response<Bytes> {
        let (status, result, message) = match self {
            Self::Ambiguous => (
                StatusCode::BAD_REQUEST,
                "ambiguous",
                "the request bears the marks of more than one vendor's API",
            ),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", "this path takes POST only"),
            Self::Unknown => (
                StatusCode::NOT_FOUND,
                "unmarked",
                "the request bears the marks of no vendor's API",
            ),
        };
        #[derive(Serialize)]
        struct Body<'a> {
            message: &'a str,
        }
        let mut response = reply::json(status, "application/json", &Body { message });
        if self == Self::Method {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response.extensions_mut().insert(Outcome { dialect: "none", operation: "unknown", result });
        response
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::BoxFuture;
    use trent_core::crypto::Secret32;
    use trent_core::engine::Options;
    use trent_core::model::NodeId;
    use trent_core::root::LocalRoot;
    use trent_core::testkit::{ManualClock, MemAudit, MemStore};

    struct Marked(&'static str);

    impl Dialect for Marked {
        fn name(&self) -> &'static str {
            self.0
        }

        fn claims(&self, head: &Parts, _: &[u8]) -> bool {
            head.headers.contains_key(self.0)
        }

        fn refuse(&self, _: Refused) -> Response<Bytes> {
            Response::new(Bytes::from_static(self.0.as_bytes()))
        }

        fn handle<'a>(&'a self, _: Peer, _: Request<Bytes>) -> BoxFuture<'a, Response<Bytes>> {
            Box::pin(async { Response::new(Bytes::new()) })
        }
    }

    fn check(headers: &[(&str, &str)], uri: &str, body: &str, expected: Result<&str, Refusal>) {
        let dialects = Dialects { open: vec![Box::new(Marked("one")), Box::new(Marked("two"))] };
        let mut request =
            Request::builder().method(if body.is_empty() { "GET" } else { "POST" }).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let found = dialects.pick(&head, body.as_bytes()).map(Dialect::name);
        assert_eq!(found, expected, "{headers:?} {uri} {body}");
    }

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    const AMBIGUOUS: Result<&str, Refusal> = Err(Refusal::Ambiguous);

    #[test]
    fn exactly_one_may_claim_a_request() {
        check(&[("one", "")], "/", "{}", Ok("one"));
        check(&[("two", "")], "/a?b=c", "{}", Ok("two"));
        check(&[("one", ""), ("two", "")], "/", "{}", AMBIGUOUS);
        check(&[], "/", "{}", Err(Refusal::Unknown));
        check(&[], "/a", "", Err(Refusal::Unknown));
        check(&[], "/", "", Err(Refusal::Method));
    }

    type Headers = &'static [(&'static str, &'static str)];

    /// The marks by which the real dialects know their requests, and nobody else's.
    #[tokio::test]
    async fn every_vendor_has_marks_of_its_own() {
        let root = LocalRoot::new(Secret32::random().unwrap());
        let (store, audit) = (Arc::new(MemStore::new()), Arc::new(MemAudit::new()));
        let options = Options::new(NodeId::random().unwrap());
        let clock = Arc::new(ManualClock::new(1));
        let engine = Engine::open(store, audit, &root, clock, options).await.unwrap();
        let regions = Arc::new(Regions::new(Vec::new(), true));
        let dialects = Dialects::new(Arc::new(engine), regions, Settings::default());
        let pick = |headers: &[(&str, &str)], uri: &str, body: &str| {
            let mut request = Request::builder().method("POST").uri(uri);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            dialects.pick(&head, body.as_bytes()).map(|dialect| dialect.name())
        };
        let marked: [(&str, Headers, &str, &str); 13] = [
            ("aws", &[("X-Amz-Target", "TrentService.ListKeys")], "/", "{}"),
            ("aws", &[("Authorization", "AWS4-HMAC-SHA256 Credential=…")], "/", "{}"),
            ("alibaba", &[("x-kms-apiname", "Encrypt")], "/", ""),
            ("alibaba", &[("x-acs-action", "ListKeys")], "/", ""),
            ("alibaba", &[("Authorization", "ACS3-HMAC-SHA256 Credential=…")], "/", ""),
            ("alibaba", &[("Authorization", "ACS4-HMAC-SHA256 Credential=…")], "/", ""),
            ("alibaba", &[], "/?Action=ListKeys&AccessKeyId=a", ""),
            ("alibaba", &[FORM], "/", "Action=ListKeys&AccessKeyId=a"),
            ("tencent", &[("X-TC-Action", "ListKeys")], "/", "{}"),
            ("tencent", &[("Authorization", "TC3-HMAC-SHA256 Credential=…")], "/", "{}"),
            ("tencent", &[], "/?Action=ListKeys&SecretId=a", ""),
            ("tencent", &[FORM], "/", "Action=ListKeys&SecretId=a"),
            ("thalassa", &[], "/v1/kms/nl-01/keys", ""),
        ];
        for (vendor, headers, uri, body) in marked {
            assert_eq!(pick(headers, uri, body), Ok(vendor), "{headers:?} {uri} {body}");
        }
        // The marks of two vendors in one request are nobody's; parameters and body are one vendor's alone here.
        for (one, headers, uri, body) in marked {
            for (other, more, _, _) in marked.iter().filter(|(_, more, _, _)| !more.is_empty()) {
                let repeats = headers.iter().any(|(name, _)| more.iter().any(|(n, _)| n == name));
                if *other == one || repeats || more.contains(&FORM) {
                    continue;
                }
                let both = [headers, more].concat();
                assert_eq!(pick(&both, uri, body), AMBIGUOUS, "{both:?} {uri} {body}");
            }
        }
        assert_eq!(pick(&[FORM], "/", "Action=ListKeys&SecretId=a&AccessKeyId=a"), AMBIGUOUS);
        for (headers, uri, body) in [
            (&[][..], "/?Action=ListKeys", ""),
            // A body is a form only where it says so.
            (&[], "/", "Action=ListKeys&SecretId=a"),
            (&[], "/", "Action=ListKeys&AccessKeyId=a"),
            (&[], "/v2/keys", "{}"),
        ] {
            assert_eq!(pick(headers, uri, body), Err(Refusal::Unknown), "{uri} {body}");
        }
    }

    #[test]
    fn only_the_one_dialect_of_a_head_refuses() {
        let dialects = Dialects { open: vec![Box::new(Marked("one")), Box::new(Marked("two"))] };
        for (marks, expected) in [
            (&["one"][..], Some("one")),
            (&["two"], Some("two")),
            (&["one", "two"], None),
            (&[], None),
        ] {
            let mut request = Request::builder().method("POST");
            for mark in marks {
                request = request.header(*mark, "");
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            let refused = dialects.refuse(&head, Refused::Deadline);
            let found = refused.map(Response::into_body);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{marks:?}");
        }
    }

    #[test]
    fn refusals_are_json_and_counted() {
        for (refusal, status) in
            [(Refusal::Ambiguous, 400), (Refusal::Method, 405), (Refusal::Unknown, 404)]
        {
            let response = refusal.response();
            assert_eq!(response.status().as_u16(), status);
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert!(!body["message"].as_str().unwrap().is_empty());
            assert_eq!(response.extensions().get::<Outcome>().unwrap().dialect, "none");
            assert_eq!(response.headers().contains_key(ALLOW), status == 405);
        }
    }
}
