//! `KeyMetadata`: what the answers of CreateKey and DescribeKey tell of a key.

use trent_core::model::{KeyState, KeyView, Origin};

use super::super::error::{Answer, Failure};
use super::super::spec;
use super::node::Node;
use super::request::{Call, Reply};
use super::stamp;
use crate::common::version_id;

/// The hint that tells for which instance a key was made.
pub(super) const INSTANCE_HINT: &str = "alibaba.instance";
const DAY_SECONDS: u64 = 86_400;

/// The state's name.
pub(super) fn state_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Enabled => "Enabled",
        KeyState::Disabled => "Disabled",
        KeyState::PendingDeletion { .. } => "PendingDeletion",
        KeyState::PendingImport => "PendingImport",
    }
}

/// The answer that tells a key's metadata; `whole` adds what only DescribeKey tells.
pub(super) fn reply(call: &Call<'_>, view: &KeyView, whole: bool) -> Answer<Reply> {
    let key = &view.key;
    let names = spec::spec_name(key.spec).zip(spec::usage_name(key.usage));
    // The engine refuses such keys before they come here.
    let (spec, usage) = names.ok_or_else(Failure::internal)?;
    let newest = view.versions.last().map_or(key.created_ms, |version| version.created_ms);
    let due = match key.state {
        KeyState::PendingDeletion { due_ms } => stamp::write(due_ms),
        KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport => String::new(),
    };
    let origin = match key.origin {
        Origin::Internal => "Aliyun_KMS",
        Origin::External => "EXTERNAL",
    };
    let rotation = match (key.rotation.enabled, key.state) {
        (false, _) => "Disabled",
        (true, KeyState::Enabled) => "Enabled",
        (true, _) => "Suspended",
    };
    let mut members = vec![
        ("KeyId", Node::text(key.id.to_string())),
        ("Arn", Node::text(call.arn(key.id))),
        ("Creator", Node::text(call.account())),
        ("CreationDate", Node::text(stamp::write(key.created_ms))),
        ("Description", Node::text(key.description.as_str())),
        ("KeySpec", Node::text(spec)),
        ("KeyUsage", Node::text(usage)),
        ("KeyState", Node::text(state_name(key.state))),
        ("Origin", Node::text(origin)),
        ("ProtectionLevel", Node::text("SOFTWARE")),
        ("PrimaryKeyVersion", Node::text(version_id::write(key.id, key.primary_version))),
        ("LastRotationDate", Node::text(stamp::write(newest))),
        ("AutomaticRotation", Node::text(rotation)),
        ("DeleteDate", Node::text(due)),
        ("MaterialExpireTime", Node::text("")),
    ];
    if let Some(days) = key.rotation.period_days.filter(|_| key.rotation.enabled) {
        let seconds = u64::from(days) * DAY_SECONDS;
        members.push(("RotationInterval", Node::text(format!("{seconds}s"))));
    }
    if let Some(instance) = key.hints.get(INSTANCE_HINT) {
        members.push(("DKMSInstanceId", Node::text(instance.as_str())));
    }
    if whole {
        members.push(("DeletionProtection", Node::text("Disabled")));
        members.push(("DeletionProtectionDescription", Node::text("")));
    }
    Ok(Reply(vec![("KeyMetadata", Node::Object(members))]))
}
