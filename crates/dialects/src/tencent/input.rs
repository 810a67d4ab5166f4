//! An operation's parameters: checked against its list of them (unknown, missing, of another type, in this order), then
//! read by name. Numbers and booleans may be text, as they are in queries and in the vendor's own samples.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::{Answer, Code, Failure};
use crate::common::json;

/// What a parameter holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number from 0 on.
    Number,
    /// An object with these members.
    Object(&'static [Parameter]),
    /// A list of objects with these members.
    List(&'static [Parameter]),
}

/// A parameter of an operation, or a member of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

/// A parameter that must be there.
pub(super) const fn must(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: true }
}

/// A parameter that may be there.
pub(super) const fn may(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: false }
}

/// `Tags`: labels.
pub(super) const TAGS: Parameter =
    may("Tags", Kind::List(&[must("TagKey", Kind::Text), must("TagValue", Kind::Text)]));
/// `MemberAccount`: another account for which the caller acts.
pub(super) const MEMBER: Parameter = may(
    "MemberAccount",
    Kind::Object(&[may("MemberAppId", Kind::Number), may("MemberUin", Kind::Number)]),
);

/// How much of an unknown name is repeated, in characters.
const REPEATED: usize = 64;
/// The longest context, in characters of its JSON.
const CONTEXT: usize = 1_024;
/// The most tags of a key.
const TAGS_MOST: usize = 50;
/// The longest name and the longest value of a tag, in characters.
const TAG_KEY: usize = 127;
const TAG_VALUE: usize = 255;

/// Parameters that have the right names and types.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> Input<'a> {
    /// Checks all parameters.
    ///
    /// # Errors
    /// The first that is unknown, missing or of another type.
    pub(super) fn read(
        members: &'a Map<String, Value>,
        parameters: &'static [Parameter],
    ) -> Answer<Self> {
        check(members, parameters, "")?;
        Ok(Self { members })
    }

    /// A text; the empty one where it is absent, which means the same to this API.
    pub(super) fn text(&self, name: &str) -> &'a str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.members.get(name).and_then(number)
    }

    /// The labels.
    ///
    /// # Errors
    /// One that is empty, too long or there twice; too many.
    pub(super) fn tags(&self) -> Answer<BTreeMap<String, String>> {
        let refuse = |message: &str| Err(Failure::new(Code::InvalidParameterValue, message));
        let tags = self.members.get(TAGS.name).and_then(Value::as_array);
        let tags = tags.map(Vec::as_slice).unwrap_or_default();
        if tags.len() > TAGS_MOST {
            return refuse("A key has 50 tags at most.");
        }
        let mut found = BTreeMap::new();
        for tag in tags {
            let part = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
            let (key, value) = (part("TagKey"), part("TagValue"));
            if key.is_empty() || key.chars().count() > TAG_KEY || value.chars().count() > TAG_VALUE
            {
                return refuse("A tag's key has 1 to 127 characters, and its value up to 255.");
            }
            if found.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(Failure::new(Code::TagKeysDuplicated, "A tag's key is there twice."));
            }
        }
        Ok(found)
    }

    /// The names and values that are bound to a ciphertext: a text that holds a JSON object.
    pub(super) fn context(&self) -> Answer<BTreeMap<String, String>> {
        let text = self.text("EncryptionContext");
        if text.is_empty() {
            return Ok(BTreeMap::new());
        }
        if text.chars().count() > CONTEXT {
            return Err(Failure::invalid("EncryptionContext is longer than 1024 characters."));
        }
        json::parse(text.as_bytes()).map_err(|_| {
            Failure::invalid("EncryptionContext is not a JSON object of names and texts.")
        })
    }

    /// Refuses to act for another account.
    pub(super) fn refuse_member(&self) -> Answer<()> {
        let member = self.members.get(MEMBER.name).and_then(Value::as_object);
        if member.is_none_or(|member| member.values().all(Value::is_null)) {
            return Ok(());
        }
        let message = "MemberAccount is not available here: an account acts for itself.";
        Err(Failure::new(Code::NotRoleOperation, message))
    }

    /// Refuses a cluster: there is none.
    pub(super) fn refuse_cluster(&self) -> Answer<()> {
        match self.text("HsmClusterId") {
            "" => Ok(()),
            _ => {
                Err(Failure::new(Code::InvalidHsmClusterId, "There is no HSM cluster of this id."))
            }
        }
    }

    /// Refuses a public key to encrypt the answer with.
    pub(super) fn refuse_public_key(&self) -> Answer<()> {
        match self.text("EncryptionPublicKey") {
            "" => Ok(()),
            _ => Err(Failure::unsupported("EncryptionPublicKey is not available here yet.")),
        }
    }
}

