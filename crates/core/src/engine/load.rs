//! Reading records: every row is authenticated, and what fails is quarantined and never used.

use std::sync::{Arc, PoisonError};

use super::Engine;
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::keyring::Kek;
use crate::model::{
    Key, KeyRef, KeyVersion, KeyView, NameKind, Tenant, TenantId, VersionInfo, VersionSelector,
};
use crate::record::{
    Loaded, NameRow, Record, TenantKek, key_key, name_key, tenant_key, version_key, version_scope,
};
use crate::store::{Row, RowKey, Table};

impl Engine {
    /// The record in this row, if the row is ours.
    pub(crate) fn authenticate_row<R: Record>(&self, row: &Row) -> Result<Loaded<R>> {
        self.keyring.rows.read(row).ok_or_else(|| self.quarantine(row))
    }

    fn quarantine(&self, row: &Row) -> Error {
        let place = (row.table, row.key.clone());
        let mut known = self.quarantine.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(place) {
            tracing::error!(
                table = row.table.as_str(),
                id = row.key.id,
                scope = row.key.scope,
                "a stored row failed its integrity check and is quarantined"
            );
        }
        Error::new(ErrorKind::KeyUnavailable, "the stored object failed its integrity check")
    }

    /// The record with this primary key.
    pub(crate) async fn get<R: Record>(&self, key: RowKey) -> Result<Option<Loaded<R>>> {
        match self.store.get(R::TABLE, key.clone()).await? {
            Some(row) if row.key == key => self.authenticate_row(&row).map(Some),
            Some(row) => Err(self.quarantine(&row)),
            None => Ok(None),
        }
    }

    /// Every record of this tenant and scope, a page at a time in the store's order.
    pub(crate) async fn scan_all<R: Record>(
        &self,
        tenant: [u8; 16],
        scope: String,
    ) -> Result<Vec<Loaded<R>>> {
        const PAGE: usize = 500;
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let rows = self.store.scan(R::TABLE, tenant, scope.clone(), after.take(), PAGE).await?;
            let last = rows.len() < PAGE;
            after = rows.last().map(|row| (row.key.id.clone(), row.key.number));
            for row in &rows {
                found.push(self.authenticate_row(row)?);
            }
            if last {
                return Ok(found);
            }
        }
    }

    /// The tenant.
    pub(crate) async fn tenant(&self, id: TenantId) -> Result<Option<Loaded<Tenant>>> {
        self.get(tenant_key(id)).await
    }

    /// The key that the caller means, of its own tenant and region.
    pub(crate) async fn load_key(&self, caller: &Caller, key: &KeyRef) -> Result<Key> {
        let id = match key {
            KeyRef::Id(id) => *id,
            KeyRef::Name(kind, name) => self.resolve_name(caller, *kind, name).await?,
        };
        let loaded: Option<Loaded<Key>> = self
            .get(key_key(caller.tenant(), &caller.region, id))
            .await
            .map_err(|error| error.about(id))?;
        match loaded {
            Some(loaded) => Ok(loaded.record),
            None => Err(Error::from(ErrorKind::KeyNotFound).about(id)),
        }
    }

    async fn resolve_name(
        &self,
        caller: &Caller,
        kind: NameKind,
        name: &str,
    ) -> Result<crate::model::KeyId> {
        let place = name_key(caller.tenant(), &caller.region, kind, name);
        match self.get::<NameRow>(place).await? {
            Some(found) => Ok(crate::model::KeyId::from_bytes(found.record.target)),
            None => Err(Error::from(ErrorKind::NameNotFound)),
        }
    }

    /// One version of a key.
    pub(crate) async fn load_version(
        &self,
        key: &Key,
        which: VersionSelector,
    ) -> Result<KeyVersion> {
        let number = match which {
            VersionSelector::Initial => 1,
            VersionSelector::Primary => key.primary_version,
            VersionSelector::Number(number) => number,
        };
        let loaded: Option<Loaded<KeyVersion>> = self
            .get(version_key(key.tenant, &key.region, key.id, number))
            .await
            .map_err(|error| error.about(key.id))?;
        // A version above the primary one is of a commit that this key record does not know yet.
        let exists = (1..=key.primary_version).contains(&number);
        match loaded {
            Some(loaded) if exists => Ok(loaded.record),
            // Versions count up without gaps: a missing row was taken away.
            None if exists => Err(missing_version(key)),
            _ => Err(Error::from(ErrorKind::VersionNotFound).about(key.id)),
        }
    }

    /// Every version of a key, oldest first.
    pub(crate) async fn load_versions(&self, key: &Key) -> Result<Vec<KeyVersion>> {
        let scope = version_scope(&key.region, key.id);
        let versions = self.scan_all::<KeyVersion>(*key.tenant.as_bytes(), scope).await;
        let versions = versions.map_err(|error| error.about_key(key))?;
        let versions: Vec<KeyVersion> = versions
            .into_iter()
            .map(|loaded| loaded.record)
            .filter(|version| version.number <= key.primary_version)
            .collect();
        if versions.iter().map(|version| version.number).eq(1..=key.primary_version) {
            Ok(versions)
        } else {
            Err(missing_version(key))
        }
    }

    /// The key with what may be shown of its versions.
    pub(crate) async fn view(&self, key: Key) -> Result<KeyView> {
        // A key that was never rotated is shown without another read: its only version is as old as itself.
        let versions = if key.primary_version == 1 {
            vec![VersionInfo { number: 1, created_ms: key.created_ms }]
        } else {
            let versions = self.load_versions(&key).await?;
            versions
                .iter()
                .map(|version| VersionInfo {
                    number: version.number,
                    created_ms: version.created_ms,
                })
                .collect()
        };
        Ok(KeyView { key, versions })
    }

    /// The tenant's KEK of this generation, open.
    pub(crate) async fn kek(&self, tenant: TenantId, generation: u32) -> Result<Arc<Kek>> {
        if let Some(kek) = self.keyring.opened_kek(tenant, generation) {
            return Ok(kek);
        }
        match self.get::<TenantKek>(TenantKek::row_key(tenant, generation)).await? {
            Some(stored) => Ok(self.keyring.open_kek(&stored.record)?),
            None => Err(Error::internal("a tenant's KEK is missing")),
        }
    }

    /// Closes the KEKs whose rows are gone: their tenants were shredded, perhaps by another process.
    pub(crate) async fn close_lost_keks(&self) -> Result<()> {
        for (tenant, generation) in self.keyring.open_keks() {
            let row = TenantKek::row_key(tenant, generation);
            if self.store.get(Table::TenantKeks, row).await?.is_none() {
                self.keyring.forget(tenant);
            }
        }
        Ok(())
    }

    /// The KEK under which new material of this tenant is wrapped.
    pub(crate) async fn current_kek(&self, tenant: TenantId) -> Result<Arc<Kek>> {
        match self.tenant(tenant).await? {
            Some(tenant) => self.kek(tenant.record.id, tenant.record.kek_generation).await,
            None => Err(Error::internal("the tenant is missing")),
        }
    }
}

fn missing_version(key: &Key) -> Error {
    Error::new(ErrorKind::KeyUnavailable, "a version is missing").about_key(key)
}
