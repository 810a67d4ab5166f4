//! A request that has been authenticated and found its row, how its parameters are read from a body or a query, and the
//! answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::{Map, Value};
use trent_core::Engine;
use trent_core::access::Caller;
use trent_core::crypto::SecretBytes;
use trent_core::crypto::codec;
use trent_core::error::Error;
use trent_core::model::{KeyId, KeyRef};

use super::Settings;
use super::asked::COMMON;
use super::error::{About, Answer, Code, Failure};
use super::input::Input;
use super::table::Row;
use crate::common::form::Parameters;
use crate::common::json::Document;
use crate::common::reply;

/// How deep a flattened parameter may nest.
const DEPTH: usize = 8;

/// A request, ready for its operation.
pub(super) struct Call<'a> {
    pub(super) engine: &'a Engine,
    pub(super) caller: &'a Caller,
    pub(super) settings: Settings,
    pub(super) row: &'static Row,
    pub(super) input: Input<'a>,
    /// The region as this API spells it.
    pub(super) region: &'a str,
    /// The request's id.
    pub(super) id: &'a str,
}

impl Call<'_> {
    /// The key that `KeyId` means. That it exists is for the engine to say.
    pub(super) fn key(&self) -> Answer<KeyRef> {
        let id = KeyId::parse(self.input.text("KeyId"));
        id.map(KeyRef::Id).ok_or_else(|| {
            Failure::new(Code::InvalidKeyId, "KeyId is not the id of a key, such as a UUID.")
        })
    }

    /// Data in base64 in one of the parameters. `None` for another text, and for data of more than `most` bytes.
    pub(super) fn data(&self, name: &str, most: usize) -> Option<SecretBytes> {
        let text = self.input.text(name);
        // What is longer than its limit is not decoded.
        if text.len() > most.div_ceil(3) * 4 {
            return None;
        }
        codec::decode_base64(text).ok().filter(|data| data.len() <= most)
    }

    /// The caller's account.
    pub(super) fn uin(&self) -> &str {
        &self.caller.identity.account().id
    }

    /// What the client is told of the engine's refusal.
    pub(super) fn refused(&self, error: &Error) -> Failure {
        let (region, uin) = (self.region, self.uin());
        let key = error.key().map(|key| key.to_string());
        let resource = match key {
            Some(key) => format!("qcs::kms:{region}:uin/{uin}:key/creatorUin/{uin}/{key}"),
            None => "*".to_owned(),
        };
        let user = self.caller.identity.principal_name();
        let (operation, family) = (self.row.name, self.row.family);
        About { operation, family, resource: &resource, user }.failure(error)
    }

    /// The answer with this result.
    pub(super) fn reply(&self, result: &impl Serialize) -> Answer<Reply> {
        let response = Inner { result, request_id: self.id };
        reply::body(&Envelope { response }).map(Reply).map_err(|_| Failure::internal())
    }

    /// The answer of an operation without a result.
    pub(super) fn done(&self) -> Answer<Reply> {
        self.reply(&Nothing {})
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a, T> {
    response: Inner<'a, T>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inner<'a, T> {
    #[serde(flatten)]
    result: &'a T,
    request_id: &'a str,
}

/// The body of an answer that is no refusal.
pub(super) struct Reply(pub(super) Bytes);

/// A body's JSON; an empty body has no parameters.
pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Answer<Document> {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes()).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    if !kind.trim_ascii().eq_ignore_ascii_case(super::JSON.as_bytes()) {
        let message = "The body of a request of version 3 is application/json.";
        return Err(Failure::new(Code::InvalidRequest, message));
    }
    let body = if body.is_empty() { b"{}" } else { body };
    Document::parse(body).map_err(|refusal| Failure::invalid(refusal.as_str()))
}

/// Part of a parameter while its parts are put together.
enum Node {
    Leaf(String),
    Branch(BTreeMap<String, Node>),
}

/// Flattened parameters (`Tags.0.TagKey`) as the JSON they stand for. With `operation_only` all are the operation's;
/// otherwise the common ones are left out.
///
/// # Errors
/// A name that nests too deeply or contradicts another.
pub(super) fn unflatten(mut parameters: Parameters, operation_only: bool) -> Answer<Document> {
    let common: &[&str] = if operation_only { &[] } else { &COMMON };
    let names: Vec<String> = parameters.iter().map(|(name, _)| name.to_owned()).collect();
    let mut all = BTreeMap::new();
    for name in names.iter().filter(|name| !common.contains(&name.as_str())) {
        let value = parameters.take(name).unwrap_or_default();
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() > DEPTH || !place(&mut all, &parts, value) {
            return Err(Failure::invalid("The names of two parameters contradict each other."));
        }
    }
    let members = all.into_iter().map(|(name, node)| (name, value(node)));
    Ok(Document::of(Value::Object(members.collect::<Map<_, _>>())))
}

fn place(into: &mut BTreeMap<String, Node>, parts: &[&str], value: String) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    if rest.is_empty() {
        return into.insert((*first).to_owned(), Node::Leaf(value)).is_none();
    }
    let node = into.entry((*first).to_owned()).or_insert_with(|| Node::Branch(BTreeMap::new()));
    match node {
        Node::Branch(inside) => place(inside, rest, value),
        Node::Leaf(_) => false,
    }
}

