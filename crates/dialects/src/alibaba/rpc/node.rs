//! The content of an answer as a tree, which is written as JSON or as XML: the vendor's two formats say the same.

use std::fmt::Write as _;

use bytes::Bytes;
use quick_xml::escape::escape;
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

/// A value. Texts are wiped when dropped, since some are plaintexts.
pub(super) enum Node {
    /// A text.
    Text(Zeroizing<String>),
    /// A number.
    Number(u64),
    /// Named values.
    Object(Vec<(&'static str, Node)>),
    /// Values that share a name; the vendor puts the name between the list and its values.
    List(&'static str, Vec<Node>),
}

impl Node {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// The value as an XML document with this root, in a buffer that is wiped.
    pub(super) fn xml(&self, root: &str) -> Bytes {
        const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
        let mut size = DECLARATION.len();
        self.write(root, &mut |part| size += part.len());
        let mut text = Zeroizing::new(Vec::with_capacity(size));
        text.extend_from_slice(DECLARATION.as_bytes());
        self.write(root, &mut |part| text.extend_from_slice(part.as_bytes()));
        Bytes::from_owner(text)
    }

    fn write(&self, name: &str, out: &mut impl FnMut(&str)) {
        for part in ["<", name, ">"] {
            out(part);
        }
        match self {
            Self::Text(text) => {
                let shown = Zeroizing::new(displayable(text).into_owned());
                let escaped = escape(shown.as_str());
                out(&escaped);
            }
            Self::Number(number) => {
                let mut digits = String::new();
                // Writing to a text does not fail.
                let _ = write!(digits, "{number}");
                out(&digits);
            }
            Self::Object(members) => {
                members.iter().for_each(|(name, value)| value.write(name, out));
            }
            Self::List(name, items) => items.iter().for_each(|item| item.write(name, out)),
        }
        for part in ["</", name, ">"] {
            out(part);
        }
    }
}

/// The text with a replacement for each character that XML 1.0 (section 2.2) has no way to write.
fn displayable(text: &str) -> std::borrow::Cow<'_, str> {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if text.chars().all(fits) {
        return text.into();
    }
    text.chars().map(|c| if fits(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
            Self::List(name, items) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(name, items)?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(node: Node, json: &str, xml: &str) {
        assert_eq!(serde_json::to_string(&node).unwrap(), json);
        let expected = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{xml}");
        assert_eq!(node.xml("R"), expected);
    }

    #[test]
    fn both_formats_say_the_same() {
        check(Node::Object(vec![]), "{}", "<R></R>");
        let key = |id: &str| Node::Object(vec![("KeyId", Node::text(id))]);
        check(
            Node::Object(vec![
                ("RequestId", Node::text("r-1")),
                ("Keys", Node::List("Key", vec![key("a"), key("b")])),
                ("None", Node::List("Key", vec![])),
                ("TotalCount", Node::Number(2)),
            ]),
            r#"{"RequestId":"r-1","Keys":{"Key":[{"KeyId":"a"},{"KeyId":"b"}]},"None":{"Key":[]},"TotalCount":2}"#,
            "<R><RequestId>r-1</RequestId><Keys><Key><KeyId>a</KeyId></Key><Key><KeyId>b</KeyId></Key></Keys>\
             <None></None><TotalCount>2</TotalCount></R>",
        );
    }

    #[test]
    fn texts_are_escaped() {
        check(Node::text("a<b>&\"'é"), r#""a<b>&\"'é""#, "<R>a&lt;b&gt;&amp;&quot;&apos;é</R>");
        check(
            Node::text("\0\u{1f}\u{ffff}\n"),
            "\"\\u0000\\u001f\u{ffff}\\n\"",
            "<R>\u{fffd}\u{fffd}\u{fffd}\n</R>",
        );
        check(Node::text("</R><x>"), r#""</R><x>""#, "<R>&lt;/R&gt;&lt;x&gt;</R>");
    }
}
