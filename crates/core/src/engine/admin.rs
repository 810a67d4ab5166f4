//! Tenants, principals and credentials: made, listed, disabled and deleted by the installation's operator.
//! Every change is one commit with its event, as for keys.

use super::Engine;
use super::commit::CommitError;
use crate::access::Preset;
use crate::crypto::SecretBytes;
use crate::crypto::mac::sha256;
use crate::error::{Error, ErrorKind, Result, What};
use crate::model::{
    Account, Credential, CredentialId, CredentialSecret, Principal, PrincipalId, Tenant, TenantId,
};
use crate::names;
use crate::record::{Loaded, NameRow, SYSTEM, TenantKek, principal_key, system_name};
use crate::store::{Change, StoreError, Table};

/// What a tenant is made from.
pub struct NewTenant {
    /// A name for people, unique in the installation.
    pub name: String,
    /// Its names in the dialects; each (namespace, id) is unique in the installation.
    pub accounts: Vec<Account>,
}

/// What a credential is made from.
pub struct NewCredential {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose it will be.
    pub principal: PrincipalId,
    /// The dialect in which it works.
    pub dialect: &'static str,
    /// The account whose names its answers carry; one of the tenant's.
    pub account: Account,
    /// The public part, unique in the installation.
    pub access_id: String,
    /// The secret part.
    pub secret: NewSecret,
}

/// How a secret is kept.
pub enum NewSecret {
    /// Sealed, because the scheme needs it to check a MAC.
    Recoverable(SecretBytes),
    /// As SHA-256 only.
    Bearer(SecretBytes),
    /// Not at all: what is kept is the public half of the holder's key.
    PublicKey {
        /// The public key as SubjectPublicKeyInfo DER (RFC 5280).
        spki: Vec<u8>,
        /// Until when it is good, in milliseconds since the Unix epoch.
        not_after_ms: u64,
    },
}

const TENANT_NAMES: &str = "tenant";
const PRINCIPAL_NAMES: &str = "principal";

fn account_scope(namespace: &str) -> String {
    format!("account/{namespace}")
}

impl Engine {
    async fn admin_commit(
        &self,
        operation: &'static str,
        tenant: TenantId,
        about: (String, Option<PrincipalId>),
        changes: Vec<Change>,
        taken: What,
    ) -> Result<()> {
        let mut event = self.bare_event("admin", operation, operation)?;
        event.tenant = Some(tenant);
        (event.access_id, event.principal) = about;
        match self.commit(changes, &event).await {
            Err(CommitError::Store(StoreError::Exists(_))) => {
                Err(Error::new(ErrorKind::AlreadyExists(taken), "the name is taken"))
            }
            other => Ok(other?),
        }
    }

    // ---- tenants

    /// Makes a tenant with its KEK.
    pub async fn create_tenant(&self, new: NewTenant) -> Result<Tenant> {
        names::check_word(&new.name)?;
        let id = TenantId::random()?;
        let tenant = Tenant {
            id,
            name: new.name,
            accounts: new.accounts,
            kek_generation: 1,
            enabled: true,
            created_ms: self.now_ms(),
        };
        let rows = &self.keyring.rows;
        let mut changes = vec![rows.insert(&tenant), rows.insert(&self.keyring.make_kek(id, 1)?)];
        let target = *id.as_bytes();
        let mut names = vec![system_name(SYSTEM, TENANT_NAMES, &tenant.name)];
        for account in &tenant.accounts {
            names.push(system_name(SYSTEM, &account_scope(&account.namespace), &account.id));
        }
        changes.extend(names.into_iter().map(|key| rows.insert(&NameRow { key, target })));
        let about = (String::new(), None);
        self.admin_commit("CreateTenant", id, about, changes, What::Tenant).await?;
        Ok(tenant)
    }

