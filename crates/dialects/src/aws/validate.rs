//! The members of a request: their types and constraints. All violations of the whole input are told in one
//! ValidationException, worded as the vendor words them; a member of a wrong type ends the reading at once.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value};
use trent_core::crypto::{SecretBytes, codec};

use super::error::{Answer, Failure};

/// Constraints on a text. Lengths are in characters.
pub(super) struct Text {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) pattern: Option<Pattern>,
}

/// A pattern as the vendor writes it, and what it means.
pub(super) struct Pattern {
    pub(super) text: &'static str,
    pub(super) fits: fn(&str) -> bool,
}

/// The values that a member may have.
pub(super) struct Choice {
    /// Those that the vendor lists, in its order.
    pub(super) listed: &'static [&'static str],
    /// More that are taken, and not listed.
    pub(super) taken: &'static [&'static str],
    /// What the message lists, where that is something else.
    pub(super) told: Option<&'static [&'static str]>,
}

impl Choice {
    /// These values and no others.
    pub(super) const fn of(listed: &'static [&'static str]) -> Self {
        Self { listed, taken: &[], told: None }
    }

    fn find(&self, text: &str) -> Option<&'static str> {
        self.listed.iter().chain(self.taken).copied().find(|value| *value == text)
    }
}

pub(super) const KEY_ID: Text = Text {
    min: 1,
    max: 2_048,
    pattern: Some(Pattern {
        text: r"^\p{ASCII}+$",
        fits: |text| !text.is_empty() && text.is_ascii(),
    }),
};
pub(super) const MARKER: Text = Text {
    min: 1,
    max: 1_024,
    pattern: Some(Pattern {
        text: r"[\u0020-\u00FF]*",
        fits: |text| text.chars().all(|c| matches!(c, '\u{20}'..='\u{FF}')),
    }),
};
const GRANT_TOKEN: Text = Text { min: 1, max: 8_192, pattern: None };
const GRANT_TOKENS: usize = 10;
/// The most violations that one answer tells.
const VIOLATIONS: usize = 100;

/// A request's members while they are read.
pub(super) struct Input<'a> {
    members: &'a Map<String, Value>,
    /// What stands before a member's name in messages.
    prefix: String,
    violations: Vec<String>,
}

impl<'a> Input<'a> {
    pub(super) fn new(members: &'a Map<String, Value>) -> Self {
        Self { members, prefix: String::new(), violations: Vec::new() }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// ValidationException with the first 100 violations that were found.
    pub(super) fn finish(self) -> Answer<()> {
        let plural = match self.violations.len() {
            0 => return Ok(()),
            1 => "",
            _ => "s",
        };
        let count = self.violations.len();
        let all = self.violations.join("; ");
        Err(Failure::validation(format!("{count} validation error{plural} detected: {all}")))
    }

    /// Notes a violation, unless enough are known. `value` is quoted as given, and empty where it must not be shown.
    fn violated(&mut self, name: &str, value: &str, rule: impl Display) {
        if self.violations.len() >= VIOLATIONS {
            return;
        }
        let space = if value.is_empty() { "" } else { " " };
        let path = self.path(name);
        let text = format!("Value{space}{value} at '{path}' failed to satisfy constraint: {rule}");
        self.violations.push(text);
    }

    /// A member's name as messages have it: with a small first letter.
    fn path(&self, name: &str) -> String {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        format!(
            "{}{}{}",
            self.prefix,
            first.map(String::from).unwrap_or_default(),
            letters.as_str()
        )
    }

    fn missing(&mut self, name: &str, secret: bool) {
        self.violated(name, if secret { "" } else { "null" }, "Member must not be null");
    }

    /// A member; one that is null counts as absent.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Whether a member is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Text.
    pub(super) fn text(&mut self, name: &str, rules: &Text) -> Answer<Option<&'a str>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = as_text(value)?;
        let (length, shown) = (text.chars().count(), format!("'{text}'"));
        if length < rules.min {
            self.violated(name, &shown, TooShort(rules.min));
        }
        if length > rules.max {
            self.violated(name, &shown, TooLong(rules.max));
        }
        if let Some(pattern) = rules.pattern.as_ref().filter(|pattern| !(pattern.fits)(text)) {
            let rule = format!("Member must satisfy regular expression pattern: {}", pattern.text);
            self.violated(name, &shown, rule);
        }
        Ok(Some(text))
    }

