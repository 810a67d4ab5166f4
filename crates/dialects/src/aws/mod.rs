//! AWS KMS (JSON 1.1 protocol) and Quilibrium's Q-KMS, which is the same protocol with other names. This file takes a
//! request from the wire to its row in the table and its result back; each family of operations has a file of its own.

mod arn;
mod auth;
mod crypt;
mod datakey;
mod error;
mod keypair;
mod keys;
mod metadata;
mod profile;
mod public_key;
mod request;
mod rotation;
mod spec;
mod table;
mod validate;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, DATE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use serde_json::Map;
use trent_core::Engine;
use trent_core::access::Caller;

pub use auth::mint_credential;

use self::arn::Names;
use self::error::{Answer, Code, Failure};
use self::request::{Call, Reply};
use self::table::{Found, Row};
use crate::common::json::Document;
use crate::common::{facts, reply, time};
use crate::{BoxFuture, Dialect, Outcome, Peer, Refused, Regions};

/// The dialect's name, and the namespace of its accounts.
const NAME: &str = "aws";
const JSON: &str = "application/x-amz-json-1.1";
const TARGET: &str = "x-amz-target";
const PREFIX: &str = "TrentService.";

/// The dialect.
pub struct Aws {
    engine: Arc<Engine>,
    regions: Arc<Regions>,
}

impl Aws {
    /// The dialect over this engine.
    pub fn new(engine: Arc<Engine>, regions: Arc<Regions>) -> Self {
        Self { engine, regions }
    }

    async fn answer(
        &self,
        peer: Peer,
        head: &Parts,
        body: &[u8],
        id: &str,
    ) -> (&'static str, Answer<Reply>) {
        if head.method != Method::POST {
            return (table::UNKNOWN, Err(Failure::bare(Code::WrongMethod)));
        }
        let Some(found) = target(&head.headers).and_then(table::find) else {
            return (table::UNKNOWN, Err(Failure::bare(Code::UnknownOperation)));
        };
        (found.name(), self.run(&found, peer, head, body, id).await)
    }

    async fn run(
        &self,
        found: &Found,
        peer: Peer,
        head: &Parts,
        body: &[u8],
        id: &str,
    ) -> Answer<Reply> {
        if body.len() > found.limit() {
            let message = format!("The body is longer than {} bytes.", found.limit());
            return Err(Failure::new(Code::RequestTooLarge, message));
        }
        let proved = auth::authenticate(&self.engine, &self.regions, head, body).await?;
        let agent = facts::text(&head.headers, USER_AGENT);
        let caller = Caller {
            identity: proved.identity,
            region: proved.region,
            facts: facts::of(NAME, found.name(), peer, agent, id),
            expresses: |key| spec::spec_name(key.spec).is_some(),
            dry_run: false,
        };
        let result = match found {
            Found::Row(row) => self.dispatch(row, &caller, &proved.spelling, body).await,
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

    async fn dispatch(
        &self,
        row: &'static Row,
        caller: &Caller,
        region: &str,
        body: &[u8],
    ) -> Answer<Reply> {
        let (document, empty) = (parse(body)?, Map::new());
        let members = match &document {
            None => &empty,
            Some(document) => document
                .object()
                .ok_or_else(|| Failure::serialization("the body is not a JSON object"))?,
        };
        let account = caller.identity.account();
        let names = Names { profile: profile::of(&account.style), account: &account.id, region };
        let (engine, regions) = (&*self.engine, &*self.regions);
        let alias = OnceLock::new();
        let call = Call { engine, regions, caller, row, names, members, alias };
        (row.run)(&call).await
    }

    fn response(
        &self,
        id: &str,
        operation: &'static str,
        answer: Answer<Reply>,
    ) -> Response<Bytes> {
        let (mut response, result) = match answer {
            Ok(Reply(body)) => (reply::with(http::StatusCode::OK, JSON, body), "ok"),
            Err(failure) => {
                let code = failure.code;
                let mut response = reply::json(code.status(), JSON, &failure.body());
                let headers = response.headers_mut();
                headers.insert("x-amzn-errortype", HeaderValue::from_static(code.as_str()));
                if code == Code::WrongMethod {
                    headers.insert(ALLOW, HeaderValue::from_static("POST"));
                }
                (response, code.as_str())
            }
        };
        let date = time::http_date(time::seconds(self.engine.clock().now_ms()));
        for (name, value) in [("x-amzn-requestid", id), (DATE.as_str(), &date)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(http::HeaderName::from_static(name), value);
            }
        }
        response.extensions_mut().insert(Outcome { dialect: NAME, operation, result });
        response
    }
}

impl Dialect for Aws {
    fn name(&self) -> &'static str {
        NAME
    }

    fn claims(&self, head: &Parts, _: &[u8]) -> bool {
        let starts = |name, prefix: &str| {
            let mut values = head.headers.get_all(name).iter();
            values.any(|value| value.as_bytes().starts_with(prefix.as_bytes()))
        };
        head.headers.contains_key(TARGET)
            || starts(AUTHORIZATION, "AWS4-")
            || starts(CONTENT_TYPE, "application/x-amz-json")
            || head.uri.query().is_some_and(|query| query.contains("X-Amz-Algorithm="))
    }

    fn refuse(&self, _: &Parts, why: Refused) -> Response<Bytes> {
        self.response(&reply::request_id(), table::UNKNOWN, Err(Failure::from(why)))
    }

    fn handle<'a>(&'a self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'a, Response<Bytes>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let id = reply::request_id();
            let (operation, answer) = self.answer(peer, &head, &body, &id).await;
            self.response(&id, operation, answer)
        })
    }
}

/// The operation that the request names, once.
fn target(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(TARGET).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() { None } else { value.strip_prefix(PREFIX) }
}

/// The body's JSON; `None` for an empty body, which has no members.
fn parse(body: &[u8]) -> Answer<Option<Document>> {
    if body.is_empty() {
        return Ok(None);
    }
    Document::parse(body).map(Some).map_err(|refusal| Failure::serialization(refusal.as_str()))
}
