//! GetPublicKey.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::model::VersionSelector;
use trent_core::ops::{PublicKeys, WhichVersions};

use super::error::{Answer, Failure};
use super::request::{Call, Reply};
use super::spec::{Algorithms, shown_spec, usage_name};
use super::validate::KEY_ID;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKey<'a> {
    key_id: String,
    public_key: String,
    customer_master_key_spec: &'a str,
    key_spec: &'a str,
    key_usage: &'static str,
    #[serde(flatten)]
    algorithms: Algorithms,
}

/// GetPublicKey: the public key as SubjectPublicKeyInfo DER, of enabled keys only. It is the first version's, whatever
/// another door did since: an asymmetric key of AWS never changes.
pub(super) async fn get(call: &Call<'_>) -> Answer<Reply> {
    let mut input = call.input();
    let key = input.required_text("KeyId", &KEY_ID)?;
    let tokens = input.grant_tokens()?;
    input.finish()?;
    let key = call.key(key).await?;
    call.check_tokens(&tokens)?;
    let versions = WhichVersions::One(VersionSelector::Initial);
    let wanted = PublicKeys { key, versions, enabled_only: true };
    let found = call.engine.public_keys(call.caller, wanted).await;
    let found = found.map_err(|error| call.refused(&error))?;
    let spec = shown_spec(&found.key).ok_or_else(Failure::inexpressible)?;
    let (_, public) = found.keys.first().ok_or_else(Failure::internal)?;
    Reply::json(&PublicKey {
        key_id: call.names.key(found.key.id),
        public_key: Base64::encode_string(public),
        customer_master_key_spec: spec,
        key_spec: spec,
        key_usage: usage_name(found.key.usage),
        algorithms: Algorithms::of(&found.key),
    })
}
