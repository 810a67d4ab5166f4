//! A request that has been authenticated and routed, and the answer to it.
//! What its members mean is the operations'.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use trent_core::access::Caller;
use trent_core::engine::Engine;
use trent_core::model::KeyRef;

use super::error::{Answer, Failure};
use super::fields::Fields;
use super::ids;
use super::routes::Segments;
use crate::Regions;
use crate::common::reply;

/// Most parameters in a query.
const PARAMETERS: usize = 64;

/// A request, ready for its operation.
pub(super) struct Call {
    pub(super) engine: Arc<Engine>,
    pub(super) regions: Arc<Regions>,
    pub(super) caller: Caller,
    pub(super) segments: Segments,
    pub(super) query: Query,
    pub(super) body: Bytes,
}

impl Call {
    /// The key that the path names.
    pub(super) fn key(&self) -> KeyRef {
        ids::key_ref(&self.segments.key)
    }

    /// The body's members.
    pub(super) fn fields(&self) -> Answer<Fields<'_>> {
        Fields::read(&self.body)
    }
}

/// A query's parameters, each at most once.
#[derive(Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Takes a query apart.
    ///
    /// # Errors
    /// 400 for too many parameters, or one that is repeated in any case of its letters.
    pub(super) fn read(query: &str) -> Answer<Self> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let repeated = read.0.keys().any(|known| known.eq_ignore_ascii_case(&name));
            if repeated || read.0.len() == PARAMETERS {
                return Err(Failure::invalid("the query has a repeated parameter or too many"));
            }
            read.0.insert(name.into_owned(), value.into_owned());
        }
        Ok(read)
    }

    /// A parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All parameters.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An answer that is no refusal. It may hold a secret; its buffer is wiped once it has been sent.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Reply {
    fn with(status: StatusCode, body: &impl Serialize) -> Answer<Self> {
        let body = reply::body(body).map_err(|_| Failure::internal())?;
        Ok(Self { status, body })
    }

    /// 200 with this body.
    pub(super) fn ok(body: &impl Serialize) -> Answer<Self> {
        Self::with(StatusCode::OK, body)
    }

    /// 200 with a body that is JSON already and holds no secret.
    pub(super) fn written(json: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, body: json.into() }
    }

    /// 201 with this body.
    pub(super) fn created(body: &impl Serialize) -> Answer<Self> {
        Self::with(StatusCode::CREATED, body)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_parameters_stand_once() {
        let query = Query::read("name=a+b%2Fc&matchLabels%5Bteam%5D=x&empty=").unwrap_or_default();
        assert_eq!(query.get("name"), Some("a b/c"));
        assert_eq!(query.get("matchLabels[team]"), Some("x"));
        assert_eq!(query.get("empty"), Some(""));
        assert_eq!(query.get("other"), None);
        assert_eq!(query.pairs().count(), 3);
    }

    #[test]
    fn repeated_and_too_many_parameters_are_refused() {
        let many: Vec<_> = (0..=PARAMETERS).map(|n| format!("p{n}=")).collect();
        assert!(Query::read(&many[1..].join("&")).is_ok());
        for query in ["a=1&a=1", "a=1&A=2", &many.join("&")] {
            assert_eq!(Query::read(query).err().unwrap().status, StatusCode::BAD_REQUEST);
        }
    }
}
