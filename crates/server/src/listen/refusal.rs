//! Answers that the listener itself gives, before any dialect has seen the request. They end the connection.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use trent_dialects::Refused;

/// Why a request got no further.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// What the client is told; the status's own words when empty.
    text: &'static str,
    /// Set when load is the reason.
    pub(super) shed: Option<&'static str>,
}

impl Refusal {
    pub(super) fn of(status: StatusCode) -> Self {
        Self { status, text: "", shed: None }
    }

    /// Plain HTTP where only TLS is allowed.
    pub(super) fn plain() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            text: "This address answers over TLS only",
            shed: None,
        }
    }

    /// Too much to do at present.
    pub(super) fn shed(reason: &'static str) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text: "", shed: Some(reason) }
    }

    /// The metric's label.
    pub(super) fn label(&self) -> &'static str {
        match self.status.as_u16() {
            400 => "400",
            408 => "408",
            413 => "413",
            415 => "415",
            431 => "431",
            500 => "500",
            501 => "501",
            503 => "503",
            _ => "other",
        }
    }

    /// The reason, where a dialect has words of its own for it.
    pub(super) fn why(&self) -> Option<Refused> {
        match (self.shed, self.status) {
            (Some("deadline"), _) => Some(Refused::Deadline),
            (Some(_), _) => Some(Refused::Overloaded),
            (None, StatusCode::PAYLOAD_TOO_LARGE) => Some(Refused::TooLarge),
            (None, _) => None,
        }
    }

    /// The listener's own answer.
    pub(super) fn response(&self) -> Response<Bytes> {
        let text = match self.text {
            "" => self.status.canonical_reason().unwrap_or_default(),
            text => text,
        };
        let mut response = Response::new(Bytes::from_static(text.as_bytes()));
        *response.status_mut() = self.status;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        response
    }

    /// Adds what every answer to a refused request says of the connection and of trying again.
    pub(super) fn close(&self, response: &mut Response<Bytes>) {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if self.shed.is_some() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
    }
}
