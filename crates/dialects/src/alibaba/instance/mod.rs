//! The instance API ("dkms-gcs"): protobuf over HTTP, signed with a client key. This file takes a request from the wire
//! to its row in the table and its result back; each family of operations has a file of its own.

mod auth;
mod crypt;
mod datakey;
mod keypair;
mod messages;
mod public_key;
mod request;
mod slots;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use trent_core::Engine;
use trent_core::access::Caller;

use self::auth::Claim;
use self::request::{Call, Reply};
use self::slots::Slots;
use self::table::Found;
use super::error::{Answer, Code, Failure};
use super::{API_NAME, NAME, spec};
use crate::common::{facts, reply, time};
use crate::{Outcome, Peer, Refused, Regions};

/// The type of every body.
pub(super) const PROTOBUF: &str = "application/x-protobuf";
const API_VERSION: &str = "x-kms-apiversion";
/// Names a key's version: in a request the one to use, in an answer the one that was used.
const VERSION: &str = "x-kms-migrationkeyversionid";
const REQUEST_ID: &str = "x-kms-request-id";

/// The door.
pub(super) struct Door {
    engine: Arc<Engine>,
    regions: Arc<Regions>,
    pairs: Slots,
}

impl Door {
    /// The door to this engine; each instance makes so many key pairs at once.
    pub(super) fn new(
        engine: Arc<Engine>,
        regions: Arc<Regions>,
        key_pairs_at_once: usize,
    ) -> Self {
        Self { engine, regions, pairs: Slots::new(key_pairs_at_once) }
    }

    /// Whether a request is for this door.
    pub(super) fn claims(head: &Parts) -> bool {
        head.headers.contains_key(API_NAME) || is_protobuf(&head.headers)
    }

    /// The listener's refusal of a request that was not read.
    pub(super) fn refuse(&self, why: Refused) -> Response<Bytes> {
        self.response(&reply::request_id(), table::UNKNOWN, Err(Failure::from(why)))
    }

    /// Answers a request.
    pub(super) async fn answer(&self, peer: Peer, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let id = reply::request_id();
        let (operation, answer) = match asked(&head) {
            Ok(found) => (found.name(), self.run(found, peer, &head, &body, &id).await),
            Err(failure) => (table::UNKNOWN, Err(failure)),
        };
        self.response(&id, operation, answer)
    }

    async fn run(
        &self,
        found: Found,
        peer: Peer,
        head: &Parts,
        body: &Bytes,
        id: &str,
    ) -> Answer<Reply> {
        let version = auth::text(&head.headers, API_VERSION)?;
        if version.is_empty() {
            let message = format!("The header {API_VERSION} is missing.");
            return Err(Failure::new(Code::InvalidApiVersion, message));
        }
        if !is_protobuf(&head.headers) {
            let message = format!("The content type must be {PROTOBUF}.");
            return Err(Failure::new(Code::InvalidContentType, message));
        }
        if body.len() > found.limit() {
            return Err(Failure::from(Refused::TooLarge));
        }
        let claim = Claim::read(head, body, time::seconds(self.engine.clock().now_ms()))?;
        let identity = claim.prove(&self.engine, found.name()).await?;
        let agent = facts::text(&head.headers, USER_AGENT);
        let caller = Caller {
            identity,
            region: self.regions.for_host(NAME, host(head)),
            facts: facts::of(NAME, found.name(), peer, agent, id),
            expresses: spec::expresses,
            dry_run: false,
        };
        let result = match found {
            Found::Row(row) => {
                let call = Call {
                    engine: &self.engine,
                    regions: &self.regions,
                    caller: &caller,
                    row,
                    pairs: &self.pairs,
                    id,
                    version: auth::text(&head.headers, VERSION)?,
                    body,
                };
                (row.run)(&call).await
            }
            Found::Later(name) => {
                Err(Failure::unsupported(format!("{name} is not available here yet.")))
            }
        };
        match result {
            Err(failure) if !failure.recorded => {
                let told = facts::record(&self.engine, &caller, failure.code.as_str()).await;
                Err(if told { failure } else { Failure::internal() })
            }
            other => other,
        }
    }

    fn response(
        &self,
        id: &str,
        operation: &'static str,
        answer: Answer<Reply>,
    ) -> Response<Bytes> {
        let (status, body, version, result) = match answer {
            Ok(Reply { body, version }) => (StatusCode::OK, body, version, "ok"),
            Err(Failure { code, message, .. }) => {
                let status = code.status();
                let error = messages::Error {
                    status_code: i32::from(status.as_u16()),
                    error_code: code.as_str().to_owned(),
                    error_message: message,
                    request_id: id.to_owned(),
                };
                (status, messages::encode(&error), String::new(), code.as_str())
            }
        };
        let mut response = reply::with(status, PROTOBUF, body);
        let date = time::http_date(time::seconds(self.engine.clock().now_ms()));
        let headers = [(REQUEST_ID, id), (DATE.as_str(), &date), (VERSION, &version)];
        for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Outcome { dialect: NAME, operation, result });
        response
    }
}

/// The operation that a request of the outer form of this API asks for.
fn asked(head: &Parts) -> Answer<Found> {
    if head.method != Method::POST {
        let message = "This HTTP method is not supported; use POST.";
        return Err(Failure::new(Code::UnsupportedHttpMethod, message));
    }
    if head.uri.path() != "/" {
        return Err(Failure::new(Code::InvalidApiName, "The path must be /."));
    }
    let name = auth::text(&head.headers, API_NAME)?;
    table::find(name).ok_or_else(|| {
        Failure::new(Code::InvalidApiName, format!("The header {API_NAME} names no operation."))
    })
}

/// Whether the body says that it is protobuf, once.
fn is_protobuf(headers: &HeaderMap) -> bool {
    let Ok(Some(kind)) = auth::once(headers, CONTENT_TYPE.as_str()) else { return false };
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(PROTOBUF.as_bytes())
}

/// The host that the request is for.
fn host(head: &Parts) -> &str {
    let header = head.headers.get(HOST).and_then(|value| value.to_str().ok());
    header.or_else(|| head.uri.host()).unwrap_or_default()
}
