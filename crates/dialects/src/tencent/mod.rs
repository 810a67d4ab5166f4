//! Tencent Cloud KMS (API 3.0, version 2019-01-18). This file takes a request from the wire to its row in the table and
//! its result back; who asks is `auth` and `auth_v1`, and each family of operations has a file of its own.

mod asked;
mod asymmetric;
mod auth;
mod auth_v1;
mod credential;
mod crypt;
mod datakey;
mod error;
mod input;
mod keys;
mod metadata;
mod public_key;
mod request;
mod spec;
mod table;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HOST};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use trent_core::Engine;
use trent_core::access::{Caller, Identity};
use trent_core::model::Region;

pub use credential::mint_secret_id;

use self::asked::{Asked, Common};
use self::auth::Prove;
use self::error::{Answer, Code, Failure};
use self::input::Input;
use self::request::{Call, Reply};
use self::table::{Found, Row};
use crate::common::form;
use crate::common::signing::TC3;
use crate::common::{facts, reply};
use crate::{BoxFuture, Dialect, Outcome, Peer, Refused, Regions};

/// The dialect's name, and the namespace of its accounts and credentials.
pub const NAME: &str = "tencent";
/// The one version of the API.
const VERSION: &str = "2019-01-18";
/// Without a charset: the vendor's Python client takes an error under any other type for an empty success.
const JSON: &str = "application/json";
const ACTION: &str = "x-tc-action";
const TRACE: &str = "x-tc-traceid";
/// The longest trace id that is given back, in bytes.
const LONGEST_TRACE: usize = 128;

/// What an installation may choose.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How GetPublicKey writes `PublicKeyPem`.
    pub public_key_pem: PublicKeyPem,
    /// Take requests whose signature does not cover the body (`X-TC-Content-SHA256: UNSIGNED-PAYLOAD`).
    pub unsigned_payload: bool,
}

/// How GetPublicKey writes `PublicKeyPem`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum PublicKeyPem {
    /// A PEM that every tool reads.
    #[default]
    Standard,
    /// As in the sample of the vendor's page: what stands in the PEM is the text of `PublicKey`, base64 once more.
    DoubleBase64,
}

/// The operations that are built, as they are called on the wire.
pub fn operations() -> impl Iterator<Item = &'static str> {
    table::ROWS.iter().map(|row| row.name)
}

/// The dialect.
pub struct Tencent {
    engine: Arc<Engine>,
    regions: Arc<Regions>,
    settings: Settings,
}

impl Tencent {
    /// The dialect over this engine.
    pub fn new(engine: Arc<Engine>, regions: Arc<Regions>, settings: Settings) -> Self {
        Self { engine, regions, settings }
    }

    async fn answer(&self, sent: &Sent<'_>) -> (&'static str, Answer<Reply>) {
        let asked = match Asked::read(sent.head, sent.body) {
            Ok(asked) => asked,
            Err(failure) => return (table::UNKNOWN, Err(failure)),
        };
        let found = table::find(&asked.common.action);
        let operation = found.as_ref().map_or(table::UNKNOWN, Found::name);
        let answer = match self.identify(sent, &asked).await {
            Ok(identity) => self.admitted(identity, found, sent, asked).await,
            Err(failure) => Err(failure),
        };
        (operation, answer)
    }

    async fn identify(&self, sent: &Sent<'_>, asked: &Asked) -> Answer<Identity> {
        let Asked { common, parameters } = asked;
        let prove = Prove { engine: &self.engine, peer: sent.peer, head: sent.head, common };
        match parameters {
            Some(parameters) if !common.in_headers => {
                auth_v1::authenticate(&prove, parameters).await
            }
            _ => auth::authenticate(&prove, sent.body, self.settings.unsigned_payload).await,
        }
    }

    /// Answers a request whose sender is known; every refusal is in the audit log before it is given.
    async fn admitted(
        &self,
        identity: Identity,
        found: Option<Found>,
        sent: &Sent<'_>,
        asked: Asked,
    ) -> Answer<Reply> {
        let region = self.region(&asked.common, sent.head);
        let operation = found.as_ref().map_or(table::UNKNOWN, Found::name);
        let caller = Caller {
            identity,
            region: region.clone().unwrap_or_else(Region::nowhere),
            facts: facts::of(NAME, operation, sent.peer, &asked.common.agent, sent.id),
            expresses: |key| spec::usage_name(key).is_some(),
            dry_run: false,
        };
        let row = admissible(&asked.common, found, region.as_ref());
        let result = match row {
            Ok(row) => self.run(row, &caller, sent, asked).await,
            Err(failure) => Err(failure),
        };
        match result {
            Err(failure) if !failure.recorded => {
                let code = failure.code.as_str();
                let told = facts::record(&self.engine, &caller, code).await;
                Err(if told { failure } else { Failure::internal() })
            }
            other => other,
        }
    }

