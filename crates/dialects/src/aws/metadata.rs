//! `KeyMetadata`: what the answers of CreateKey and DescribeKey tell of a key.

use serde::Serialize;
use trent_core::model::{Key, KeyState, Origin};

use super::error::{Answer, Failure};
use super::request::{Call, Reply, material_id};
use super::spec::{Algorithms, shown_spec, usage_name};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    key_metadata: KeyMetadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata<'a> {
    #[serde(rename = "AWSAccountId")]
    aws_account_id: &'a str,
    key_id: String,
    arn: String,
    creation_date: f64,
    enabled: bool,
    description: &'a str,
    key_usage: &'static str,
    key_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<f64>,
    origin: &'static str,
    key_manager: &'static str,
    customer_master_key_spec: &'a str,
    key_spec: &'a str,
    #[serde(flatten)]
    algorithms: Algorithms,
    multi_region: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_key_material_id: Option<String>,
    #[serde(flatten)]
    more: Option<More<'a>>,
}

/// What Q-KMS's pages and client have beside AWS's members.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct More<'a> {
    account_id: &'a str,
    #[serde(rename = "QAccountId")]
    q_account_id: &'a str,
    key_rotation_enabled: bool,
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    tag_key: &'a str,
    tag_value: &'a str,
}

/// The answer that tells a key's metadata.
pub(super) fn reply(call: &Call<'_>, key: &Key) -> Answer<Reply> {
    let spec = shown_spec(key).ok_or_else(Failure::inexpressible)?;
    let account = call.names.account;
    let (state, due) = match key.state {
        KeyState::Enabled => ("Enabled", None),
        KeyState::Disabled => ("Disabled", None),
        KeyState::PendingDeletion { due_ms } => ("PendingDeletion", Some(due_ms)),
        KeyState::PendingImport => ("PendingImport", None),
    };
    let has_material = key.spec.is_aead() && key.state != KeyState::PendingImport;
    let more = call.names.profile.more_metadata.then(|| More {
        account_id: account,
        q_account_id: account,
        key_rotation_enabled: key.rotation.enabled,
        tags: key.tags.iter().map(|(tag_key, tag_value)| Tag { tag_key, tag_value }).collect(),
    });
    let key_metadata = KeyMetadata {
        aws_account_id: account,
        key_id: key.id.to_string(),
        arn: call.names.key(key.id),
        creation_date: epoch_seconds(key.created_ms),
        enabled: key.state == KeyState::Enabled,
        description: &key.description,
        key_usage: usage_name(key.usage),
        key_state: state,
        deletion_date: due.map(epoch_seconds),
        origin: match key.origin {
            Origin::Internal => "AWS_KMS",
            Origin::External => "EXTERNAL",
        },
        key_manager: "CUSTOMER",
        customer_master_key_spec: spec,
        key_spec: spec,
        algorithms: Algorithms::of(key),
        multi_region: false,
        current_key_material_id: has_material.then(|| material_id(key.id, key.primary_version)),
        more,
    };
    Reply::json(&Envelope { key_metadata })
}

/// A time as the vendor's JSON has it: seconds since the Unix epoch with a fraction.
fn epoch_seconds(ms: u64) -> f64 {
    // Exact for every time before the year 285,000.
    #[allow(clippy::cast_precision_loss)]
    let ms = ms as f64;
    ms / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_a_fraction() {
        assert_eq!(
            serde_json::json!(epoch_seconds(1_795_571_587_123)).to_string(),
            "1795571587.123"
        );
        assert_eq!(serde_json::json!(epoch_seconds(1_795_571_587_000)).to_string(), "1795571587.0");
    }
}
