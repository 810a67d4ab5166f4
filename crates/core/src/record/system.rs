//! Rows that carry the installation itself: root slots, tenant KEKs, names and use counters.

use serde::{Deserialize, Serialize};

use super::{Record, SYSTEM, base64, hex, unbase64, unhex};
use crate::model::{ClusterId, KeyId, NameKind, Region, SlotId, TenantId};
use crate::names;
use crate::store::{RowKey, Table};

/// The master key wrapped under a root key.
pub(crate) struct RootSlot {
    pub(crate) cluster: ClusterId,
    pub(crate) slot: SlotId,
    pub(crate) generation: u32,
    pub(crate) provider: String,
    pub(crate) params: Vec<u8>,
    pub(crate) wrapped: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RootSlotBody {
    cluster: String,
    slot: String,
    generation: u32,
    provider: String,
    params: String,
    wrapped: String,
}

impl Record for RootSlot {
    const TABLE: Table = Table::RootSlots;
    type Body = RootSlotBody;

    fn key(&self) -> RowKey {
        RowKey {
            tenant: SYSTEM,
            scope: String::new(),
            id: self.slot.to_string(),
            number: self.generation,
        }
    }

    fn to_body(&self) -> RootSlotBody {
        RootSlotBody {
            cluster: self.cluster.to_string(),
            slot: self.slot.to_string(),
            generation: self.generation,
            provider: self.provider.clone(),
            params: base64(&self.params),
            wrapped: base64(&self.wrapped),
        }
    }

    fn from_body(body: RootSlotBody, _: u64) -> Option<Self> {
        Some(Self {
            cluster: ClusterId::parse(&body.cluster)?,
            slot: SlotId::parse(&body.slot)?,
            generation: body.generation,
            provider: body.provider,
            params: unbase64(&body.params)?,
            wrapped: unbase64(&body.wrapped)?,
        })
    }
}

/// A tenant's key-encryption key, wrapped under the master key.
pub(crate) struct TenantKek {
    pub(crate) tenant: TenantId,
    pub(crate) generation: u32,
    pub(crate) uid: [u8; 16],
    pub(crate) master_generation: u32,
    pub(crate) wrapped: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TenantKekBody {
    tenant: String,
    generation: u32,
    uid: String,
    master_generation: u32,
    wrapped: String,
}

impl TenantKek {
    pub(crate) fn row_key(tenant: TenantId, generation: u32) -> RowKey {
        RowKey {
            tenant: *tenant.as_bytes(),
            scope: String::new(),
            id: String::new(),
            number: generation,
        }
    }
}

impl Record for TenantKek {
    const TABLE: Table = Table::TenantKeks;
    type Body = TenantKekBody;

    fn key(&self) -> RowKey {
        Self::row_key(self.tenant, self.generation)
    }

    fn to_body(&self) -> TenantKekBody {
        TenantKekBody {
            tenant: self.tenant.to_string(),
            generation: self.generation,
            uid: hex(&self.uid),
            master_generation: self.master_generation,
            wrapped: base64(&self.wrapped),
        }
    }

    fn from_body(body: TenantKekBody, _: u64) -> Option<Self> {
        Some(Self {
            tenant: TenantId::parse(&body.tenant)?,
            generation: body.generation,
            uid: unhex(&body.uid)?,
            master_generation: body.master_generation,
            wrapped: unbase64(&body.wrapped)?,
        })
    }
}

/// A unique name and what it names.
pub(crate) struct NameRow {
    pub(crate) key: RowKey,
    pub(crate) target: [u8; 16],
}

#[derive(Serialize, Deserialize)]
pub(crate) struct NameBody {
    tenant: String,
    scope: String,
    name: String,
    target: String,
}

/// Where a key's name of this kind stands.
pub(crate) fn name_key(tenant: TenantId, region: &Region, kind: NameKind, name: &str) -> RowKey {
    let id = match kind {
        NameKind::Name => names::fold(name),
        NameKind::Slug | NameKind::Alias => name.to_owned(),
    };
    RowKey {
        tenant: *tenant.as_bytes(),
        scope: format!("{region}/{}", kind.as_str()),
        id,
        number: 0,
    }
}

/// Where a name of a tenant, or of a principal within one, stands.
pub(crate) fn system_name(tenant: [u8; 16], scope: &str, name: &str) -> RowKey {
    RowKey { tenant, scope: scope.to_owned(), id: names::fold(name), number: 0 }
}

impl Record for NameRow {
    const TABLE: Table = Table::Names;
    type Body = NameBody;

    fn key(&self) -> RowKey {
        self.key.clone()
    }

    fn to_body(&self) -> NameBody {
        NameBody {
            tenant: hex(&self.key.tenant),
            scope: self.key.scope.clone(),
            name: self.key.id.clone(),
            target: hex(&self.target),
        }
    }

    fn from_body(body: NameBody, _: u64) -> Option<Self> {
        let key =
            RowKey { tenant: unhex(&body.tenant)?, scope: body.scope, id: body.name, number: 0 };
        Some(Self { key, target: unhex(&body.target)? })
    }
}

/// How many uses of a version under the plain suite are accounted for, rounded up.
pub(crate) struct UseCounter {
    pub(crate) tenant: TenantId,
    pub(crate) key: KeyId,
    pub(crate) version: u32,
    pub(crate) reserved: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct UseCounterBody {
    tenant: String,
    key: String,
    version: u32,
    reserved: u64,
}

impl UseCounter {
    pub(crate) fn row_key(tenant: TenantId, key: KeyId, version: u32) -> RowKey {
        RowKey {
            tenant: *tenant.as_bytes(),
            scope: String::new(),
            id: key.to_string(),
            number: version,
        }
    }
}

impl Record for UseCounter {
    const TABLE: Table = Table::UseCounters;
    type Body = UseCounterBody;

    fn key(&self) -> RowKey {
        Self::row_key(self.tenant, self.key, self.version)
    }

    fn to_body(&self) -> UseCounterBody {
        UseCounterBody {
            tenant: self.tenant.to_string(),
            key: self.key.to_string(),
            version: self.version,
            reserved: self.reserved,
        }
    }

    fn from_body(body: UseCounterBody, _: u64) -> Option<Self> {
        Some(Self {
            tenant: TenantId::parse(&body.tenant)?,
            key: KeyId::parse(&body.key)?,
            version: body.version,
            reserved: body.reserved,
        })
    }
}
