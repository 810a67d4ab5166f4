//! `KeyMetadata`: what DescribeKey tells of a key, and the parts of it that other answers repeat.

use serde::Serialize;
use trent_core::model::{Key, KeyId, KeyState, KeyView, Origin};

use super::error::{Answer, Failure};
use super::spec::usage_name;
use crate::common::time;

/// The period of a rotation that was never set, in days.
const YEAR: u32 = 365;
/// A day in seconds.
const DAY: i64 = 86_400;
/// `Type` of a key of the algorithms of FIPS 140.
const FIPS: u8 = 2;

/// The metadata of a key.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyMetadata {
    key_id: String,
    alias: String,
    create_time: i64,
    description: String,
    key_state: &'static str,
    key_usage: &'static str,
    r#type: u8,
    creator_uin: u64,
    creator_uin_string: String,
    key_rotation_enabled: bool,
    owner: &'static str,
    next_rotate_time: i64,
    last_rotate_time: i64,
    rotate_days: u32,
    deletion_date: i64,
    origin: &'static str,
    valid_to: u8,
    resource_id: String,
    hsm_cluster_id: &'static str,
}

impl KeyMetadata {
    /// What is told of a key to an account of its owner.
    pub(super) fn of(view: &KeyView, uin: &str) -> Answer<Self> {
        let key = &view.key;
        let created = time::seconds(key.created_ms);
        let rotated = view.versions.iter().skip(1).map(|version| version.created_ms).max();
        let rotated = rotated.map(time::seconds);
        let days = key.rotation.period_days.unwrap_or(YEAR);
        // Where rotation is off the vendor tells a year after creation.
        let next = match key.rotation.enabled {
            true => rotated.unwrap_or(created) + i64::from(days) * DAY,
            false => created + i64::from(YEAR) * DAY,
        };
        Ok(Self {
            key_id: key.id.to_string(),
            alias: alias(key),
            create_time: created,
            description: key.description.clone(),
            key_state: state(key.state),
            key_usage: usage_name(key).ok_or_else(Failure::inexpressible)?,
            r#type: FIPS,
            creator_uin: uin.parse().unwrap_or(0),
            creator_uin_string: uin.to_owned(),
            key_rotation_enabled: key.rotation.enabled,
            owner: "user",
            next_rotate_time: next,
            last_rotate_time: rotated.unwrap_or(0),
            rotate_days: days,
            deletion_date: match key.state {
                KeyState::PendingDeletion { due_ms } => time::seconds(due_ms),
                KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport => 0,
            },
            origin: match key.origin {
                Origin::Internal => "TENCENT_KMS",
                Origin::External => "EXTERNAL",
            },
            valid_to: 0,
            resource_id: resource_id(uin, key.id),
            hsm_cluster_id: "",
        })
    }
}

/// The vendor's name of a state.
pub(super) fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Enabled => "Enabled",
        KeyState::Disabled => "Disabled",
        KeyState::PendingDeletion { .. } => "PendingDelete",
        KeyState::PendingImport => "PendingImport",
    }
}

/// The alias under which a key is shown: its name, or one that its id makes.
pub(super) fn alias(key: &Key) -> String {
    key.name.clone().unwrap_or_else(|| format!("key-{}", key.id))
}

fn resource_id(uin: &str, key: KeyId) -> String {
    format!("creatorUin/{uin}/{key}")
}