    /// Every tenant.
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        let found = self.scan_all::<Tenant>(SYSTEM, String::new()).await?;
        Ok(found.into_iter().map(|loaded| loaded.record).collect())
    }

    async fn named(&self, tenant: [u8; 16], scope: &str, name: &str) -> Result<Option<[u8; 16]>> {
        let row: Option<Loaded<NameRow>> = self.get(system_name(tenant, scope, name)).await?;
        Ok(row.map(|row| row.record.target))
    }

    /// The tenant of this name or id.
    pub async fn find_tenant(&self, name_or_id: &str) -> Result<Tenant> {
        let id = match TenantId::parse(name_or_id) {
            Some(id) => Some(id),
            None => self.named(SYSTEM, TENANT_NAMES, name_or_id).await?.map(TenantId::from_bytes),
        };
        let found = match id {
            Some(id) => self.tenant(id).await?,
            None => None,
        };
        found.map(|loaded| loaded.record).ok_or_else(|| unknown("tenant"))
    }

    /// The tenant that has this account.
    pub async fn tenant_by_account(&self, namespace: &str, id: &str) -> Result<Option<Tenant>> {
        let Some(target) = self.named(SYSTEM, &account_scope(namespace), id).await? else {
            return Ok(None);
        };
        let found = self.tenant(TenantId::from_bytes(target)).await?;
        Ok(found.map(|loaded| loaded.record))
    }

    /// Gives a tenant one more account.
    ///
    /// # Errors
    /// [`What::Tenant`] when a tenant has the account already.
    pub async fn add_account(&self, id: TenantId, account: Account) -> Result<Tenant> {
        let loaded = self.tenant(id).await?.ok_or_else(|| unknown("tenant"))?;
        let key = system_name(SYSTEM, &account_scope(&account.namespace), &account.id);
        let mut tenant = loaded.record;
        tenant.accounts.push(account);
        let rows = &self.keyring.rows;
        let name = NameRow { key, target: *id.as_bytes() };
        let changes = vec![rows.update(&tenant, loaded.revision), rows.insert(&name)];
        let about = (String::new(), None);
        self.admin_commit("AddAccount", id, about, changes, What::Tenant).await?;
        Ok(tenant)
    }

    /// Makes a tenant's credentials work or not.
    pub async fn set_tenant_enabled(&self, id: TenantId, enabled: bool) -> Result<()> {
        let loaded = self.tenant(id).await?.ok_or_else(|| unknown("tenant"))?;
        let tenant = Tenant { enabled, ..loaded.record };
        let changes = vec![self.keyring.rows.update(&tenant, loaded.revision)];
        let operation = if enabled { "EnableTenant" } else { "DisableTenant" };
        self.admin_commit(operation, id, (String::new(), None), changes, What::Tenant).await
    }

    /// Deletes a disabled tenant with its principals, credentials and KEKs. Without a KEK nothing can open its keys'
    /// material any more: this destroys all its keys at once.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] while the tenant is enabled.
    pub async fn shred_tenant(&self, id: TenantId) -> Result<()> {
        let loaded = self.tenant(id).await?.ok_or_else(|| unknown("tenant"))?;
        if loaded.record.enabled {
            return Err(Error::new(ErrorKind::Unsupported, "the tenant must be disabled first"));
        }
        let (owner, rows) = (*id.as_bytes(), &self.keyring.rows);
        let mut changes = vec![rows.delete(&loaded.record, loaded.revision)];
        let mut names = vec![system_name(SYSTEM, TENANT_NAMES, &loaded.record.name)];
        for account in &loaded.record.accounts {
            names.push(system_name(SYSTEM, &account_scope(&account.namespace), &account.id));
        }
        for principal in self.scan_all::<Principal>(owner, String::new()).await? {
            names.push(system_name(owner, PRINCIPAL_NAMES, &principal.record.name));
            changes.push(rows.delete(&principal.record, principal.revision));
        }
        for credential in self.scan_all::<Credential>(owner, String::new()).await? {
            changes.push(rows.delete(&credential.record, credential.revision));
        }
        for kek in self.scan_all::<TenantKek>(owner, String::new()).await? {
            changes.push(rows.delete(&kek.record, kek.revision));
        }
        for name in names {
            if let Some(row) = self.get::<NameRow>(name).await? {
                changes.push(rows.delete(&row.record, row.revision));
            }
        }
        let about = (String::new(), None);
        self.admin_commit("ShredTenant", id, about, changes, What::Tenant).await?;
        self.keyring.forget(id);
        Ok(())
    }

    // ---- principals

    /// Makes a principal.
    pub async fn create_principal(
        &self,
        tenant: TenantId,
        name: &str,
        preset: Preset,
    ) -> Result<Principal> {
        names::check_word(name)?;
        self.tenant(tenant).await?.ok_or_else(|| unknown("tenant"))?;
        let principal = Principal {
            id: PrincipalId::random()?,
            tenant,
            name: name.to_owned(),
            preset,
            enabled: true,
            created_ms: self.now_ms(),
        };
        let rows = &self.keyring.rows;
        let key = system_name(*tenant.as_bytes(), PRINCIPAL_NAMES, name);
        let target = *principal.id.as_bytes();
        let changes = vec![rows.insert(&principal), rows.insert(&NameRow { key, target })];
        let about = (String::new(), Some(principal.id));
        self.admin_commit("CreatePrincipal", tenant, about, changes, What::Principal).await?;
        Ok(principal)
    }

    /// A tenant's principals.
    pub async fn principals(&self, tenant: TenantId) -> Result<Vec<Principal>> {
        let found = self.scan_all::<Principal>(*tenant.as_bytes(), String::new()).await?;
        Ok(found.into_iter().map(|loaded| loaded.record).collect())
    }

    async fn principal(&self, tenant: TenantId, id: PrincipalId) -> Result<Loaded<Principal>> {
        self.get(principal_key(tenant, id)).await?.ok_or_else(|| unknown("principal"))
    }

    /// The tenant's principal of this name or id.
    pub async fn find_principal(&self, tenant: TenantId, name_or_id: &str) -> Result<Principal> {
        let id = match PrincipalId::parse(name_or_id) {
            Some(id) => id,
            None => self
                .named(*tenant.as_bytes(), PRINCIPAL_NAMES, name_or_id)
                .await?
                .map(PrincipalId::from_bytes)
                .ok_or_else(|| unknown("principal"))?,
        };
        Ok(self.principal(tenant, id).await?.record)
    }

    /// Makes a principal's credentials work or not.
    pub async fn set_principal_enabled(
        &self,
        tenant: TenantId,
        id: PrincipalId,
        enabled: bool,
    ) -> Result<()> {
        let loaded = self.principal(tenant, id).await?;
        let principal = Principal { enabled, ..loaded.record };
        let changes = vec![self.keyring.rows.update(&principal, loaded.revision)];
        let operation = if enabled { "EnablePrincipal" } else { "DisablePrincipal" };
        let about = (String::new(), Some(id));
        self.admin_commit(operation, tenant, about, changes, What::Principal).await
    }

    /// Deletes a principal with all its credentials.
    pub async fn delete_principal(&self, tenant: TenantId, id: PrincipalId) -> Result<()> {
        let loaded = self.principal(tenant, id).await?;
        let rows = &self.keyring.rows;
        let mut changes = vec![rows.delete(&loaded.record, loaded.revision)];
        let name = system_name(*tenant.as_bytes(), PRINCIPAL_NAMES, &loaded.record.name);
        if let Some(row) = self.get::<NameRow>(name).await? {
            changes.push(rows.delete(&row.record, row.revision));
        }
        for credential in self.scan_all::<Credential>(*tenant.as_bytes(), String::new()).await? {
            if credential.record.principal == id {
                changes.push(rows.delete(&credential.record, credential.revision));
            }
        }
        let about = (String::new(), Some(id));
        self.admin_commit("DeletePrincipal", tenant, about, changes, What::Principal).await
    }

    // ---- credentials

    /// Makes a credential. The secret is kept sealed or digested, and never given out again.
    pub async fn create_credential(&self, new: NewCredential) -> Result<Credential> {
        let tenant = self.tenant(new.tenant).await?.ok_or_else(|| unknown("tenant"))?;
        if !tenant.record.accounts.contains(&new.account) {
            return Err(unknown("account"));
        }
        self.principal(new.tenant, new.principal).await?;
        let mut credential = Credential {
            id: CredentialId::random()?,
            tenant: new.tenant,
            principal: new.principal,
            access_id: new.access_id,
            dialect: new.dialect.to_owned(),
            account: new.account,
            secret: CredentialSecret::Digest([0; 32]),
            enabled: true,
            created_ms: self.now_ms(),
        };
        credential.secret = match new.secret {
            NewSecret::Recoverable(secret) => self.keyring.seal_credential(&credential, &secret)?,
            NewSecret::Bearer(secret) => CredentialSecret::Digest(sha256(&[secret.expose()])),
            NewSecret::PublicKey { spki, not_after_ms } => {
                CredentialSecret::PublicKey { spki, not_after_ms }
            }
        };
        let changes = vec![self.keyring.rows.insert(&credential)];
        let about = (credential.access_id.clone(), Some(credential.principal));
        self.admin_commit("CreateCredential", new.tenant, about, changes, What::Credential).await?;
        Ok(credential)
    }

    /// A tenant's credentials, without their secrets' use.
    pub async fn credentials(&self, tenant: TenantId) -> Result<Vec<Credential>> {
        let found = self.scan_all::<Credential>(*tenant.as_bytes(), String::new()).await?;
        Ok(found.into_iter().map(|loaded| loaded.record).collect())
    }

    async fn credential(&self, tenant: TenantId, access_id: &str) -> Result<Loaded<Credential>> {
        let row = self.store.lookup(Table::Credentials, access_id.to_owned()).await?;
        let loaded: Loaded<Credential> =
            self.authenticate_row(&row.ok_or_else(|| unknown("credential"))?)?;
        let ours = loaded.record.tenant == tenant && loaded.record.access_id == access_id;
        if ours { Ok(loaded) } else { Err(unknown("credential")) }
    }

    /// Makes a credential work or not, from its next request on.
    pub async fn set_credential_enabled(
        &self,
        tenant: TenantId,
        access_id: &str,
        enabled: bool,
    ) -> Result<()> {
        let loaded = self.credential(tenant, access_id).await?;
        let credential = Credential { enabled, ..loaded.record };
        let changes = vec![self.keyring.rows.update(&credential, loaded.revision)];
        let operation = if enabled { "EnableCredential" } else { "DisableCredential" };
        let about = (access_id.to_owned(), Some(credential.principal));
        self.admin_commit(operation, tenant, about, changes, What::Credential).await
    }

    /// Deletes a credential.
    pub async fn delete_credential(&self, tenant: TenantId, access_id: &str) -> Result<()> {
        let loaded = self.credential(tenant, access_id).await?;
        let changes = vec![self.keyring.rows.delete(&loaded.record, loaded.revision)];
        let about = (access_id.to_owned(), Some(loaded.record.principal));
        self.admin_commit("DeleteCredential", tenant, about, changes, What::Credential).await
    }
}

fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::NameNotFound, format!("no such {what}"))
}