    async fn run(
        &self,
        row: &'static Row,
        caller: &Caller,
        sent: &Sent<'_>,
        asked: Asked,
    ) -> Answer<Reply> {
        let document = match asked.parameters {
            Some(parameters) => request::unflatten(parameters, asked.common.in_headers)?,
            None => request::parse(&sent.head.headers, sent.body)?,
        };
        let input = Input::read(document.object().ok_or_else(not_an_object)?, row.parameters)?;
        let region = self.regions.spelling(NAME, &caller.region);
        let (engine, settings) = (&*self.engine, self.settings);
        let call = Call { engine, caller, settings, row, input, region: &region, id: sent.id };
        (row.run)(&call).await
    }

    /// The region that the request means: the one it names, or that of the host.
    fn region(&self, common: &Common, head: &Parts) -> Option<Region> {
        if let Some(name) = &common.region {
            return self.regions.resolve(NAME, name);
        }
        // One client sends its endpoint with the scheme.
        let host = facts::text(&head.headers, HOST).rsplit('/').next().unwrap_or_default();
        Some(self.regions.for_host(NAME, host))
    }
}

/// A request as it came.
struct Sent<'a> {
    peer: Peer,
    head: &'a Parts,
    body: &'a [u8],
    /// The id that it got here.
    id: &'a str,
}

/// What is checked of every request once its sender is known.
fn admissible(
    common: &Common,
    found: Option<Found>,
    region: Option<&Region>,
) -> Answer<&'static Row> {
    if common.version != VERSION {
        let message = format!("{VERSION} is the only version of this service.");
        return Err(Failure::new(Code::NoSuchVersion, message));
    }
    let row = match found {
        Some(Found::Row(row)) => row,
        Some(Found::Later(name)) => {
            return Err(Failure::unsupported(format!("{name} is not available here yet.")));
        }
        None => return Err(Failure::new(Code::InvalidAction, "There is no such action.")),
    };
    match region {
        Some(_) => Ok(row),
        None => Err(Failure::new(Code::UnsupportedRegion, "There is no such region here.")),
    }
}

fn not_an_object() -> Failure {
    Failure::invalid("The body is not a JSON object.")
}

fn signs(head: &Parts) -> bool {
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    values.any(|value| value.as_bytes().starts_with(TC3.algorithm.as_bytes()))
}

fn respond(id: &str, operation: &'static str, answer: Answer<Reply>) -> Response<Bytes> {
    let (body, result) = match answer {
        Ok(Reply(body)) => (body, "ok"),
        Err(failure) => (failure.body(id), failure.code.as_str()),
    };
    // Whatever came of it: the vendor's clients read no answer under another status.
    let mut response = reply::with(StatusCode::OK, JSON, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Outcome { dialect: NAME, operation, result });
    response
}

impl Dialect for Tencent {
    fn name(&self) -> &'static str {
        NAME
    }

    fn claims(&self, head: &Parts, body: &[u8]) -> bool {
        claims(head, body)
    }

    fn refuse(&self, _: &Parts, why: Refused) -> Response<Bytes> {
        respond(&reply::request_id(), table::UNKNOWN, Err(Failure::from(why)))
    }

    fn handle<'a>(&'a self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'a, Response<Bytes>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let id = reply::request_id();
            let sent = Sent { peer, head: &head, body: &body, id: &id };
            let (operation, answer) = self.answer(&sent).await;
            let mut response = respond(&id, operation, answer);
            if let Some(trace) = trace(&head) {
                response.headers_mut().insert(TRACE, trace);
            }
            response
        })
    }
}

/// The client's own id of the request, where it is fit to be given back.
fn trace(head: &Parts) -> Option<HeaderValue> {
    let trace = head.headers.get(TRACE)?;
    let fits = trace.len() <= LONGEST_TRACE && trace.to_str().is_ok();
    fits.then(|| trace.clone())
}

/// Whether a request bears the vendor's marks: its headers, or the two parameters of its older clients in query or form.
fn claims(head: &Parts, body: &[u8]) -> bool {
    head.headers.contains_key(ACTION)
        || signs(head)
        || form::names_all(head, body, ["Action", "SecretId"])
}

#[cfg(test)]
mod tests;
