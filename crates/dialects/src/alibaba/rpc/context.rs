//! `EncryptionContext`, in the two ways that clients send it: one parameter that is JSON, or a parameter for each entry.

use std::collections::BTreeMap;

use trent_core::seal::Context;

use super::super::error::{Answer, Failure};
use super::request::Call;
use crate::common::frame::{self, Kind};
use crate::common::json;

const NAME: &str = "EncryptionContext";
const DOTTED: &str = "EncryptionContext.";
/// The longest context, in characters.
const LONGEST: usize = 8_192;

/// A request's context; one without entries is none.
pub(super) struct EncryptionContext<'a> {
    entries: BTreeMap<String, String>,
    /// The parameter, where it is JSON.
    text: Option<&'a str>,
}

impl<'a> EncryptionContext<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// For what is not an object of texts, what is too long, and what comes in both ways.
    pub(super) fn read(call: &Call<'a>) -> Answer<Self> {
        let invalid = || Failure::invalid(NAME);
        let dotted = call.parameters.iter().filter_map(|(name, value)| {
            name.strip_prefix(DOTTED).map(|name| (name.to_owned(), value.to_owned()))
        });
        let dotted: BTreeMap<String, String> = dotted.collect();
        let text = call.text(NAME);
        let (entries, length) = match text {
            Some(_) if !dotted.is_empty() => return Err(invalid()),
            Some(text) if text.chars().count() > LONGEST => return Err(invalid()),
            Some(text) => (json::parse(text.as_bytes()).map_err(|_| invalid())?, 0),
            None => {
                let lengths =
                    dotted.iter().map(|(name, value)| name.chars().count() + value.chars().count());
                let length = lengths.sum();
                (dotted, length)
            }
        };
        if length > LONGEST || entries.contains_key("") {
            return Err(invalid());
        }
        Ok(Self { entries, text })
    }

    /// What a new ciphertext is bound to.
    pub(super) fn sealed(self) -> Context {
        frame::alibaba_context(self.entries)
    }

    /// What a ciphertext in such a frame may be bound to. One of the vendor's libraries binds the JSON as it stands.
    pub(super) fn candidates(self, kind: Kind) -> Vec<Context> {
        let mut contexts = frame::contexts_for(kind, self.entries);
        let literal = self.text.filter(|_| matches!(kind, Kind::AlibabaRpc | Kind::AlibabaAdvance));
        contexts.extend(literal.map(|text| Context::Raw(text.as_bytes().to_vec())));
        contexts
    }
}
