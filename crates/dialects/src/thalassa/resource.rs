//! The JSON of a key as this API shows it.
//! Which keys it can show at all is `key_type.rs`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use trent_core::model::{Key, KeyState, KeyView, Origin, VersionInfo};

use super::{ids, key_type};

/// A key. Members are left out as the vendor's client expects it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KmsKey<'a> {
    identity: String,
    name: String,
    slug: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
    key_type: &'static str,
    status: Status,
    export_allowed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    imported: bool,
    key_rotation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<u32>,
    latest_version: u32,
    min_decryption_version: u32,
    versions: Vec<Version>,
    created_at: String,
    updated_at: String,
    object_version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_scheduled_at: Option<String>,
}

/// What may be done with a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Active,
    Disabled,
    PendingDeletion,
}

impl Status {
    /// The status of a key in this state. The vendor has no word for a key that waits for its material: it is disabled.
    pub(super) fn of(state: KeyState) -> Self {
        match state {
            KeyState::Enabled => Self::Active,
            KeyState::Disabled | KeyState::PendingImport => Self::Disabled,
            KeyState::PendingDeletion { .. } => Self::PendingDeletion,
        }
    }

    /// The word on the wire.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::PendingDeletion => "pending_deletion",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: u32,
    status: &'static str,
    created_at: String,
}

impl<'a> KmsKey<'a> {
    /// The key as this API shows it; `None` when it has no word for what the key is.
    pub(super) fn of(view: &'a KeyView) -> Option<Self> {
        let key = &view.key;
        Some(Self {
            identity: ids::identity(key.id),
            name: name(key),
            slug: slug(key),
            description: &key.description,
            labels: &key.tags,
            annotations: &key.annotations,
            key_type: key_type::of(key.spec)?,
            status: Status::of(key.state),
            export_allowed: key.exportable,
            imported: key.origin == Origin::External,
            key_rotation_enabled: key.rotation.enabled,
            rotation_period_in_days: key.rotation.period_days,
            latest_version: key.primary_version,
            // No endpoint changes it.
            min_decryption_version: 1,
            versions: view.versions.iter().map(version).collect(),
            created_at: time(key.created_ms),
            updated_at: time(key.updated_ms),
            object_version: key.revision,
            deletion_scheduled_at: match key.state {
                KeyState::PendingDeletion { due_ms } => Some(time(due_ms)),
                KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport => None,
            },
        })
    }
}

fn version(version: &VersionInfo) -> Version {
    Version { version: version.number, status: "active", created_at: time(version.created_ms) }
}

/// The key's name; the id's text for a key that was made without one.
pub(super) fn name(key: &Key) -> String {
    key.name.clone().unwrap_or_else(|| key.id.to_string())
}

/// The key's slug; the id's text for a key that was made without one.
pub(super) fn slug(key: &Key) -> String {
    key.slug.clone().unwrap_or_else(|| key.id.to_string())
}

/// Milliseconds since the Unix epoch as RFC 3339 text in UTC.
fn time(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use trent_core::model::{KeyId, KeySpec, Region, Rotation, TenantId, Usage};

    fn view() -> KeyView {
        let id = KeyId::parse("00112233-4455-6677-8899-aabbccddeeff").unwrap();
        let key = Key {
            id,
            tenant: TenantId::from_bytes([1; 16]),
            region: Region::new("main").unwrap(),
            spec: KeySpec::Aes256,
            usage: Usage::EncryptDecrypt,
            origin: Origin::Internal,
            exportable: false,
            state: KeyState::Enabled,
            name: None,
            slug: None,
            description: String::new(),
            tags: BTreeMap::new(),
            annotations: BTreeMap::new(),
            rotation: Rotation::default(),
            primary_version: 2,
            rotations_on_demand: 0,
            created_ms: 1_767_225_600_000,
            updated_ms: 1_767_225_600_123,
            hints: BTreeMap::new(),
            revision: 3,
        };
        let version = |number| VersionInfo { number, created_ms: 1_767_225_600_000 };
        KeyView { key, versions: vec![version(1), version(2)] }
    }

    fn json_of(view: &KeyView) -> Value {
        serde_json::to_value(KmsKey::of(view).unwrap()).unwrap()
    }

    #[test]
    fn a_plain_key_leaves_out_what_it_has_not() {
        assert_eq!(
            json_of(&view()),
            json!({
                "identity": "kms-aaisem2ekvthpcezvk54zxpo74",
                "name": "00112233-4455-6677-8899-aabbccddeeff",
                "slug": "00112233-4455-6677-8899-aabbccddeeff",
                "keyType": "aes256-gcm96",
                "status": "active",
                "exportAllowed": false,
                "keyRotationEnabled": false,
                "latestVersion": 2,
                "minDecryptionVersion": 1,
                "versions": [
                    {"version": 1, "status": "active", "createdAt": "2026-01-01T00:00:00Z"},
                    {"version": 2, "status": "active", "createdAt": "2026-01-01T00:00:00Z"},
                ],
                "createdAt": "2026-01-01T00:00:00Z",
                "updatedAt": "2026-01-01T00:00:00.123Z",
                "objectVersion": 3,
            })
        );
    }

    #[test]
    fn a_full_key_shows_everything() {
        let mut view = view();
        view.key.name = Some("Orders".to_owned());
        view.key.slug = Some("orders".to_owned());
        view.key.description = "d".to_owned();
        view.key.tags = [("team".to_owned(), "a".to_owned())].into();
        view.key.annotations = [("note".to_owned(), "b".to_owned())].into();
        view.key.exportable = true;
        view.key.origin = Origin::External;
        view.key.rotation = Rotation { enabled: true, period_days: Some(90) };
        view.key.state = KeyState::PendingDeletion { due_ms: 1_767_225_600_000 };
        let json = json_of(&view);
        for (member, expected) in [
            ("name", json!("Orders")),
            ("slug", json!("orders")),
            ("description", json!("d")),
            ("labels", json!({"team": "a"})),
            ("annotations", json!({"note": "b"})),
            ("exportAllowed", json!(true)),
            ("imported", json!(true)),
            ("keyRotationEnabled", json!(true)),
            ("rotationPeriodInDays", json!(90)),
            ("status", json!("pending_deletion")),
            ("deletionScheduledAt", json!("2026-01-01T00:00:00Z")),
        ] {
            assert_eq!(json[member], expected, "{member}");
        }
    }

    #[test]
    fn each_state_has_its_word_and_serialises_as_it() {
        for (state, word) in [
            (KeyState::Enabled, "active"),
            (KeyState::Disabled, "disabled"),
            (KeyState::PendingImport, "disabled"),
            (KeyState::PendingDeletion { due_ms: 0 }, "pending_deletion"),
        ] {
            let status = Status::of(state);
            assert_eq!(status.as_str(), word);
            assert_eq!(serde_json::to_value(status).unwrap(), json!(word));
        }
    }

    #[test]
    fn what_has_no_word_is_not_shown_and_no_time_is_too_late() {
        let mut view = view();
        view.key.created_ms = u64::MAX;
        assert!(json_of(&view)["createdAt"].as_str().unwrap().starts_with("9999-12-"));
        view.key.spec = KeySpec::EcP256k1;
        assert!(KmsKey::of(&view).is_none());
    }
}
