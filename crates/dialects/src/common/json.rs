//! JSON (RFC 8259) read strictly: no member twice, bounded depth and size, nothing after the value.
//! The rules are checked in a pass of their own that keeps nothing but names; then the text is read as any type.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use zeroize::Zeroize;

use super::limits::{JSON_DEPTH, JSON_NODES};

/// Why a text is not taken. No variant carries anything of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It is not one JSON value in UTF-8.
    Syntax,
    /// An object names a member twice.
    Duplicate,
    /// It nests deeper than [`JSON_DEPTH`].
    TooDeep,
    /// It holds more values than [`JSON_NODES`].
    TooMany,
    /// It has not the shape that was asked for.
    Shape,
}

impl Refusal {
    /// A text for the client.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "the body is not valid JSON",
            Self::Duplicate => "the body names a member twice",
            Self::TooDeep => "the body nests too deeply",
            Self::TooMany => "the body holds too many values",
            Self::Shape => "the body has not the expected shape",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Refusal {}

/// Reads a text as a type, which may borrow from it.
///
/// # Errors
/// What is wrong with the text, as a kind. Where it has another shape, it is not told which: serde's own texts quote
/// the input.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Refusal> {
    check(text)?;
    serde_json::from_slice(text).map_err(|_| Refusal::Shape)
}

/// Whether the text is strict JSON.
///
/// # Errors
/// What is wrong with it, as a kind.
pub fn check(text: &[u8]) -> Result<(), Refusal> {
    let state = State { nodes: Cell::new(0), refusal: Cell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let checked = Node { state: &state, depth: 0 }.deserialize(&mut deserializer);
    match checked.and_then(|()| deserializer.end()) {
        Ok(()) => Ok(()),
        Err(_) => Err(state.refusal.get().unwrap_or(Refusal::Syntax)),
    }
}

/// A text as a tree of values whose strings are wiped when it is dropped, since bodies carry plaintexts.
pub struct Document(Value);

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn parse(text: &[u8]) -> Result<Self, Refusal> {
        parse(text).map(Self)
    }

    /// Keeps a value that was read from something else.
    pub fn of(value: Value) -> Self {
        Self(value)
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The members, if the value is an object.
    pub fn object(&self) -> Option<&Map<String, Value>> {
        self.0.as_object()
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct State {
    nodes: Cell<usize>,
    refusal: Cell<Option<Refusal>>,
}

impl State {
    fn refuse<E: Error>(&self, refusal: Refusal) -> E {
        self.refusal.set(Some(refusal));
        E::custom(refusal)
    }
}

/// A value to be checked, of any kind.
#[derive(Clone, Copy)]
struct Node<'s> {
    state: &'s State,
    /// How many containers the value stands in.
    depth: usize,
}

impl<'s> Node<'s> {
    fn inside<E: Error>(self) -> Result<Node<'s>, E> {
        if self.depth < JSON_DEPTH {
            Ok(Node { state: self.state, depth: self.depth + 1 })
        } else {
            Err(self.state.refuse(Refusal::TooDeep))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let nodes = self.state.nodes.get() + 1;
        if nodes > JSON_NODES {
            return Err(self.state.refuse(Refusal::TooMany));
        }
        self.state.nodes.set(nodes);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                return Err(self.state.refuse(Refusal::Duplicate));
            }
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(text: &str, expected: Result<Value, Refusal>) {
        let found = Document::parse(text.as_bytes()).map(|document| document.value().clone());
        assert_eq!(found, expected, "{text:.80}");
    }

    #[test]
    fn values_are_read_as_they_stand() {
        check(
            r#"{"a":[1,-2,3.5,"x",null,true,{}],"b":{"c":""}}"#,
            Ok(json!({"a": [1, -2, 3.5, "x", null, true, {}], "b": {"c": ""}})),
        );
        check(" \n\t5\r ", Ok(json!(5)));
        check(r#""\u00e9\ud83d\ude00""#, Ok(json!("é😀")));
        check("18446744073709551615", Ok(json!(u64::MAX)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            " ",
            "{",
            "{}x",
            "{} {}",
            "{,}",
            "[1,]",
            "{'a':1}",
            "{\"a\" 1}",
            "nul",
            "NaN",
            "01",
            "1e999",
            "\"\\ud800\"",
            "\"\u{1}\"",
            "\u{feff}{}",
            "// c\n{}",
        ] {
            check(text, Err(Refusal::Syntax));
        }
        assert_eq!(Document::parse(b"\"\xff\"").err(), Some(Refusal::Syntax));
        assert_eq!(Document::parse(b"\xff").err(), Some(Refusal::Syntax));
    }

    #[test]
    fn no_member_stands_twice() {
        check(r#"{"a":1,"a":1}"#, Err(Refusal::Duplicate));
        check(r#"{"a":1,"\u0061":2}"#, Err(Refusal::Duplicate));
        check(r#"[{"b":{"a":null,"c":0,"a":null}}]"#, Err(Refusal::Duplicate));
        check(r#"{"a":1,"A":2}"#, Ok(json!({"a": 1, "A": 2})));
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(Document::parse(nested(JSON_DEPTH).as_bytes()).is_ok());
        check(&nested(JSON_DEPTH + 1), Err(Refusal::TooDeep));
        check(&"[".repeat(100_000), Err(Refusal::TooDeep));
        check(&"{\"a\":".repeat(100_000), Err(Refusal::TooDeep));
        let long = |n: usize| format!("[{}]", vec!["0"; n - 1].join(","));
        assert!(Document::parse(long(JSON_NODES).as_bytes()).is_ok());
        check(&long(JSON_NODES + 1), Err(Refusal::TooMany));
    }

    #[test]
    fn a_text_is_read_as_a_type() {
        #[derive(Deserialize)]
        struct Request<'a> {
            name: &'a str,
            size: Option<u32>,
        }
        let request: Request<'_> = parse(br#"{"name":"x","more":[]}"#).unwrap();
        assert_eq!((request.name, request.size), ("x", None));
        let other = parse::<Request<'_>>(br#"{"name":"x","size":"1"}"#);
        assert_eq!(other.err(), Some(Refusal::Shape));
        assert_eq!(
            parse::<Request<'_>>(br#"{"name":"x","name":"x"}"#).err(),
            Some(Refusal::Duplicate)
        );
    }

    #[test]
    fn texts_are_wiped() {
        let mut value = json!({"a": ["secret", {"b": "secret"}], "c": "secret"});
        wipe(&mut value);
        assert_eq!(value, json!({"a": ["", {"b": ""}], "c": ""}));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let ours = Document::parse(&bytes).is_ok();
            let theirs = serde_json::from_slice::<Value>(&bytes).is_ok();
            // The strict reader takes nothing that the other does not.
            prop_assert!(!ours || theirs);
        }

        #[test]
        fn any_text_comes_back(text: String, name: String) {
            let value = json!({ name: [text] });
            let document = Document::parse(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(document.value(), &value);
        }
    }
}
