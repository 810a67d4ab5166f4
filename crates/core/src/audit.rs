//! What the KMS tells the audit log: typed events, an allow-list of fields, never the request itself.
//! How a log keeps and proves them is the sink's.

use std::collections::HashSet;
use std::net::IpAddr;

use serde::Serialize;

use crate::model::{EventId, KeyId, PrincipalId, TenantId};
use crate::store::BoxFuture;

/// One event. Field names and order in its encoding are frozen once released.
#[derive(Clone, Debug)]
pub struct Event {
    /// The event.
    pub id: EventId,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The dialect that took the request, or `admin`.
    pub dialect: &'static str,
    /// The vendor's own name for the event.
    pub operation: &'static str,
    /// The neutral action that was decided on.
    pub action: &'static str,
    /// The tenant acted in.
    pub tenant: Option<TenantId>,
    /// Who acted.
    pub principal: Option<PrincipalId>,
    /// The public part of the credential used.
    pub access_id: String,
    /// From where.
    pub source: Option<IpAddr>,
    /// What the client calls itself, at most 256 bytes.
    pub agent: String,
    /// The request, as its answer named it.
    pub request: String,
    /// The region.
    pub region: String,
    /// The key.
    pub key: Option<KeyId>,
    /// The key's spec.
    pub spec: Option<&'static str>,
    /// The key's version.
    pub version: Option<u32>,
    /// Whether the key may be exported.
    pub exportable: Option<bool>,
    /// The algorithm.
    pub algorithm: Option<&'static str>,
    /// The length of the input in bytes.
    pub input_bytes: Option<usize>,
    /// The length of the output in bytes.
    pub output_bytes: Option<usize>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it was only to be tried. The outcome tells, so it is not encoded.
    pub dry_run: bool,
}

/// What came of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was not allowed.
    Denied,
    /// It was refused or failed for this reason.
    Failure(String),
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    id: String,
    time: u64,
    dialect: &'a str,
    operation: &'a str,
    action: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    access_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    agent: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exportable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<usize>,
}

impl Event {
    /// The event as one JSON object on one line, without the line's end. A log adds its own members in front.
    pub fn encode(&self) -> Vec<u8> {
        let (outcome, reason) = match &self.outcome {
            Outcome::Success => ("success", None),
            Outcome::Denied => ("denied", None),
            Outcome::Failure(reason) => ("failure", Some(reason.as_str())),
        };
        let line = Line {
            v: 1,
            id: self.id.to_string(),
            time: self.time_ms,
            dialect: self.dialect,
            operation: self.operation,
            action: self.action,
            outcome,
            reason,
            tenant: self.tenant.map(|id| id.to_string()),
            principal: self.principal.map(|id| id.to_string()),
            access_id: &self.access_id,
            source: self.source.map(|ip| ip.to_string()),
            agent: cut(&self.agent, 256),
            request: &self.request,
            region: &self.region,
            key: self.key.map(|id| id.to_string()),
            spec: self.spec,
            version: self.version,
            exportable: self.exportable,
            algorithm: self.algorithm,
            input_bytes: self.input_bytes,
            output_bytes: self.output_bytes,
        };
        // Strings and numbers always serialise; an empty line would be refused by the sink.
        serde_json::to_vec(&line).unwrap_or_default()
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// An encoded event on its way into the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The event.
    pub id: EventId,
    /// [`Event::encode`]'s bytes.
    pub bytes: Vec<u8>,
    /// The database generation of the commit it belongs to, for state changes.
    pub generation: Option<u64>,
}

/// Why the log did not take an event.
#[derive(thiserror::Error, Debug)]
pub enum AuditError {
    /// The log cannot be written; nothing may be answered as done.
    #[error("the audit log cannot be written: {0}")]
    Unavailable(String),
    /// More events wait than the log takes.
    #[error("too many audit events wait")]
    Full,
}

/// A durable, ordered log.
pub trait AuditSink: Send + Sync {
    /// Appends the entries in order and answers once all of them are durable.
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'_, Result<(), AuditError>>;

    /// Which of these events the log holds already. Asked at start only, about the outbox.
    fn holding(&self, events: Vec<EventId>) -> BoxFuture<'_, Result<HashSet<EventId>, AuditError>>;
}
