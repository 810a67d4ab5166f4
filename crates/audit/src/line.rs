//! One line of the log: how it is put together, and what the log itself reads of it.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Deserialize;
use serde::de::IgnoredAny;
use trent_core::audit::{AuditError, Entry};
use trent_core::model::NodeId;

/// The longest event, in bytes.
pub(crate) const MOST_EVENT: usize = 64 * 1_024;
/// More than the log's own members and the line's end take, in bytes.
pub(crate) const OWN: usize = 128;
/// No line is longer, in bytes.
pub(crate) const MOST: usize = MOST_EVENT + OWN;

#[derive(Deserialize)]
struct EventMembers<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    // The log's own names must stay its own.
    seq: Option<IgnoredAny>,
    node: Option<IgnoredAny>,
    #[serde(rename = "gen")]
    generation: Option<IgnoredAny>,
}

/// The members of a line that the log reads.
#[derive(Deserialize)]
pub(crate) struct Line<'a> {
    pub(crate) seq: u64,
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
}

/// Refuses an entry whose bytes are not one JSON object on one line that names the event's id.
pub(crate) fn check(entry: &Entry) -> Result<(), AuditError> {
    let refuse = |why: &str| Err(AuditError::Unavailable(format!("event {}: {why}", entry.id)));
    if entry.bytes.len() > MOST_EVENT {
        return refuse("it is too long");
    }
    if entry.bytes.iter().any(u8::is_ascii_control) {
        return refuse("its text has a control character");
    }
    // A derived reader would take an array for an object.
    let object = entry.bytes.first() == Some(&b'{');
    let text = std::str::from_utf8(&entry.bytes).ok().filter(|_| object);
    match text.and_then(|text| serde_json::from_str::<EventMembers<'_>>(text).ok()) {
        None => refuse("it is not a JSON object with an id"),
        Some(members) if members.id != entry.id.to_string() => refuse("its text has another id"),
        Some(EventMembers { seq: None, node: None, generation: None, .. }) => Ok(()),
        Some(_) => refuse("its text has a member that is the log's own"),
    }
}

/// Adds the entry's line. The entry has passed [`check`], so its object has a member to follow ours.
pub(crate) fn write(into: &mut Vec<u8>, seq: u64, node: NodeId, entry: &Entry) -> io::Result<()> {
    write!(into, "{{\"seq\":{seq},\"node\":\"{node}\",")?;
    if let Some(generation) = entry.generation {
        write!(into, "\"gen\":{generation},")?;
    }
    into.extend_from_slice(entry.bytes.get(1..).unwrap_or_default());
    into.push(b'\n');
    Ok(())
}

/// Reads a line, given without its end.
pub(crate) fn read(line: &[u8]) -> Option<Line<'_>> {
    let text = std::str::from_utf8(line).ok().filter(|text| text.starts_with('{'))?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use trent_core::model::EventId;

    const ID: &str = "01010101-0101-0101-0101-010101010101";

    fn entry(bytes: impl AsRef<[u8]>) -> Entry {
        let bytes = bytes.as_ref().to_vec();
        Entry { id: EventId::from_bytes([1; 16]), bytes, generation: None }
    }

    #[test]
    fn only_one_object_on_one_line_passes() {
        let with = |more: &str| format!("{{\"id\":\"{ID}\"{more}}}");
        let long = |bytes: usize| with(&format!(",\"x\":\"{}\"", "x".repeat(bytes)));
        let rest = long(0).len();
        let cases = [
            (with(""), true),
            (with(",\"v\":1,\"a\":[{\"seq\":1}],\"b\":null"), true),
            (format!("{{ \"v\":\"\\n\" , \"id\":\"{ID}\" }} "), true),
            (long(MOST_EVENT - rest), true),
            (long(MOST_EVENT - rest + 1), false),
            (String::new(), false),
            ("{}".to_owned(), false),
            ("null".to_owned(), false),
            (format!("\"{ID}\""), false),
            (format!("[\"{ID}\",null,null,null]"), false),
            (with("").replace('{', " {"), false),
            (format!("{}{}", with(""), with("")), false),
            (format!("{}\n", with("")), false),
            (format!("{{\n\"id\":\"{ID}\"}}"), false),
            (with(",\"x\":\"\r\""), false),
            (with(",\"x\":\"\u{0}\""), false),
            (with(",\"x\":"), false),
            (with(",\"seq\":1"), false),
            (with(",\"node\":\"\""), false),
            (with(",\"gen\":[]"), false),
            (with(&format!(",\"id\":\"{ID}\"")), false),
            (with("").replace(ID, "02020202-0202-0202-0202-020202020202"), false),
            ("{\"id\":1}".to_owned(), false),
        ];
        for (text, passes) in cases {
            assert_eq!(check(&entry(&text)).is_ok(), passes, "{text:.200}");
        }
        let mut bytes = with(",\"x\":\"?\"").into_bytes();
        let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[place] = 0xFF;
        assert!(check(&entry(bytes)).is_err(), "not UTF-8");
    }

    #[test]
    fn a_line_is_the_object_with_ours_in_front() {
        let node = NodeId::from_bytes([0xAB; 16]);
        let mut entry = entry(format!("{{\"id\":\"{ID}\",\"v\":1}}"));
        let mut lines = Vec::new();
        write(&mut lines, 0, node, &entry).unwrap();
        entry.generation = Some(u64::MAX);
        write(&mut lines, u64::MAX, node, &entry).unwrap();
        let node = "abababab-abab-abab-abab-abababababab";
        let max = u64::MAX;
        let expected = format!(
            "{{\"seq\":0,\"node\":\"{node}\",\"id\":\"{ID}\",\"v\":1}}\n\
             {{\"seq\":{max},\"node\":\"{node}\",\"gen\":{max},\"id\":\"{ID}\",\"v\":1}}\n"
        );
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
        let second = expected.lines().nth(1).unwrap();
        assert!(second.len() - entry.bytes.len() < OWN);
        let line = read(second.as_bytes()).unwrap();
        assert_eq!((line.seq, &*line.id), (max, ID));
    }
}
