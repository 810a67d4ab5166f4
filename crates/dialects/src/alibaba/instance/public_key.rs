//! GetPublicKey.

use trent_core::crypto::pem::public_key_pem;
use trent_core::model::VersionSelector;
use trent_core::ops::{PublicKeys, WhichVersions};

use super::super::error::{Answer, Failure};
use super::messages::{GetPublicKeyRequest, GetPublicKeyResponse};
use super::request::{Call, Reply};

/// GetPublicKey: of the version that the header names, or of the first, with which Encrypt encrypts.
pub(super) async fn get(call: &Call<'_>) -> Answer<Reply> {
    let GetPublicKeyRequest { key_id } = &call.message()?;
    let version = call.version()?;
    let key = call.key_of(key_id, version).await?;
    let which =
        version.map_or(VersionSelector::Initial, |(_, number)| VersionSelector::Number(number));
    let wanted = PublicKeys { key, versions: WhichVersions::One(which), enabled_only: false };
    let found = call.engine.public_keys(call.caller, wanted).await;
    let found = found.map_err(|error| call.refused(&error))?;
    call.check_version(version, found.key.id)?;
    let [(number, spki)] = found.keys.as_slice() else { return Err(Failure::internal()) };
    let message = GetPublicKeyResponse {
        key_id: found.key.id.to_string(),
        public_key: public_key_pem(spki).map_err(|_| Failure::internal())?,
        request_id: call.id.to_owned(),
    };
    Ok(Reply::of(&message, (found.key.id, *number)))
}
