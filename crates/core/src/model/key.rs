//! What a key is: identity, spec, usage, state machine and flags. Its material is in `version.rs`.

use std::collections::BTreeMap;

use super::{KeyId, KeySpec, Region, TenantId, Usage, VersionInfo};

/// A key, without its material.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub id: KeyId,
    /// Its owner.
    pub tenant: TenantId,
    /// Where it lives.
    pub region: Region,
    /// What it is. Fixed.
    pub spec: KeySpec,
    /// What it may do. Fixed.
    pub usage: Usage,
    /// Where its material came from. Fixed.
    pub origin: Origin,
    /// Whether its material may ever leave. Fixed at creation.
    pub exportable: bool,
    /// The state machine.
    pub state: KeyState,
    /// A name that is unique in the tenant and region, if it was given one.
    pub name: Option<String>,
    /// The name in a form fit for a path, unique likewise.
    pub slug: Option<String>,
    /// Free text.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Notes that are not meant for selecting.
    pub annotations: BTreeMap<String, String>,
    /// When new versions are made by themselves.
    pub rotation: Rotation,
    /// The version that encrypts and signs.
    pub primary_version: u32,
    /// How often a caller has asked for a new version.
    pub rotations_on_demand: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub updated_ms: u64,
    /// The dialect's own attributes that have no neutral meaning, such as the spelling of the spec at creation.
    pub hints: BTreeMap<String, String>,
    /// The record's revision: 1 at creation, one more at each change.
    pub revision: u64,
}

/// A key with its versions, oldest first.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// The key.
    pub key: Key,
    /// Its versions.
    pub versions: Vec<VersionInfo>,
}

/// Where material came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Made here.
    Internal,
    /// Imported.
    External,
}

impl Origin {
    /// The frozen text, as bound into wrapped material.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "INTERNAL",
            Self::External => "EXTERNAL",
        }
    }

    /// The origin with this text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Internal, Self::External].into_iter().find(|o| o.as_str() == text)
    }
}

/// What may be done with a key now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// Everything its usage allows.
    Enabled,
    /// Nothing but looking at it and enabling it.
    Disabled,
    /// It waits to be destroyed at this time, in milliseconds since the Unix epoch.
    PendingDeletion {
        /// When it is due.
        due_ms: u64,
    },
    /// It waits for its material.
    PendingImport,
}

/// Automatic rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rotation {
    /// Whether it is on.
    pub enabled: bool,
    /// The period in days, kept while it is off.
    pub period_days: Option<u32>,
}

/// How a caller names a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyRef {
    /// By its id.
    Id(KeyId),
    /// By a name of some kind.
    Name(NameKind, String),
}

/// The kinds of name a key can have. Each is unique in its tenant and region.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NameKind {
    /// The key's own name.
    Name,
    /// Its name in a form fit for a path.
    Slug,
    /// A movable alias.
    Alias,
}

impl NameKind {
    /// The frozen text, as it stands in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Slug => "slug",
            Self::Alias => "alias",
        }
    }
}
