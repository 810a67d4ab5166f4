//! Which dialect a request is for: exactly one may claim it. Markers of vendors whose dialect is not open count too,
//! so that no request is taken for another vendor's.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde::Serialize;
use trent_core::Engine;

use crate::common::reply;
use crate::{Dialect, Outcome, Peer, Refused, Regions, Settings, alibaba, aws, thalassa};

/// Every dialect that is open, over one engine.
pub struct Dialects {
    open: Vec<Box<dyn Dialect>>,
}

/// A vendor whose dialect is not open.
struct Closed {
    name: &'static str,
    claims: fn(&Marks<'_>) -> bool,
}

const CLOSED: [Closed; 1] = [Closed {
    name: "tencent",
    claims: |marks| {
        marks.header("x-tc-action")
            || marks.authorization("TC3-HMAC-SHA256")
            || (marks.action && marks.secret_id)
    },
}];

impl Dialects {
    /// The open dialects.
    pub fn new(engine: Arc<Engine>, regions: Arc<Regions>, settings: Settings) -> Self {
        let Settings { alibaba } = settings;
        Self {
            open: vec![
                Box::new(aws::Aws::new(engine.clone(), regions.clone())),
                Box::new(alibaba::Alibaba::new(engine.clone(), regions.clone(), alibaba)),
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
        let marks = Marks::of(head, body);
        let open = self.open.iter().filter(|dialect| dialect.claims(head, body));
        let closed = CLOSED.iter().filter(|closed| (closed.claims)(&marks));
        let mut claims = open
            .map(|dialect| Ok(&**dialect))
            .chain(closed.map(|closed| Err(Refusal::Closed(closed.name))));
        match (claims.next(), claims.next()) {
            (Some(only), None) => only,
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
    Closed(&'static str),
    Method,
    Unknown,
}

impl Refusal {
    fn response(self) -> Response<Bytes> {
        let (status, result, message) = match self {
            Self::Ambiguous => (
                StatusCode::BAD_REQUEST,
                "ambiguous",
                "the request bears the marks of more than one vendor's API".to_owned(),
            ),
            Self::Closed(vendor) => (
                StatusCode::NOT_IMPLEMENTED,
                "closed",
                format!("the {vendor} dialect is not open here"),
            ),
            Self::Method => {
                (StatusCode::METHOD_NOT_ALLOWED, "method", "this path takes POST only".to_owned())
            }
            Self::Unknown => (
                StatusCode::NOT_FOUND,
                "unmarked",
                "the request bears the marks of no vendor's API that is open here".to_owned(),
            ),
        };
        #[derive(Serialize)]
        struct Body<'a> {
            message: &'a str,
        }
        let mut response = reply::json(status, "application/json", &Body { message: &message });
        if self == Self::Method {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response.extensions_mut().insert(Outcome { dialect: "none", operation: "unknown", result });
        response
    }
}

/// What of a request tells the vendor.
struct Marks<'a> {
    headers: &'a HeaderMap,
    // Parameters, in the query or in a form.
    action: bool,
    secret_id: bool,
    access_key_id: bool,
}

impl<'a> Marks<'a> {
    fn of(head: &'a Parts, body: &[u8]) -> Self {
        let is_form = head.headers.get(CONTENT_TYPE).is_some_and(|kind| {
            kind.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
        });
        let query = head.uri.query().unwrap_or_default().as_bytes();
        let form = if is_form { body } else { b"" };
        let mut marks =
            Self { headers: &head.headers, action: false, secret_id: false, access_key_id: false };
        for (name, _) in [query, form].into_iter().flat_map(form_urlencoded::parse) {
            match &*name {
                "Action" => marks.action = true,
                "SecretId" => marks.secret_id = true,
                "AccessKeyId" => marks.access_key_id = true,
                _ => {}
            }
        }
        marks
    }

    fn header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    fn authorization(&self, prefix: &str) -> bool {
        let values = self.headers.get_all(AUTHORIZATION).iter();
        values.into_iter().any(|value| value.as_bytes().starts_with(prefix.as_bytes()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::BoxFuture;

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

    #[test]
    fn marks_of_closed_dialects_count() {
        for (vendor, header) in [
            ("tencent", ("X-TC-Action", "ListKeys")),
            ("tencent", ("Authorization", "TC3-HMAC-SHA256 Credential=…")),
            ("alibaba", ("x-kms-apiname", "Encrypt")),
            ("alibaba", ("x-acs-action", "ListKeys")),
            ("alibaba", ("Authorization", "ACS3-HMAC-SHA256 Credential=…")),
            ("alibaba", ("Authorization", "ACS4-HMAC-SM3 Credential=…")),
        ] {
            check(&[header], "/", "{}", Err(Refusal::Closed(vendor)));
            check(&[header, ("one", "")], "/", "{}", AMBIGUOUS);
        }
        for (vendor, parameters) in [
            ("tencent", "Action=ListKeys&SecretId=a"),
            ("alibaba", "Action=ListKeys&AccessKeyId=a"),
        ] {
            check(&[], &format!("/?{parameters}"), "x", Err(Refusal::Closed(vendor)));
            check(&[FORM], "/", parameters, Err(Refusal::Closed(vendor)));
            check(&[FORM, ("two", "")], "/", parameters, AMBIGUOUS);
            // A body is a form only where it says so.
            check(&[("one", "")], "/", parameters, Ok("one"));
        }
        check(&[], "/?Action=GetCallerIdentity", "x", Err(Refusal::Unknown));
        // Two that are closed are as ambiguous as two that are open.
        check(&[("X-TC-Action", "ListKeys"), ("x-acs-action", "ListKeys")], "/", "{}", AMBIGUOUS);
        check(&[FORM], "/", "Action=ListKeys&SecretId=a&AccessKeyId=a", AMBIGUOUS);
    }

    #[test]
    fn only_the_one_dialect_of_a_head_refuses() {
        let dialects = Dialects { open: vec![Box::new(Marked("one")), Box::new(Marked("two"))] };
        for (marks, expected) in [
            (&["one"][..], Some("one")),
            (&["two"], Some("two")),
            (&["one", "two"], None),
            (&["one", "x-tc-action"], None),
            (&["x-tc-action"], None),
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
        for (refusal, status) in [
            (Refusal::Ambiguous, 400),
            (Refusal::Closed("tencent"), 501),
            (Refusal::Method, 405),
            (Refusal::Unknown, 404),
        ] {
            let response = refusal.response();
            assert_eq!(response.status().as_u16(), status);
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert!(!body["message"].as_str().unwrap().is_empty());
            assert_eq!(response.extensions().get::<Outcome>().unwrap().dialect, "none");
            assert_eq!(response.headers().contains_key(ALLOW), status == 405);
        }
    }
}
