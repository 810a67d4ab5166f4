//! The RPC-style OpenAPI, version 2016-01-20: parameters in, JSON or XML out. This file takes a request from the wire to
//! its row in the table and its result back; each family of operations has a file of its own.

mod aliases;
mod auth;
mod context;
mod crypt;
mod keys;
mod lists;
mod metadata;
mod node;
mod request;
mod stamp;
mod table;
#[cfg(test)]
mod tests;
mod versions;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, DATE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use trent_core::Engine;
use trent_core::access::Caller;
use trent_core::model::Region;

use self::auth::{Claim, Kind, WINDOW};
use self::node::Node;
use self::request::{Call, Reply};
use self::table::Found;
use super::error::{Answer, Code, Failure};
use super::{ACTION, NAME, spec};
use crate::common::form::{self, Parameters, Refusal};
use crate::common::nonce::Nonces;
use crate::common::{facts, reply, time};
use crate::{Outcome, Peer, Refused, Regions};

const VERSION: &str = "2016-01-20";
const JSON: &str = "application/json;charset=utf-8";
const XML: &str = "text/xml;charset=utf-8";
/// The longest query and the longest body, in bytes.
const LONGEST: usize = 512 * 1_024;

/// The door.
pub(super) struct Door {
    engine: Arc<Engine>,
    regions: Arc<Regions>,
    nonces: Nonces,
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Json,
    Xml,
}

/// What an answer carries beside its content.
struct Frame<'a> {
    /// The request's id.
    id: &'a str,
    host: &'a str,
    format: Format,
    operation: &'static str,
}

impl Door {
    /// The door to this engine.
    pub(super) fn new(engine: Arc<Engine>, regions: Arc<Regions>) -> Self {
        Self { engine, regions, nonces: Nonces::new(WINDOW) }
    }

    /// The listener's refusal of a request that was not read.
    pub(super) fn refuse(&self, why: Refused) -> Response<Bytes> {
        let id = reply::request_id();
        let frame = Frame { id: &id, host: "", format: Format::Json, operation: table::UNKNOWN };
        self.response(&frame, Err(Failure::from(why)))
    }

    /// Answers a request.
    pub(super) async fn answer(&self, peer: Peer, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let id = reply::request_id();
        let host = facts::text(&head.headers, HOST);
        let mut frame = Frame { id: &id, host, format: Format::Json, operation: table::UNKNOWN };
        let answer = self.run(peer, &head, &body, &mut frame).await;
        self.response(&frame, answer)
    }

