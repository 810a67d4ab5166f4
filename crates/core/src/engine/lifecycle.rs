//! Opening an installation, making a new one, and telling whether it is well.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::{Engine, Options, authenticate, commit, counters};
use crate::audit::AuditSink;
use crate::clock::Clock;
use crate::crypto::Secret32;
use crate::error::{Error, ErrorKind, Result};
use crate::keypairs::KeyPairs;
use crate::keyring::Keyring;
use crate::model::{ClusterId, SlotId};
use crate::record::{NameRow, RootSlot, SYSTEM, decode_unauthenticated, system_name};
use crate::root::{RootKey, SlotPlace};
use crate::store::{Commit, Row, Store, StoreError, Table};

const FIRST_GENERATION: u32 = 1;

impl Engine {
    /// Opens the installation in the store, or makes one there if the store is empty. Events that a stopped process
    /// left in the outbox are in the log before this returns.
    ///
    /// # Errors
    /// [`ErrorKind::RootKeyWrong`] when the root key opens no slot; the store's and the log's errors.
    pub async fn open(
        store: Arc<dyn Store>,
        audit: Arc<dyn AuditSink>,
        root: &dyn RootKey,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self> {
        let keyring = match Self::unlock(&*store, root).await? {
            Some(keyring) => keyring,
            None if options.leave_outbox => {
                return Err(Error::new(ErrorKind::Unavailable, "there is no installation yet"));
            }
            None => Self::initialise(&*store, root, &options).await?,
        };
        let keyring = Arc::new(keyring);
        let nobody = authenticate::Nobody::new(&keyring)?;
        let outbox = Arc::new(commit::Outbox::new(
            Arc::clone(&store),
            Arc::clone(&audit),
            Arc::clone(&keyring),
            options.node,
            options.leave_outbox,
        ));
        outbox.recover().await?;
        Ok(Self {
            store,
            audit,
            clock,
            keyring,
            pairs: KeyPairs::new(options.pairs),
            options,
            nobody,
            outbox,
            counters: counters::Counters::default(),
            quarantine: Mutex::new(HashSet::new()),
        })
    }

    async fn slots(store: &dyn Store) -> Result<Vec<Row>> {
        Ok(store.scan(Table::RootSlots, SYSTEM, String::new(), None, 64).await?)
    }

    async fn unlock(store: &dyn Store, root: &dyn RootKey) -> Result<Option<Keyring>> {
        let slots = Self::slots(store).await?;
        if slots.is_empty() {
            return Ok(None);
        }
        for row in &slots {
            // A slot's own sealing authenticates it; there is no key yet that could.
            let Some(slot) = decode_unauthenticated::<RootSlot>(row) else { continue };
            if slot.provider != root.provider() {
                continue;
            }
            let place = SlotPlace {
                cluster: slot.cluster,
                generation: slot.generation,
                slot: slot.slot,
                params: slot.params,
            };
            if let Ok(master) = root.unwrap(&place, &slot.wrapped) {
                return Ok(Some(Keyring::new(slot.cluster, slot.generation, &master)?));
            }
        }
        Err(Error::new(ErrorKind::RootKeyWrong, "the root key opens none of this store's slots"))
    }

    /// Makes an installation in an empty store. Of two processes that try at once, the second opens what the first made.
    async fn initialise(
        store: &dyn Store,
        root: &dyn RootKey,
        options: &Options,
    ) -> Result<Keyring> {
        if store.generation().await? != 0 {
            return Err(Error::new(
                ErrorKind::RootKeyWrong,
                "the store is in use, but has no root slot: it is damaged",
            ));
        }
        let (cluster, slot) = (ClusterId::random()?, SlotId::random()?);
        let place = SlotPlace { cluster, generation: FIRST_GENERATION, slot, params: Vec::new() };
        let master = Secret32::random()?;
        let record = RootSlot {
            cluster,
            slot,
            generation: FIRST_GENERATION,
            provider: root.provider().to_owned(),
            params: Vec::new(),
            wrapped: root.wrap(&place, &master)?,
        };
        let keyring = Keyring::new(cluster, FIRST_GENERATION, &master)?;
        let only = NameRow {
            key: system_name(SYSTEM, "installation", "one"),
            target: *cluster.as_bytes(),
        };
        let commit = Commit {
            node: options.node,
            changes: vec![keyring.rows.insert(&record), keyring.rows.insert(&only)],
            events: Vec::new(),
            logged: Vec::new(),
        };
        match store.commit(commit).await {
            Ok(_) => Ok(keyring),
            Err(StoreError::Exists(_)) => {
                let theirs = Self::unlock(store, root).await?;
                theirs.ok_or_else(|| Error::internal("an installation without a root slot"))
            }
            Err(cause) => Err(cause.into()),
        }
    }

    /// Whether the engine can serve now: the store answers, and the log takes what there is.
    pub async fn check(&self) -> Result<()> {
        self.store.generation().await?;
        self.audit.append(Vec::new()).await.map_err(|cause| {
            Error::new(ErrorKind::Unavailable, "the audit log cannot be written").caused_by(cause)
        })
    }
}