    /// Text that must be there. What is returned for a missing one does not get past [`Input::finish`].
    pub(super) fn required_text(&mut self, name: &str, rules: &Text) -> Answer<&'a str> {
        let found = self.text(name, rules)?;
        Ok(found.unwrap_or_else(|| {
            self.missing(name, false);
            ""
        }))
    }

    /// One of some values.
    pub(super) fn choice(&mut self, name: &str, choice: &Choice) -> Answer<Option<&'static str>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = as_text(value)?;
        let found = choice.find(text);
        if found.is_none() {
            let told = choice.told.unwrap_or(choice.listed).join(", ");
            let rule = format!("Member must satisfy enum value set: [{told}]");
            self.violated(name, &format!("'{text}'"), rule);
        }
        Ok(found)
    }

    /// One of some values, which must be there. What is returned for a missing one does not get past
    /// [`Input::finish`].
    pub(super) fn required_choice(&mut self, name: &str, choice: &Choice) -> Answer<&'static str> {
        if !self.has(name) {
            self.missing(name, false);
        }
        Ok(self.choice(name, choice)?.unwrap_or_default())
    }

    /// Bytes, 1 to `max`. Their value is never shown.
    pub(super) fn blob(&mut self, name: &str, max: usize) -> Answer<Option<SecretBytes>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let bytes = codec::decode_base64(as_text(value)?)
            .map_err(|_| Failure::serialization(format!("{name} is not valid base64")))?;
        if bytes.is_empty() {
            self.violated(name, "", TooShort(1));
        }
        if bytes.len() > max {
            self.violated(name, "", TooLong(max));
        }
        Ok(Some(bytes))
    }

    /// Bytes that must be there. What is returned for missing ones does not get past [`Input::finish`].
    pub(super) fn required_blob(
        &mut self,
        name: &str,
        max: usize,
        secret: bool,
    ) -> Answer<SecretBytes> {
        let found = self.blob(name, max)?;
        Ok(found.unwrap_or_else(|| {
            self.missing(name, secret);
            SecretBytes::new(Vec::new())
        }))
    }

    /// A whole number from 1 to `max`.
    pub(super) fn number(&mut self, name: &str, max: usize) -> Answer<Option<usize>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| cannot_convert(value, "an Integer"))?;
        let shown = format!("'{number}'");
        if number < 1 {
            self.violated(name, &shown, "Member must have value greater than or equal to 1");
        }
        let number = usize::try_from(number).unwrap_or(1);
        if number > max {
            self.violated(
                name,
                &shown,
                format!("Member must have value less than or equal to {max}"),
            );
        }
        Ok(Some(number))
    }

    /// True or false; false when absent.
    pub(super) fn flag(&mut self, name: &str) -> Answer<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(cannot_convert(other, "a Boolean")),
        }
    }

    /// Names with values; empty when absent.
    pub(super) fn map(&mut self, name: &str) -> Answer<BTreeMap<String, String>> {
        match self.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(members)) => members
                .iter()
                .map(|(name, value)| Ok((name.clone(), as_text(value)?.to_owned())))
                .collect(),
            Some(other) => Err(cannot_convert(other, "a Map")),
        }
    }

    fn list(&self, name: &str) -> Answer<&'a [Value]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(cannot_convert(other, "a List")),
        }
    }

    /// Up to `max` values of a set; empty when absent.
    pub(super) fn choices(
        &mut self,
        name: &str,
        choice: &Choice,
        max: usize,
    ) -> Answer<Vec<&'static str>> {
        let items = self.list(name)?;
        if self.has(name) && items.is_empty() {
            self.violated(name, "'[]'", TooShort(1));
        }
        if items.len() > max {
            self.violated(name, "", TooLong(max));
        }
        let mut found = Vec::with_capacity(items.len().min(max));
        for item in items {
            match choice.find(as_text(item)?) {
                Some(value) => found.push(value),
                None => {
                    let told = choice.listed.join(", ");
                    let rule = format!(
                        "Member must satisfy constraint: [Member must satisfy enum value set: [{told}]]"
                    );
                    self.violated(name, "", rule);
                }
            }
        }
        Ok(found)
    }

    /// The grant tokens, which are never shown.
    pub(super) fn grant_tokens(&mut self) -> Answer<Vec<String>> {
        const NAME: &str = "GrantTokens";
        let items = self.list(NAME)?;
        if items.len() > GRANT_TOKENS {
            self.violated(NAME, "", TooLong(GRANT_TOKENS));
        }
        let mut tokens = Vec::with_capacity(items.len().min(GRANT_TOKENS));
        let mut fit = true;
        for item in items {
            let token = as_text(item)?;
            fit &= (GRANT_TOKEN.min..=GRANT_TOKEN.max).contains(&token.chars().count());
            tokens.push(token.to_owned());
        }
        if !fit {
            let (max, min) = (TooLong(GRANT_TOKEN.max), TooShort(GRANT_TOKEN.min));
            self.violated(NAME, "", format!("Member must satisfy constraint: [{max}, {min}]"));
        }
        Ok(tokens)
    }

    /// Reads each item of a list of structures.
    pub(super) fn structures<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Input<'a>) -> Answer<T>,
    ) -> Answer<Vec<T>> {
        let items = self.list(name)?;
        let mut found = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let members = item.as_object().ok_or_else(|| cannot_convert(item, "a structure"))?;
            let prefix = format!("{}.{}.member.", self.path(name), at + 1);
            let violations = std::mem::take(&mut self.violations);
            let mut inside = Input { members, prefix, violations };
            let read = read(&mut inside);
            self.violations = inside.violations;
            found.push(read?);
        }
        Ok(found)
    }
}

struct TooShort(usize);

impl Display for TooShort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Member must have length greater than or equal to {}", self.0)
    }
}

struct TooLong(usize);

impl Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Member must have length less than or equal to {}", self.0)
    }
}

fn as_text(value: &Value) -> Answer<&str> {
    value.as_str().ok_or_else(|| cannot_convert(value, "a String"))
}

fn cannot_convert(value: &Value, wanted: &str) -> Failure {
    let kind = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => return Failure::serialization("Start of list found where not expected"),
        Value::Object(_) => {
            return Failure::serialization("Start of structure or map found where not expected.");
        }
    };
    Failure::serialization(format!("{kind} can not be converted to {wanted}"))
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