    async fn run(
        &self,
        peer: Peer,
        head: &Parts,
        body: &[u8],
        frame: &mut Frame<'_>,
    ) -> Answer<Reply> {
        let parameters = read(head, body)?;
        let kind = Kind::of(&head.headers);
        if kind == Kind::Parameters {
            frame.format = format(&parameters)?;
        }
        let found = asked(kind, head, &parameters)?;
        frame.operation = found.name();
        let claim = Claim::read(kind, head, body, &parameters)?;
        let scope = claim.region();
        let now = time::seconds(self.engine.clock().now_ms());
        let (identity, fresh) = claim.prove(&self.engine, &self.nonces, now).await?;
        // Who sends a request again is known: it is in the log.
        let region = fresh.and_then(|()| self.region(kind, head, &parameters, scope));
        // What is said in the log of a request for no region that we know is said of the host's.
        let fallback = || self.regions.for_host(NAME, frame.host);
        let agent = facts::text(&head.headers, USER_AGENT);
        let caller = Caller {
            identity,
            region: region.as_ref().ok().cloned().unwrap_or_else(fallback),
            facts: facts::of(NAME, found.name(), peer, agent, frame.id),
            expresses: spec::expresses,
            dry_run: false,
        };
        let result = match (region, found) {
            (Err(failure), _) => Err(failure),
            (Ok(_), Found::Later(name)) => {
                Err(Failure::unsupported(format!("{name} is not available here yet.")))
            }
            (Ok(region), Found::Row(row)) => {
                let spelling = self.regions.spelling(NAME, &region);
                let (engine, regions) = (&*self.engine, &*self.regions);
                let call = Call {
                    engine,
                    regions,
                    caller: &caller,
                    row,
                    spelling: &spelling,
                    parameters: &parameters,
                };
                (row.run)(&call).await
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

    /// The region whose keys are meant: what the request says, else what its signature is for, else the host's.
    fn region(
        &self,
        kind: Kind,
        head: &Parts,
        parameters: &Parameters,
        scope: Option<&str>,
    ) -> Answer<Region> {
        let named = |text: Option<&str>, name: &str| match text.filter(|text| !text.is_empty()) {
            Some(text) => match self.regions.resolve(NAME, text) {
                Some(region) => Ok(Some(region)),
                None => Err(Failure::invalid(name)),
            },
            None => Ok(None),
        };
        let header =
            Some(facts::text(&head.headers, auth::REGION)).filter(|_| kind == Kind::Header);
        let sources = [
            (parameters.get("RegionId"), "RegionId"),
            (header, auth::REGION),
            (scope, "Credential"),
        ];
        for (text, name) in sources {
            if let Some(region) = named(text, name)? {
                return Ok(region);
            }
        }
        Ok(self.regions.for_host(NAME, facts::text(&head.headers, HOST)))
    }

    fn response(&self, frame: &Frame<'_>, answer: Answer<Reply>) -> Response<Bytes> {
        let request_id = ("RequestId", Node::text(frame.id));
        let (status, root, members, result) = match answer {
            Ok(Reply(members)) => {
                let members = [request_id].into_iter().chain(members).collect();
                (StatusCode::OK, format!("{}Response", frame.operation), members, "ok")
            }
            Err(Failure { code, message, .. }) => {
                let members = vec![
                    request_id,
                    ("HostId", Node::text(frame.host)),
                    ("Code", Node::text(code.as_str())),
                    ("Message", Node::text(message)),
                    ("Recommend", Node::text("")),
                ];
                (code.status(), "Error".to_owned(), members, code.as_str())
            }
        };
        let content = Node::Object(members);
        let mut response = match frame.format {
            Format::Json => reply::json(status, JSON, &content),
            Format::Xml => reply::with(status, XML, content.xml(&root)),
        };
        let date = time::http_date(time::seconds(self.engine.clock().now_ms()));
        for (name, value) in [("x-acs-request-id", frame.id), (DATE.as_str(), &date)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        let operation = frame.operation;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Outcome { dialect: NAME, operation, result });
        response
    }
}

/// The parameters of query and form, of a request that has the outer form of this API.
fn read(head: &Parts, body: &[u8]) -> Answer<Parameters> {
    if head.method != Method::GET && head.method != Method::POST {
        let message = "This HTTP method is not supported; use GET or POST.";
        return Err(Failure::new(Code::UnsupportedHttpMethod, message));
    }
    if head.uri.path() != "/" {
        return Err(Failure::new(Code::InvalidAction, "The path must be /."));
    }
    let query = head.uri.query().unwrap_or_default();
    if query.len() > LONGEST || body.len() > LONGEST {
        return Err(Failure::from(Refused::TooLarge));
    }
    let unread = |message: String| Failure::new(Code::ParseRequestParameter, message);
    if !body.is_empty() && !form::is_form(&head.headers) {
        let message = "A body must be of the type application/x-www-form-urlencoded.";
        return Err(unread(message.to_owned()));
    }
    Parameters::read(query, body).map_err(|refusal| match refusal {
        Refusal::Repeated(name) => {
            let name: String = name.chars().take(64).collect();
            unread(format!("The parameter {name} is there twice."))
        }
        Refusal::NotText => unread("A parameter is not UTF-8.".to_owned()),
        Refusal::TooMany => unread("There are too many parameters.".to_owned()),
    })
}

fn format(parameters: &Parameters) -> Answer<Format> {
    match parameters.get("Format").unwrap_or_default() {
        text if text.is_empty() || text.eq_ignore_ascii_case("json") => Ok(Format::Json),
        text if text.eq_ignore_ascii_case("xml") => Ok(Format::Xml),
        _ => Err(Failure::invalid("Format")),
    }
}

/// The operation that the request is for, and of the one version there is.
fn asked(kind: Kind, head: &Parts, parameters: &Parameters) -> Answer<Found> {
    let (action, version) = match kind {
        Kind::Header => {
            (facts::text(&head.headers, ACTION), facts::text(&head.headers, "x-acs-version"))
        }
        Kind::Parameters => {
            let text = |name| parameters.get(name).unwrap_or_default();
            (text("Action"), text("Version"))
        }
    };
    let refuse = |code, message: &str| Err(Failure::new(code, message));
    match (action, version) {
        ("", _) => refuse(Code::MissingAction, "Action is mandatory for this request."),
        (_, "") => refuse(Code::MissingVersion, "Version is mandatory for this request."),
        (_, version) if version != VERSION => refuse(
            Code::InvalidVersion,
            "Specified parameter Version is not valid: it must be 2016-01-20.",
        ),
        (action, _) => match table::find(action) {
            Some(found) => Ok(found),
            None => refuse(
                Code::InvalidAction,
                "Specified api is not found, please check your url and method.",
            ),
        },
    }
}
