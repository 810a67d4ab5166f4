//! A key's versions: wrapped material with its public half. Opening the material is the keyring's.

use super::{KeyId, Region, TenantId};

/// One version of a key, as stored. The material in it is always wrapped.
#[derive(Clone)]
pub struct KeyVersion {
    /// The tenant that owns the key.
    pub tenant: TenantId,
    /// The key's region.
    pub region: Region,
    /// The key.
    pub key: KeyId,
    /// 1 for the first, then counting up without gaps.
    pub number: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// The public key as SubjectPublicKeyInfo DER (RFC 5280), for asymmetric keys.
    pub public: Option<Vec<u8>>,
    /// Which generation of the tenant's KEK wraps the material.
    pub kek_generation: u32,
    /// The material, sealed under that KEK.
    pub wrapped: Vec<u8>,
}

/// What may be shown of a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VersionInfo {
    /// The version's number.
    pub number: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// Which version an operation uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VersionSelector {
    /// The first version.
    Initial,
    /// The version that encrypts and signs now.
    Primary,
    /// The version of this number.
    Number(u32),
}
