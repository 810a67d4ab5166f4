//! A request that has been authenticated and found its row, how its parameters are read, and the answer.

use std::ops::RangeInclusive;

use trent_core::Engine;
use trent_core::access::Caller;
use trent_core::error::Error;
use trent_core::model::{KeyId, KeyRef};

use super::super::error::{self, About, Answer, Failure};
use super::super::ids::{self, NoKey};
use super::node::Node;
use super::table::Row;
use crate::Regions;
use crate::common::form::Parameters;

/// A request, ready for its operation.
pub(super) struct Call<'a> {
    pub(super) engine: &'a Engine,
    pub(super) regions: &'a Regions,
    pub(super) caller: &'a Caller,
    pub(super) row: &'static Row,
    /// The region as answers spell it.
    pub(super) spelling: &'a str,
    pub(super) parameters: &'a Parameters,
}

/// The members of an answer that is no refusal, beside its request's id. None of them is `Code`, by which clients know
/// refusals.
pub(super) struct Reply(pub(super) Vec<(&'static str, Node)>);

impl<'a> Call<'a> {
    /// A parameter that is there; an empty one is not.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.parameters.get(name).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Answer<&'a str> {
        self.text(name).ok_or_else(|| Failure::missing(name))
    }

    /// A parameter that is `true` or `false`, in any case of its letters; `false` where it is not there.
    pub(super) fn flag(&self, name: &str) -> Answer<bool> {
        match self.text(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(Failure::invalid(name)),
        }
    }

    /// A whole number of this range, in decimal digits.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Answer<u32> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.filter(|_| !text.starts_with('+')).ok_or_else(|| Failure::invalid(name))
    }

    /// The key that `KeyId` means, of the caller's tenant. That it exists is for the engine to say.
    pub(super) async fn key(&self) -> Answer<KeyRef> {
        let text = self.required("KeyId")?;
        let found = ids::key_ref(self.engine, self.regions, self.caller, text).await;
        found.map_err(|why| match why {
            NoKey::Malformed => Failure::invalid("KeyId"),
            NoKey::Refused(error) => self.refused(&error),
        })
    }

    /// A key's ARN in the caller's account and region.
    pub(super) fn arn(&self, key: KeyId) -> String {
        ids::key_arn(self.spelling, self.account(), key)
    }

    /// The caller's account.
    pub(super) fn account(&self) -> &'a str {
        &self.caller.identity.account().id
    }

    /// The caller, for a request that may be a trial.
    pub(super) fn trial(&self, dry_run: bool) -> Caller {
        Caller { dry_run, ..self.caller.clone() }
    }

    /// What the client is told of the engine's refusal.
    pub(super) fn refused(&self, error: &Error) -> Failure {
        let resource = error.key().map_or_else(|| "*".to_owned(), |key| self.arn(key));
        let Row { name: operation, modifies, .. } = *self.row;
        error::rpc(error, &About { operation, resource: &resource, modifies })
    }
}