/// A branch whose names are all numbers is a list, in the order of the numbers.
fn value(node: Node) -> Value {
    match node {
        Node::Leaf(text) => Value::String(text),
        Node::Branch(inside) => {
            let numbers: Option<Vec<u32>> = inside.keys().map(|name| index(name)).collect();
            let Some(numbers) = numbers else {
                let members = inside.into_iter().map(|(name, node)| (name, value(node)));
                return Value::Object(members.collect());
            };
            let mut items: Vec<(u32, Value)> =
                numbers.into_iter().zip(inside.into_values().map(value)).collect();
            items.sort_by_key(|(number, _)| *number);
            Value::Array(items.into_iter().map(|(_, item)| item).collect())
        }
    }
}

/// A number in its one spelling.
fn index(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let short = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| plain && short)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(query: &str, operation_only: bool, expected: Option<Value>) {
        let parameters = Parameters::read(query, b"").unwrap();
        let found = unflatten(parameters, operation_only).ok();
        assert_eq!(found.map(|document| document.value().clone()), expected, "{query}");
    }

    #[test]
    fn flattened_parameters_are_put_together() {
        check("", true, Some(json!({})));
        check("KeyId=k&Limit=7", true, Some(json!({"KeyId": "k", "Limit": "7"})));
        check(
            "Tags.0.TagKey=a&Tags.0.TagValue=1&Tags.10.TagKey=c&Tags.2.TagKey=b",
            true,
            Some(
                json!({"Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b"}, {"TagKey": "c"}]}),
            ),
        );
        check("Ids.1=b&Ids.0=a%20b", true, Some(json!({"Ids": ["a b", "b"]})));
        check("M.Uin=1", true, Some(json!({"M": {"Uin": "1"}})));
        check("A.00=1", true, Some(json!({"A": {"00": "1"}})));
        check("A.0=1&A.x=2", true, Some(json!({"A": {"0": "1", "x": "2"}})));
        check("A=1&A.0=2", true, None);
        check("A.0=2&A.0.B=1", true, None);
        check(&format!("A{}=1", ".0".repeat(DEPTH)), true, None);
        check("Action=x&SecretId=y&KeyId=k", false, Some(json!({"KeyId": "k"})));
        check("Action=x&KeyId=k", true, Some(json!({"Action": "x", "KeyId": "k"})));
    }

    #[test]
    fn bodies_are_json_and_say_so() {
        let check = |kind: Option<&str>, body: &str, code: Option<Code>| {
            let mut headers = HeaderMap::new();
            if let Some(kind) = kind {
                headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            }
            let found = parse(&headers, body.as_bytes()).err().map(|failure| failure.code);
            assert_eq!(found, code, "{kind:?} {body}");
        };
        let json = Some("application/json");
        check(json, "{}", None);
        check(json, "", None);
        check(Some("Application/JSON; charset=utf-8"), "{}", None);
        for kind in [None, Some("text/plain"), Some("multipart/form-data; boundary=x")] {
            check(kind, "{}", Some(Code::InvalidRequest));
        }
        check(Some("application/x-www-form-urlencoded"), "{}", Some(Code::InvalidRequest));
        for body in ["{", "{\"a\":1,\"a\":1}", "nul", "\u{feff}{}"] {
            check(json, body, Some(Code::InvalidParameter));
        }
    }

    proptest! {
        #[test]
        fn any_names_are_put_together_or_refused(
            pairs in proptest::collection::btree_map("[A-C0-2.]{0,8}", "[ab]{0,2}", 0..8),
        ) {
            let query: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let parameters = Parameters::read(&query.join("&"), b"").unwrap();
            if let Ok(document) = unflatten(parameters, true) {
                prop_assert!(document.object().is_some());
            }
        }
    }
}
