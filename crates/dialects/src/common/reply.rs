//! Answers: bodies that are wiped after they are sent, and a request's id.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use trent_core::crypto::random;
use zeroize::Zeroizing;

/// The value as JSON. The buffer is made once in its final size and wiped when the last holder drops it, since
/// answers carry plaintexts.
///
/// # Errors
/// Only for values that JSON cannot hold, such as maps whose names are not texts.
pub fn body(value: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let mut size = Count(0);
    serde_json::to_writer(&mut size, value)?;
    let mut text = Zeroizing::new(Vec::with_capacity(size.0));
    serde_json::to_writer(&mut *text, value)?;
    Ok(Bytes::from_owner(text))
}

/// An answer with this body; an empty one of status 500 where the value cannot be written.
pub fn json(
    status: StatusCode,
    content_type: &'static str,
    value: &impl Serialize,
) -> Response<Bytes> {
    match body(value) {
        Ok(bytes) => with(status, content_type, bytes),
        Err(_) => with(StatusCode::INTERNAL_SERVER_ERROR, content_type, Bytes::new()),
    }
}

/// An answer with these bytes.
pub fn with(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A new id for a request, a random UUID (RFC 9562). All zeros when the random generator fails; the request itself
/// fails then too.
pub fn request_id() -> String {
    let bytes: [u8; 16] = random::array().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_values_json() {
        let value = serde_json::json!({"a": ["é", 1], "b": "x".repeat(5_000)});
        assert_eq!(body(&value).unwrap(), serde_json::to_vec(&value).unwrap());
        let response = json(StatusCode::ACCEPTED, "application/json", &value);
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    }

    #[test]
    fn request_ids_differ_and_are_uuids() {
        let (a, b) = (request_id(), request_id());
        assert_ne!(a, b);
        assert_eq!((a.len(), a.as_bytes()[14]), (36, b'4'));
    }
}
