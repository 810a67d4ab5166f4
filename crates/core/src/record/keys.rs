//! Rows of keys and their versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Record, base64, unbase64};
use crate::model::{
    Key, KeyId, KeySpec, KeyState, KeyVersion, Origin, Region, Rotation, TenantId, Usage,
};
use crate::store::{RowKey, Table};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
enum StateBody {
    Enabled,
    Disabled,
    PendingDeletion { due_ms: u64 },
    PendingImport,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct KeyBody {
    id: String,
    tenant: String,
    region: String,
    spec: String,
    usage: String,
    origin: String,
    exportable: bool,
    state: StateBody,
    name: Option<String>,
    slug: Option<String>,
    description: String,
    tags: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    rotation_enabled: bool,
    rotation_period_days: Option<u32>,
    primary_version: u32,
    rotations_on_demand: u32,
    created_ms: u64,
    updated_ms: u64,
    hints: BTreeMap<String, String>,
}

pub(crate) fn key_key(tenant: TenantId, region: &Region, id: KeyId) -> RowKey {
    RowKey { tenant: *tenant.as_bytes(), scope: region.to_string(), id: id.to_string(), number: 0 }
}

impl Record for Key {
    const TABLE: Table = Table::Keys;
    type Body = KeyBody;

    fn key(&self) -> RowKey {
        key_key(self.tenant, &self.region, self.id)
    }

    fn to_body(&self) -> KeyBody {
        KeyBody {
            id: self.id.to_string(),
            tenant: self.tenant.to_string(),
            region: self.region.to_string(),
            spec: self.spec.as_str().to_owned(),
            usage: self.usage.as_str().to_owned(),
            origin: self.origin.as_str().to_owned(),
            exportable: self.exportable,
            state: match self.state {
                KeyState::Enabled => StateBody::Enabled,
                KeyState::Disabled => StateBody::Disabled,
                KeyState::PendingDeletion { due_ms } => StateBody::PendingDeletion { due_ms },
                KeyState::PendingImport => StateBody::PendingImport,
            },
            name: self.name.clone(),
            slug: self.slug.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            annotations: self.annotations.clone(),
            rotation_enabled: self.rotation.enabled,
            rotation_period_days: self.rotation.period_days,
            primary_version: self.primary_version,
            rotations_on_demand: self.rotations_on_demand,
            created_ms: self.created_ms,
            updated_ms: self.updated_ms,
            hints: self.hints.clone(),
        }
    }

    fn from_body(body: KeyBody, revision: u64) -> Option<Self> {
        let spec = KeySpec::parse(&body.spec)?;
        let usage = Usage::parse(&body.usage)?;
        spec.allows(usage).then_some(())?;
        Some(Self {
            id: KeyId::parse(&body.id)?,
            tenant: TenantId::parse(&body.tenant)?,
            region: Region::new(&body.region)?,
            spec,
            usage,
            origin: Origin::parse(&body.origin)?,
            exportable: body.exportable,
            state: match body.state {
                StateBody::Enabled => KeyState::Enabled,
                StateBody::Disabled => KeyState::Disabled,
                StateBody::PendingDeletion { due_ms } => KeyState::PendingDeletion { due_ms },
                StateBody::PendingImport => KeyState::PendingImport,
            },
            name: body.name,
            slug: body.slug,
            description: body.description,
            tags: body.tags,
            annotations: body.annotations,
            rotation: Rotation {
                enabled: body.rotation_enabled,
                period_days: body.rotation_period_days,
            },
            primary_version: body.primary_version,
            rotations_on_demand: body.rotations_on_demand,
            created_ms: body.created_ms,
            updated_ms: body.updated_ms,
            hints: body.hints,
            revision,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct VersionBody {
    tenant: String,
    region: String,
    key: String,
    number: u32,
    created_ms: u64,
    public: Option<String>,
    kek_generation: u32,
    wrapped: String,
}

/// The scope in which one key's versions stand.
pub(crate) fn version_scope(region: &Region, key: KeyId) -> String {
    format!("{region}/{key}")
}

pub(crate) fn version_key(tenant: TenantId, region: &Region, key: KeyId, number: u32) -> RowKey {
    RowKey {
        tenant: *tenant.as_bytes(),
        scope: version_scope(region, key),
        id: String::new(),
        number,
    }
}

impl Record for KeyVersion {
    const TABLE: Table = Table::KeyVersions;
    type Body = VersionBody;

    fn key(&self) -> RowKey {
        version_key(self.tenant, &self.region, self.key, self.number)
    }

    fn to_body(&self) -> VersionBody {
        VersionBody {
            tenant: self.tenant.to_string(),
            region: self.region.to_string(),
            key: self.key.to_string(),
            number: self.number,
            created_ms: self.created_ms,
            public: self.public.as_deref().map(base64),
            kek_generation: self.kek_generation,
            wrapped: base64(&self.wrapped),
        }
    }

    fn from_body(body: VersionBody, _: u64) -> Option<Self> {
        let public = match body.public {
            Some(text) => Some(unbase64(&text)?),
            None => None,
        };
        Some(Self {
            tenant: TenantId::parse(&body.tenant)?,
            region: Region::new(&body.region)?,
            key: KeyId::parse(&body.key)?,
            number: body.number,
            created_ms: body.created_ms,
            public,
            kek_generation: body.kek_generation,
            wrapped: unbase64(&body.wrapped)?,
        })
    }
}
