//! A request's body as named members whose types are looked at when they are asked for.
//! Errors name the member and never hold its value. Text is borrowed from the body, so that secrets are not copied.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use trent_core::crypto::{SecretBytes, codec};
use trent_core::model::VersionSelector;
use zeroize::Zeroize;

use super::error::{Answer, Failure};
use super::material::number;
use crate::common::json;

/// The members of a JSON object. Those that nobody asks for are ignored.
pub(super) struct Fields<'a>(BTreeMap<String, Value<'a>>);

/// A member's value, as far as this API has a use for it.
enum Value<'a> {
    Flag(bool),
    Whole(u64),
    Text(Cow<'a, str>),
    Texts(BTreeMap<String, String>),
    /// `null`, which counts as absent.
    Null,
    Other,
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        // Text with escapes is a copy, and may be of a secret.
        if let Self::Text(Cow::Owned(text)) = self {
            text.zeroize();
        }
    }
}

impl<'a> Fields<'a> {
    /// The members of the body; an empty body has none.
    ///
    /// # Errors
    /// 400 unless the body is one JSON object within the limits.
    pub(super) fn read(body: &'a [u8]) -> Answer<Self> {
        if body.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let members = json::parse(body).map_err(|refusal| match refusal {
            json::Refusal::Shape => Failure::invalid("the body must be a JSON object"),
            other => Failure::invalid(other.as_str()),
        });
        members.map(Self)
    }

    fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.get(name).filter(|value| !matches!(value, Value::Null))
    }

    /// Whether the member is there and says anything.
    pub(super) fn has(&self, name: &str) -> bool {
        match self.get(name) {
            None => false,
            Some(Value::Text(text)) => !text.is_empty(),
            Some(_) => true,
        }
    }

    /// A member that is text.
    pub(super) fn text(&self, name: &str) -> Answer<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::invalid(format!("{name} must be a string"))),
        }
    }

    /// A member that is true or false; false when absent.
    pub(super) fn flag(&self, name: &str) -> Answer<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(_) => Err(Failure::invalid(format!("{name} must be true or false"))),
        }
    }

    /// A member that is a whole number, not below zero.
    pub(super) fn whole(&self, name: &str) -> Answer<Option<u64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Whole(number)) => Ok(Some(*number)),
            Some(_) => Err(Failure::invalid(format!("{name} must be a whole number"))),
        }
    }

    /// A member that is an object of texts; empty when absent.
    pub(super) fn texts(&self, name: &str) -> Answer<BTreeMap<String, String>> {
        match self.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Texts(texts)) => Ok(texts.clone()),
            Some(_) => Err(Failure::invalid(format!("{name} must be an object of strings"))),
        }
    }

    /// The version named by `keyVersion`, a decimal number as a string; the newest when absent, empty or zero.
    pub(super) fn version(&self) -> Answer<VersionSelector> {
        let text = self.text("keyVersion")?.unwrap_or_default();
        match (text, number(text)) {
            ("", _) | (_, Some(0)) => Ok(VersionSelector::Primary),
            (_, Some(number)) => Ok(VersionSelector::Number(number)),
            (_, None) => Err(Failure::invalid("keyVersion must be a version number as a string")),
        }
    }

    /// A required member that is base64 of 1 to `most` bytes, decoded in time that does not depend on them.
    pub(super) fn secret(&self, name: &str, most: usize) -> Answer<SecretBytes> {
        let text = self.text(name)?.unwrap_or_default();
        let decoded = codec::decode_base64(text).ok();
        decoded
            .filter(|bytes| (1..=most).contains(&bytes.len()))
            .ok_or_else(|| Failure::invalid(format!("{name} must be base64 of 1 to {most} bytes")))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value<'de>, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let mut texts = BTreeMap::new();
        let mut texts_only = true;
        while let Some((name, value)) = members.next_entry::<String, Value<'de>>()? {
            match &value {
                Value::Text(text) => {
                    texts.insert(name, text.clone().into_owned());
                }
                _ => texts_only = false,
            }
        }
        Ok(if texts_only { Value::Texts(texts) } else { Value::Other })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BODY: &str = r#"{
        "text": "a", "escaped": "\u0061\/", "empty": "", "null": null, "yes": true, "whole": 7, "below": -1,
        "broken": 1.0, "list": [1, "a", {}], "texts": {"b": "c"}, "mixed": {"b": 1}, "none": {},
        "latest": "0", "second": "2", "wrong": "2a", "data": "aGVsbG8=", "loose": "aGVsbG8"
    }"#;

    fn fields() -> Fields<'static> {
        read(BODY).unwrap_or_else(|failure| panic!("{}", failure.message))
    }

    fn read(body: &str) -> Answer<Fields<'_>> {
        Fields::read(body.as_bytes())
    }

    fn message<T>(answer: Answer<T>) -> String {
        let failure = answer.err().unwrap();
        assert_eq!(failure.status.as_u16(), 400);
        failure.message.into_owned()
    }

    #[test]
    fn members_have_the_type_asked_for() {
        let fields = fields();
        for (name, expected) in [
            ("text", Some("a")),
            ("escaped", Some("a/")),
            ("empty", Some("")),
            ("null", None),
            ("?", None),
        ] {
            assert_eq!(fields.text(name).unwrap(), expected, "{name}");
        }
        assert!(fields.flag("yes").unwrap() && !fields.flag("null").unwrap());
        assert_eq!(fields.whole("whole").unwrap(), Some(7));
        assert_eq!(fields.whole("?").unwrap(), None);
        let texts = BTreeMap::from([("b".to_owned(), "c".to_owned())]);
        assert_eq!(fields.texts("texts").unwrap(), texts);
        assert!(fields.texts("none").unwrap().is_empty() && fields.texts("?").unwrap().is_empty());
        assert!(fields.has("text") && fields.has("list"));
        assert!(!fields.has("empty") && !fields.has("null") && !fields.has("?"));
        assert!(fields.secret("data", 5).unwrap().ct_eq(b"hello"));
    }

    #[test]
    fn other_types_are_refused_by_name() {
        let fields = fields();
        let others = |fits: &'static [&'static str]| {
            let names =
                ["text", "yes", "whole", "below", "broken", "list", "texts", "mixed", "none"];
            names.into_iter().filter(|name| !fits.contains(name))
        };
        for name in others(&["text"]) {
            assert_eq!(message(fields.text(name)), format!("{name} must be a string"));
        }
        for name in others(&["yes"]) {
            assert_eq!(message(fields.flag(name)), format!("{name} must be true or false"));
        }
        for name in others(&["whole"]) {
            assert_eq!(message(fields.whole(name)), format!("{name} must be a whole number"));
        }
        for name in others(&["texts", "none"]) {
            assert_eq!(message(fields.texts(name)), format!("{name} must be an object of strings"));
        }
    }

    #[test]
    fn secrets_are_strict_base64_of_some_bytes() {
        let fields = fields();
        for (name, most) in [("data", 4), ("loose", 5), ("empty", 5), ("null", 5), ("?", 5)] {
            let expected = format!("{name} must be base64 of 1 to {most} bytes");
            assert_eq!(message(fields.secret(name, most)), expected);
        }
    }

    #[test]
    fn versions_are_numbers_in_strings() {
        let version = |value: &str| {
            let body = format!(r#"{{"keyVersion": {value}}}"#);
            read(&body).and_then(|fields| fields.version()).ok()
        };
        for value in ["\"\"", "\"0\"", "null"] {
            assert_eq!(version(value), Some(VersionSelector::Primary), "{value}");
        }
        assert_eq!(version("\"2\""), Some(VersionSelector::Number(2)));
        for value in ["2", "\"two\"", "\"-1\"", "\"2 \"", "\"4294967296\"", "true", "[]"] {
            assert_eq!(version(value), None, "{value}");
        }
    }

    #[test]
    fn bodies_are_one_object_or_nothing() {
        assert_eq!(read("").ok().unwrap().0.len(), 0);
        assert_eq!(read("{}").ok().unwrap().0.len(), 0);
        for body in
            ["[]", "1", "null", "\"a\"", "{", "{}{}", r#"{"a":1,"a":2}"#, r#"{"a":{"b":1,"b":2}}"#]
        {
            assert!(!message(read(body)).is_empty(), "{body}");
        }
    }
}
