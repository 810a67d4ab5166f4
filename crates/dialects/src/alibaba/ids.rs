//! Names of keys, versions and aliases in both of the vendor's APIs. Whether a named thing exists is the engine's to say.

use trent_core::Engine;
use trent_core::access::Caller;
use trent_core::error::{Error, ErrorKind};
use trent_core::model::{KeyId, KeyRef, NameKind};

use super::NAME;
use crate::Regions;

/// What stands before every alias.
pub(super) const ALIAS: &str = "alias/";
/// The longest name of a key in bytes: an ARN with the longest alias.
const LONGEST: usize = 512;

/// Why a text names no key of the caller's.
#[derive(Debug)]
pub(super) enum NoKey {
    /// It is not a name.
    Malformed,
    /// It is of no key that could be the caller's, or that could not be found out.
    Refused(Error),
}

/// The key that a `KeyId` means: an id, an alias with its prefix, or an ARN of either. An ARN must be of the caller's
/// region and of an account of the caller's tenant.
pub(super) async fn key_ref(
    engine: &Engine,
    regions: &Regions,
    caller: &Caller,
    text: &str,
) -> Result<KeyRef, NoKey> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(NoKey::Malformed);
    }
    let Some(arn) = text.strip_prefix("acs:") else { return resource(text) };
    let mut parts = arn.splitn(4, ':');
    let (Some("kms"), Some(region), Some(account), Some(named)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(NoKey::Malformed);
    };
    let (found, missing) = match named.strip_prefix("key/") {
        Some(id) => (key(id)?, ErrorKind::KeyNotFound),
        None if named.starts_with(ALIAS) => (resource(named)?, ErrorKind::NameNotFound),
        None => return Err(NoKey::Malformed),
    };
    if regions.resolve(NAME, region).as_ref() != Some(&caller.region) {
        return Err(NoKey::Refused(missing.into()));
    }
    let owner = engine.tenant_by_account(NAME, account).await.map_err(NoKey::Refused)?;
    match owner {
        Some(owner) if owner.id == caller.tenant() => Ok(found),
        _ => Err(NoKey::Refused(missing.into())),
    }
}

fn resource(text: &str) -> Result<KeyRef, NoKey> {
    match text.strip_prefix(ALIAS) {
        Some("") => Err(NoKey::Malformed),
        Some(name) => Ok(KeyRef::Name(NameKind::Alias, name.to_owned())),
        None => key(text),
    }
}

fn key(id: &str) -> Result<KeyRef, NoKey> {
    // The vendor's own ids have other forms too, so a text that is no UUID is a key that does not exist here.
    let id = KeyId::parse(id).map(KeyRef::Id);
    id.ok_or_else(|| NoKey::Refused(ErrorKind::KeyNotFound.into()))
}

/// A key's ARN.
pub(super) fn key_arn(region: &str, account: &str, key: KeyId) -> String {
    format!("acs:kms:{region}:{account}:key/{key}")
}
