//! A request that has been authenticated and found its row, what every operation needs from it, and the answer.

use std::sync::OnceLock;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use trent_core::access::Caller;
use trent_core::error::Error;
use trent_core::model::{KeyId, KeyRef, NameKind};
use trent_core::{Engine, crypto::mac};

use super::NAME;
use super::arn::{Name, Names, Place, Resource, is_key_id};
use super::error::{About, Answer, Code, Failure};
use super::spec;
use super::table::Row;
use super::validate::Input;
use crate::Regions;
use crate::common::reply;

/// A request, ready for its operation.
pub(super) struct Call<'a> {
    pub(super) engine: &'a Engine,
    pub(super) regions: &'a Regions,
    pub(super) caller: &'a Caller,
    pub(super) row: &'static Row,
    /// Writes the ARNs of the caller's account and region.
    pub(super) names: Names<'a>,
    /// The body's members.
    pub(super) members: &'a Map<String, Value>,
    /// The alias by which the key was named, `alias/` included.
    pub(super) alias: OnceLock<&'a str>,
}

impl<'a> Call<'a> {
    /// The members, to be read.
    pub(super) fn input(&self) -> Input<'a> {
        Input::new(self.members)
    }

    /// The key that a `KeyId` member means, of the caller's tenant. That it exists is for the engine to say.
    pub(super) async fn key(&self, text: &'a str) -> Answer<KeyRef> {
        let Some(name) = Name::parse(text) else {
            return Err(Failure::new(Code::InvalidArn, format!("Invalid arn {text}")));
        };
        if matches!(name.resource, Resource::Alias(_)) && !self.row.aliases {
            let message = "Key Aliases are not supported for this operation.";
            return Err(Failure::new(Code::InvalidArn, message));
        }
        if let Some(place) = name.place {
            self.check_place(text, place).await?;
        }
        match name.resource {
            Resource::Alias(alias) => {
                let name = alias.strip_prefix("alias/").unwrap_or(alias);
                // One request names one key.
                let _ = self.alias.set(alias);
                Ok(KeyRef::Name(NameKind::Alias, name.to_owned()))
            }
            Resource::Key(id) => match KeyId::parse(id) {
                Some(id) => Ok(KeyRef::Id(id)),
                None if is_key_id(id) => {
                    let arn = self.names.resource(&format!("key/{id}"));
                    Err(Failure::not_found(format!("Key '{arn}' does not exist")))
                }
                None if name.place.is_some() => {
                    Err(Failure::not_found(format!("Invalid keyId {id}")))
                }
                None => Err(Failure::not_found(format!("Invalid keyId '{id}'"))),
            },
        }
    }

    /// An ARN must be of the caller's region, where the style has regions, and of an account of the caller's tenant.
    async fn check_place(&self, arn: &str, place: Place<'_>) -> Answer<()> {
        if let Some(region) = place.region.filter(|_| self.names.profile.arns_are_regional)
            && self.regions.resolve(NAME, region).as_ref() != Some(&self.caller.region)
        {
            return Err(Failure::not_found(format!("Invalid arn {region}")));
        }
        if place.account == self.names.account {
            return Ok(());
        }
        let owner = self.engine.tenant_by_account(NAME, place.account).await;
        let owner = owner.map_err(|error| self.refused(&error))?;
        if owner.is_some_and(|owner| owner.id == self.caller.tenant()) {
            return Ok(());
        }
        let (user, action) = (self.user(), self.row.name);
        Err(Failure::new(
            Code::AccessDenied,
            format!(
                "User: {user} is not authorized to perform: kms:{action} on resource: {arn} because the resource does \
                not exist in this Region, no resource-based policies allow access, or a resource-based policy \
                explicitly denies access"
            ),
        ))
    }

    fn user(&self) -> String {
        self.names.user(self.caller.identity.principal_name())
    }

    /// The grant tokens must be known.
    pub(super) fn check_tokens(&self, tokens: &[String]) -> Answer<()> {
        self.engine.check_grant_tokens(tokens).map_err(|error| self.refused(&error))
    }

    /// The caller, for a request that may be a trial.
    pub(super) fn trial(&self, dry_run: bool) -> Caller {
        Caller { dry_run, ..self.caller.clone() }
    }

    /// What the client is told of the engine's refusal.
    pub(super) fn refused(&self, error: &Error) -> Failure {
        self.about(error, None)
    }

    /// What the client is told of the engine's refusal, where the text may have to name the algorithm.
    pub(super) fn refused_for(&self, error: &Error, algorithm: &str) -> Failure {
        self.about(error, Some(algorithm))
    }

    fn about(&self, error: &Error, algorithm: Option<&str>) -> Failure {
        let user = self.user();
        let key = error
            .traits()
            .and_then(|(spec, usage)| Some((spec::spec_name(spec)?, spec::usage_name(usage))));
        let operation = self.row.name;
        let alias = self.alias.get().copied();
        About { operation, names: &self.names, user: &user, algorithm, key, alias }.failure(error)
    }
}

/// The vendor's id of one version's material: 64 hex digits that tell nothing of it.
pub(super) fn material_id(key: KeyId, version: u32) -> String {
    let digest = mac::sha256(&[b"trent/aws/material\0", key.as_bytes(), &version.to_be_bytes()]);
    data_encoding::HEXLOWER.encode(&digest)
}

/// The body of an answer that is no refusal; empty for operations without a result.
pub(super) struct Reply(pub(super) Bytes);

impl Reply {
    /// Nothing.
    pub(super) const EMPTY: Self = Self(Bytes::new());

    /// A result.
    pub(super) fn json(result: &impl Serialize) -> Answer<Self> {
        reply::body(result).map(Self).map_err(|_| Failure::internal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_ids_are_of_one_version_of_one_key() {
        let key = KeyId::from_bytes([7; 16]);
        let id = material_id(key, 1);
        // Made with Python: sha256(b"trent/aws/material\0" + bytes([7]*16) + (1).to_bytes(4, "big")).
        assert_eq!(id, "a0f0e1b3910081676d10a727398f15bed75f50f3786958528652f34efbe58e3e");
        assert_ne!(id, material_id(key, 2));
        assert_ne!(id, material_id(KeyId::from_bytes([8; 16]), 1));
    }
}
