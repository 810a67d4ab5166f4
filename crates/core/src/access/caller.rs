//! Who asks, proved, and the facts of the request. An [`Identity`] exists only as the result of a verification.

use std::net::IpAddr;

use super::Preset;
use crate::model::{Account, Credential, Key, Principal, PrincipalId, Region, TenantId};

/// A proved identity.
#[derive(Clone, Debug)]
pub struct Identity {
    tenant: TenantId,
    principal: PrincipalId,
    principal_name: String,
    access_id: String,
    preset: Preset,
    account: Account,
}

impl Identity {
    /// The identity behind a credential that was just verified.
    pub(crate) fn verified(credential: &Credential, principal: &Principal) -> Self {
        Self {
            tenant: credential.tenant,
            principal: principal.id,
            principal_name: principal.name.clone(),
            access_id: credential.access_id.clone(),
            preset: principal.preset,
            account: credential.account.clone(),
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The principal.
    pub fn principal(&self) -> PrincipalId {
        self.principal
    }

    /// The principal's name.
    pub fn principal_name(&self) -> &str {
        &self.principal_name
    }

    /// The public part of the credential used.
    pub fn access_id(&self) -> &str {
        &self.access_id
    }

    /// The account whose names the answers carry.
    pub fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) fn preset(&self) -> Preset {
        self.preset
    }
}

/// What is known of a request beside its content.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The dialect that took it.
    pub dialect: &'static str,
    /// The vendor's own name for the event, as the audit log will show it.
    pub operation: &'static str,
    /// From where it came.
    pub source: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// What the client calls itself.
    pub agent: String,
    /// The id that the answer carries.
    pub request: String,
}

/// A proved identity asking for something in one region.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub identity: Identity,
    /// The region whose keys are meant.
    pub region: Region,
    /// The request.
    pub facts: Facts,
    /// Whether the dialect has words for a key. One that it has none for is not listed, and refused when addressed.
    pub expresses: fn(&Key) -> bool,
    /// Do everything but the act itself, and answer [`ErrorKind::DryRun`](crate::ErrorKind::DryRun).
    pub dry_run: bool,
}

impl Caller {
    /// The tenant that every look-up carries.
    pub fn tenant(&self) -> TenantId {
        self.identity.tenant
    }
}