/// Absent and `null` are the same.
fn given<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn check(members: &Map<String, Value>, parameters: &[Parameter], place: &str) -> Answer<()> {
    let known = |name: &String| parameters.iter().any(|parameter| parameter.name == name);
    if let Some(name) = members.keys().find(|name| !known(name)) {
        let name: String = name.chars().take(REPEATED).collect();
        let message = format!("The parameter `{place}{name}` is not recognized.");
        return Err(Failure::new(Code::UnknownParameter, message));
    }
    let mut required = parameters.iter().filter(|parameter| parameter.required);
    if let Some(missing) = required.find(|parameter| given(members, parameter.name).is_none()) {
        return Err(Failure::missing(&format!("{place}{}", missing.name)));
    }
    for parameter in parameters {
        if let Some(value) = given(members, parameter.name) {
            check_kind(value, parameter.kind, &format!("{place}{}", parameter.name))?;
        }
    }
    Ok(())
}

fn check_kind(value: &Value, kind: Kind, place: &str) -> Answer<()> {
    let other =
        |what: &str| Err(Failure::invalid(format!("The parameter `{place}` is not {what}.")));
    match (kind, value) {
        (Kind::Text, Value::String(_)) => Ok(()),
        (Kind::Text, _) => other("a string"),
        (Kind::Number, value) if number(value).is_some() => Ok(()),
        (Kind::Number, _) => other("an unsigned integer"),
        (Kind::Object(parameters), Value::Object(members)) => {
            check(members, parameters, &format!("{place}."))
        }
        (Kind::Object(_), _) => other("an object"),
        (Kind::List(parameters), Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                check_kind(item, Kind::Object(parameters), &format!("{place}.{at}"))?;
            }
            Ok(())
        }
        (Kind::List(_), _) => other("a list"),
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIST: &[Parameter] = &[
        must("KeyId", Kind::Text),
        may("Limit", Kind::Number),
        TAGS,
        MEMBER,
        may("EncryptionContext", Kind::Text),
    ];

    fn check(value: Value, code: Option<Code>, words: &str) {
        let failure = Input::read(value.as_object().unwrap(), LIST).err();
        assert_eq!(failure.as_ref().map(|failure| failure.code), code, "{value}");
        let message = failure.map(|failure| failure.message).unwrap_or_default();
        assert!(message.contains(words), "{value}: {message}");
    }

    #[test]
    fn names_then_presence_then_types_are_checked() {
        let unknown = Some(Code::UnknownParameter);
        let missing = Some(Code::MissingParameter);
        let invalid = Some(Code::InvalidParameter);
        check(json!({"KeyId": "k"}), None, "");
        check(json!({"KeyId": "", "Limit": "7", "Tags": [], "MemberAccount": {}}), None, "");
        check(json!({"KeyId": "k", "Limit": null, "Tags": null}), None, "");
        check(json!({"Limit": [], "Other": 1}), unknown, "`Other`");
        check(json!({"Limit": []}), missing, "`KeyId`");
        check(json!({"KeyId": null}), missing, "`KeyId`");
        for value in [json!(1), json!(true), json!([]), json!({})] {
            check(json!({"KeyId": value}), invalid, "`KeyId`");
        }
        for value in [json!(-1), json!(1.5), json!("x"), json!("-1"), json!(true), json!([])] {
            check(json!({"KeyId": "k", "Limit": value}), invalid, "`Limit`");
        }
        check(json!({"KeyId": "k", "Limit": "99999999999999999999"}), invalid, "`Limit`");
        check(json!({"KeyId": "k", "Tags": {}}), invalid, "`Tags`");
        check(json!({"KeyId": "k", "Tags": ["a"]}), invalid, "`Tags.0`");
        check(json!({"KeyId": "k", "Tags": [{"TagKey": "a"}]}), missing, "`Tags.0.TagValue`");
        let tag = json!({"TagKey": "a", "TagValue": 1});
        check(json!({"KeyId": "k", "Tags": [tag]}), invalid, "`Tags.0.TagValue`");
        check(json!({"KeyId": "k", "Tags": [{"Key": "a"}]}), unknown, "`Tags.0.Key`");
        check(json!({"KeyId": "k", "MemberAccount": 1}), invalid, "`MemberAccount`");
        check(json!({"KeyId": "k", "MemberAccount": {"Uin": 1}}), unknown, "`MemberAccount.Uin`");
        let long = "x".repeat(1_000);
        check(json!({"KeyId": "k", long: 1}), unknown, &format!("`{}`", "x".repeat(REPEATED)));
    }

    #[test]
    fn contexts_are_objects_of_texts() {
        let check = |text: &str, expected: Option<&[(&str, &str)]>| {
            let value = json!({"KeyId": "k", "EncryptionContext": text});
            let read = Input::read(value.as_object().unwrap(), LIST).unwrap().context();
            let pairs = |pairs: &[(&str, &str)]| {
                pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
            };
            assert_eq!(read.as_ref().ok(), expected.map(pairs).as_ref(), "{text:.60}");
            let code = read.err().map(|failure| failure.code);
            assert_eq!(code, expected.is_none().then_some(Code::InvalidParameter));
        };
        check("", Some(&[]));
        check("{}", Some(&[]));
        check(r#"{"b":"2","a":"é"}"#, Some(&[("a", "é"), ("b", "2")]));
        for text in ["x", "[]", "1", r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":"1","a":"1"}"#, "{} {}"]
        {
            check(text, None);
        }
        let long = |n: usize| format!(r#"{{"a":"{}"}}"#, "é".repeat(n - 8));
        let value = "é".repeat(CONTEXT - 8);
        check(&long(CONTEXT), Some(&[("a", &value)]));
        check(&long(CONTEXT + 1), None);
    }

    #[test]
    fn tags_follow_the_rules() {
        let check = |tags: Value, code: Option<Code>| {
            let value = json!({"KeyId": "k", "Tags": tags});
            let read = Input::read(value.as_object().unwrap(), LIST).unwrap().tags();
            assert_eq!(read.err().map(|failure| failure.code), code, "{value:.80}");
        };
        let tag = |key: &str, value: &str| json!({"TagKey": key, "TagValue": value});
        check(json!(null), None);
        check(json!([tag("a", ""), tag("A", "")]), None);
        check(json!([tag("a", ""), tag("a", "1")]), Some(Code::TagKeysDuplicated));
        let bad = Some(Code::InvalidParameterValue);
        check(json!([tag("", "a")]), bad);
        check(json!([tag(&"é".repeat(127), &"é".repeat(255))]), None);
        check(json!([tag(&"é".repeat(128), "")]), bad);
        check(json!([tag("a", &"é".repeat(256))]), bad);
        let many = |n: usize| (0..n).map(|n| tag(&n.to_string(), "")).collect::<Vec<_>>();
        check(json!(many(50)), None);
        check(json!(many(51)), bad);
    }

    #[test]
    fn nobody_acts_for_another_account() {
        let check = |member: Value, code: Option<Code>| {
            let value = json!({"KeyId": "k", "MemberAccount": member});
            let read = Input::read(value.as_object().unwrap(), LIST).unwrap().refuse_member();
            assert_eq!(read.err().map(|failure| failure.code), code, "{value}");
        };
        check(json!(null), None);
        check(json!({}), None);
        check(json!({"MemberUin": null}), None);
        check(json!({"MemberUin": 1}), Some(Code::NotRoleOperation));
        check(json!({"MemberAppId": "0"}), Some(Code::NotRoleOperation));
    }
}
