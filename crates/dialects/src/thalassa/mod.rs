//! The Thalassa Cloud KMS API. One entry authenticates, routes and answers; the table of operations is `routes.rs`.
//! Each resource has its own file; what the vendor's clients see of errors is `error.rs`.

mod auth;
mod crypt;
mod error;
mod fields;
mod ids;
mod key_type;
mod keys;
mod material;
mod request;
mod resource;
mod routes;
mod summary;
#[cfg(test)]
mod tests;

pub use auth::{MintedToken, mint_token};
pub use routes::operations;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde::Serialize;
use trent_core::access::{Caller, Identity};
use trent_core::engine::Engine;
use trent_core::model::Region;

use crate::common::{facts, reply};
use crate::{BoxFuture, Dialect, Outcome, Peer, Refused, Regions};
use error::{Answer, Failure};
use request::{Call, Query, Reply};
use routes::{Routes, Row, Run, Segments};

/// The dialect's name, and the namespace of its accounts: an account's id is an organisation's identity, its style the
/// organisation's slug (which may be empty).
pub const NAME: &str = "thalassa";

const JSON: &str = "application/json";
/// Longest body, in bytes: 65,535 bytes in base64 with room for the rest.
const BODY: usize = 256 * 1024;

/// The dialect over one engine.
pub struct Thalassa {
    engine: Arc<Engine>,
    regions: Arc<Regions>,
    routes: Routes,
}

impl Thalassa {
    /// The dialect over this engine, with these names of regions.
    pub fn new(engine: Arc<Engine>, regions: Arc<Regions>) -> Self {
        Self { engine, regions, routes: Routes::new() }
    }

    /// Answers a request. Whoever is not known gets no answer that depends on the path or the body.
    async fn answer(&self, peer: Peer, request: Request<Bytes>) -> Response<Bytes> {
        let id = reply::request_id();
        let (head, body) = request.into_parts();
        let found = self.routes.find(head.method.as_str(), head.uri.path());
        let operation = found.as_ref().map_or("unknown", |(row, _)| row.name);
        let answer = match self.identify(peer, &head).await {
            Ok((identity, query)) => {
                let row = found.as_ref().ok().map(|(row, _)| *row);
                let caller = self.caller(identity, peer, &head, row, &id);
                self.admitted(caller, head, found, query, body).await
            }
            Err(failure) => Err(failure),
        };
        respond(answer, operation, &id)
    }

    async fn identify(&self, peer: Peer, head: &Parts) -> Answer<(Identity, Answer<Query>)> {
        let query = Query::read(head.uri.query().unwrap_or_default());
        let readable = query.as_ref().ok();
        let identity = auth::authenticate(&self.engine, peer, &head.headers, readable).await?;
        Ok((identity, query))
    }

    /// The caller, in no region until the request's is known.
    fn caller(
        &self,
        identity: Identity,
        peer: Peer,
        head: &Parts,
        row: Option<&Row>,
        id: &str,
    ) -> Caller {
        let agent = facts::text(&head.headers, USER_AGENT);
        let operation = row.map_or("unknown", |row| row.audit);
        Caller {
            identity,
            region: Region::nowhere(),
            facts: facts::of(NAME, operation, peer, agent, id),
            expresses: |key| key_type::of(key.spec).is_some(),
            dry_run: false,
        }
    }

    /// Answers a request whose caller is known; every refusal is in the audit log before it is given.
    async fn admitted(
        &self,
        mut caller: Caller,
        head: Parts,
        found: Answer<(&'static Row, Segments)>,
        query: Answer<Query>,
        body: Bytes,
    ) -> Answer<Reply> {
        let checked = self.check(&mut caller, &head, found, query, &body);
        let answer = match checked {
            Ok((row, segments, query)) => match row.run {
                Run::Now(_, run) => {
                    let call = Call {
                        engine: self.engine.clone(),
                        regions: self.regions.clone(),
                        caller: caller.clone(),
                        segments,
                        query,
                        body,
                    };
                    run(&call).await
                }
                Run::Later(what) => Err(Failure::not_yet(what)),
            },
            Err(failure) => Err(failure),
        };
        match answer {
            Err(failure) if !failure.recorded => {
                self.engine.record_refusal(&caller, failure.code).await?;
                Err(failure)
            }
            answer => answer,
        }
    }

    /// The checks that are the same for every operation.
    fn check(
        &self,
        caller: &mut Caller,
        head: &Parts,
        found: Answer<(&'static Row, Segments)>,
        query: Answer<Query>,
        body: &[u8],
    ) -> Answer<(&'static Row, Segments, Query)> {
        let (row, segments) = found?;
        auth::scope(&head.headers, &caller.identity)?;
        if !segments.region.is_empty() {
            caller.region = self
                .regions
                .resolve(NAME, &segments.region)
                .ok_or_else(|| Failure::missing("region not found"))?;
        }
        let query = query?;
        if body.len() > BODY {
            return Err(Failure::too_large(BODY));
        }
        if !body.is_empty() {
            require_json(&head.headers)?;
        }
        Ok((row, segments, query))
    }
}

impl Dialect for Thalassa {
    fn name(&self) -> &'static str {
        NAME
    }

    fn claims(&self, head: &Parts, _: &[u8]) -> bool {
        let path = head.uri.path();
        path.starts_with("/v1/") || path.starts_with("/oidc/")
    }

    fn refuse(&self, _: &Parts, why: Refused) -> Response<Bytes> {
        respond(Err(Failure::from(why)), "unknown", &reply::request_id())
    }

    fn handle<'a>(&'a self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'a, Response<Bytes>> {
        Box::pin(self.answer(peer, request))
    }
}

/// Bodies are JSON, as they are; a body that does not say what it is counts as JSON.
fn require_json(headers: &HeaderMap) -> Answer<()> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Failure::invalid("Content-Encoding is not supported"));
    }
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let is_json = |kind: &HeaderValue| {
        let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(JSON)
    };
    if kinds.all(is_json) {
        Ok(())
    } else {
        Err(Failure::invalid("Content-Type must be application/json"))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureBody<'a> {
    message: &'a str,
    request_id: &'a str,
}

fn respond(answer: Answer<Reply>, operation: &'static str, id: &str) -> Response<Bytes> {
    let (mut response, result) = match answer {
        Ok(reply) => (reply::with(reply.status, JSON, reply.body), "ok"),
        Err(failure) => {
            let body = FailureBody { message: &failure.message, request_id: id };
            let mut response = reply::json(failure.status, JSON, &body);
            if let Some((name, value)) = failure.header() {
                response.headers_mut().insert(name, value);
            }
            (response, failure.code)
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    response.extensions_mut().insert(Outcome { dialect: NAME, operation, result });
    response
}
