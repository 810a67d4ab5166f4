//! Rows that decide who may act: tenants, principals and credentials.

use serde::{Deserialize, Serialize};

use super::{Record, SYSTEM, base64, hex, unbase64, unhex};
use crate::access::Preset;
use crate::model::{
    Account, Credential, CredentialId, CredentialSecret, Principal, PrincipalId, Tenant, TenantId,
};
use crate::store::{RowKey, Table};

#[derive(Serialize, Deserialize)]
struct AccountBody {
    namespace: String,
    id: String,
    style: String,
}

impl AccountBody {
    fn of(account: &Account) -> Self {
        Self {
            namespace: account.namespace.clone(),
            id: account.id.clone(),
            style: account.style.clone(),
        }
    }

    fn into_account(self) -> Account {
        Account { namespace: self.namespace, id: self.id, style: self.style }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TenantBody {
    id: String,
    name: String,
    accounts: Vec<AccountBody>,
    kek_generation: u32,
    enabled: bool,
    created_ms: u64,
}

pub(crate) fn tenant_key(id: TenantId) -> RowKey {
    RowKey { tenant: SYSTEM, scope: String::new(), id: id.to_string(), number: 0 }
}

impl Record for Tenant {
    const TABLE: Table = Table::Tenants;
    type Body = TenantBody;

    fn key(&self) -> RowKey {
        tenant_key(self.id)
    }

    fn to_body(&self) -> TenantBody {
        TenantBody {
            id: self.id.to_string(),
            name: self.name.clone(),
            accounts: self.accounts.iter().map(AccountBody::of).collect(),
            kek_generation: self.kek_generation,
            enabled: self.enabled,
            created_ms: self.created_ms,
        }
    }

    fn from_body(body: TenantBody, _: u64) -> Option<Self> {
        Some(Self {
            id: TenantId::parse(&body.id)?,
            name: body.name,
            accounts: body.accounts.into_iter().map(AccountBody::into_account).collect(),
            kek_generation: body.kek_generation,
            enabled: body.enabled,
            created_ms: body.created_ms,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PrincipalBody {
    id: String,
    tenant: String,
    name: String,
    preset: String,
    enabled: bool,
    created_ms: u64,
}

pub(crate) fn principal_key(tenant: TenantId, id: PrincipalId) -> RowKey {
    RowKey { tenant: *tenant.as_bytes(), scope: String::new(), id: id.to_string(), number: 0 }
}

impl Record for Principal {
    const TABLE: Table = Table::Principals;
    type Body = PrincipalBody;

    fn key(&self) -> RowKey {
        principal_key(self.tenant, self.id)
    }

    fn to_body(&self) -> PrincipalBody {
        PrincipalBody {
            id: self.id.to_string(),
            tenant: self.tenant.to_string(),
            name: self.name.clone(),
            preset: self.preset.as_str().to_owned(),
            enabled: self.enabled,
            created_ms: self.created_ms,
        }
    }

    fn from_body(body: PrincipalBody, _: u64) -> Option<Self> {
        Some(Self {
            id: PrincipalId::parse(&body.id)?,
            tenant: TenantId::parse(&body.tenant)?,
            name: body.name,
            preset: Preset::parse(&body.preset)?,
            enabled: body.enabled,
            created_ms: body.created_ms,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SecretBody {
    Sealed(String),
    Digest(String),
    PublicKey { spki: String, not_after_ms: u64 },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialBody {
    id: String,
    tenant: String,
    principal: String,
    access_id: String,
    dialect: String,
    account: AccountBody,
    secret: SecretBody,
    enabled: bool,
    created_ms: u64,
}

impl Record for Credential {
    const TABLE: Table = Table::Credentials;
    type Body = CredentialBody;

    fn key(&self) -> RowKey {
        RowKey {
            tenant: *self.tenant.as_bytes(),
            scope: String::new(),
            id: self.id.to_string(),
            number: 0,
        }
    }

    fn lookup(&self) -> Option<String> {
        Some(self.access_id.clone())
    }

    fn to_body(&self) -> CredentialBody {
        CredentialBody {
            id: self.id.to_string(),
            tenant: self.tenant.to_string(),
            principal: self.principal.to_string(),
            access_id: self.access_id.clone(),
            dialect: self.dialect.clone(),
            account: AccountBody::of(&self.account),
            secret: match &self.secret {
                CredentialSecret::Sealed(blob) => SecretBody::Sealed(base64(blob)),
                CredentialSecret::Digest(digest) => SecretBody::Digest(hex(digest)),
                CredentialSecret::PublicKey { spki, not_after_ms } => {
                    SecretBody::PublicKey { spki: base64(spki), not_after_ms: *not_after_ms }
                }
            },
            enabled: self.enabled,
            created_ms: self.created_ms,
        }
    }

    fn from_body(body: CredentialBody, _: u64) -> Option<Self> {
        Some(Self {
            id: CredentialId::parse(&body.id)?,
            tenant: TenantId::parse(&body.tenant)?,
            principal: PrincipalId::parse(&body.principal)?,
            access_id: body.access_id,
            dialect: body.dialect,
            account: body.account.into_account(),
            secret: match body.secret {
                SecretBody::Sealed(blob) => CredentialSecret::Sealed(unbase64(&blob)?),
                SecretBody::Digest(digest) => CredentialSecret::Digest(unhex(&digest)?),
                SecretBody::PublicKey { spki, not_after_ms } => {
                    CredentialSecret::PublicKey { spki: unbase64(&spki)?, not_after_ms }
                }
            },
            enabled: body.enabled,
            created_ms: body.created_ms,
        })
    }
}
