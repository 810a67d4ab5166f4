//! An engine over a store, a log and a clock in memory, and callers to use it with.

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_core::access::{Caller, Facts, Preset};
use trent_core::crypto::{Secret32, SecretBytes};
use trent_core::engine::{NewCredential, NewSecret, NewTenant, Options, PlainLimits};
use trent_core::model::{
    Account, KeyRef, KeySpec, KeyView, NodeId, Region, Rotation, TenantId, Usage,
};
use trent_core::ops::{CreateKey, RotateKey};
use trent_core::root::LocalRoot;
use trent_core::store::Table;
use trent_core::testkit::{ManualClock, MemAudit, MemStore};
use trent_core::{Engine, ErrorKind, Result};

pub struct Lab {
    pub engine: Engine,
    pub audit: Arc<MemAudit>,
    pub clock: Arc<ManualClock>,
    store: Arc<MemStore>,
    options: Options,
}

/// The kind of an expected failure.
pub fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it should have failed"),
        Err(error) => error.kind(),
    }
}

fn account() -> Account {
    Account { namespace: "door".into(), id: "1".into(), style: "plain".into() }
}

impl Lab {
    pub async fn new() -> Self {
        Self::with_options(Options::new(NodeId::random().unwrap())).await
    }

    pub async fn with_plain_limits(rotate_at: u64, refuse_at: u64, step: u64) -> Self {
        let plain_limits = PlainLimits { rotate_at, refuse_at, step };
        Self::with_options(Options { plain_limits, ..Options::new(NodeId::random().unwrap()) })
            .await
    }

    async fn with_options(options: Options) -> Self {
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        Self::open(Arc::new(MemStore::new()), Arc::new(MemAudit::new()), clock, options).await
    }

    async fn open(
        store: Arc<MemStore>,
        audit: Arc<MemAudit>,
        clock: Arc<ManualClock>,
        options: Options,
    ) -> Self {
        let root = LocalRoot::new(Secret32::new([5; 32]));
        let engine =
            Engine::open(store.clone(), audit.clone(), &root, clock.clone(), options.clone())
                .await
                .unwrap();
        Self { engine, audit, clock, store, options }
    }

    /// The same store and log after the process has gone.
    pub async fn restart(self) -> Self {
        Self::open(self.store, self.audit, self.clock, self.options).await
    }

    /// Another process on the same store, which leaves its events in the outbox.
    pub async fn without_log(&self) -> Engine {
        let root = LocalRoot::new(Secret32::new([5; 32]));
        let options = Options { leave_outbox: true, ..Options::new(NodeId::random().unwrap()) };
        Engine::open(self.store.clone(), self.audit.clone(), &root, self.clock.clone(), options)
            .await
            .unwrap()
    }

    /// A caller of a new tenant.
    pub async fn caller(&self, tenant: &str, preset: Preset) -> Caller {
        self.caller_of(&self.engine, tenant, preset).await
    }

    pub async fn caller_of(&self, engine: &Engine, tenant: &str, preset: Preset) -> Caller {
        let account = Account { id: tenant.into(), ..account() };
        let new = NewTenant { name: tenant.into(), accounts: vec![account.clone()] };
        let tenant = engine.create_tenant(new).await.unwrap();
        self.login(engine, tenant.id, account, "first", preset).await
    }

    /// Another principal of the same tenant.
    pub async fn principal(&self, of: &Caller, name: &str, preset: Preset) -> Caller {
        let account = of.identity.account().clone();
        self.login(&self.engine, of.tenant(), account, name, preset).await
    }

    async fn login(
        &self,
        engine: &Engine,
        tenant: TenantId,
        account: Account,
        name: &str,
        preset: Preset,
    ) -> Caller {
        let principal = engine.create_principal(tenant, name, preset).await.unwrap().id;
        let access_id = format!("id-of-{principal}");
        let secret = NewSecret::Bearer(SecretBytes::from_slice(b"secret"));
        let dialect = "door";
        let new = NewCredential {
            tenant,
            principal,
            dialect,
            account,
            access_id: access_id.clone(),
            secret,
        };
        engine.create_credential(new).await.unwrap();
        self.verified(engine, &access_id).await
    }

    async fn verified(&self, engine: &Engine, access_id: &str) -> Caller {
        let identity = engine.verify_bearer("door", access_id, b"secret").await.unwrap();
        let facts = Facts {
            dialect: "door",
            operation: "Test",
            source: [127, 0, 0, 1].into(),
            secure: true,
            agent: "test".into(),
            request: "request".into(),
        };
        Caller {
            identity,
            region: Region::new("main").unwrap(),
            facts,
            expresses: |_| true,
            dry_run: false,
        }
    }

    /// The same caller, verified by this engine.
    pub async fn again(&self, caller: &Caller) -> Caller {
        self.verified(&self.engine, caller.identity.access_id()).await
    }

    pub fn in_region(&self, caller: &Caller, region: &str) -> Caller {
        Caller { region: Region::new(region).unwrap(), ..caller.clone() }
    }

    pub async fn key(
        &self,
        caller: &Caller,
        spec: KeySpec,
        usage: Usage,
        exportable: bool,
    ) -> KeyRef {
        let made = self.try_key(caller, spec, usage, exportable, None).await.unwrap();
        KeyRef::Id(made.key.id)
    }

    pub async fn try_key(
        &self,
        caller: &Caller,
        spec: KeySpec,
        usage: Usage,
        exportable: bool,
        name: Option<&str>,
    ) -> Result<KeyView> {
        let new = CreateKey {
            spec,
            usage,
            name: name.map(str::to_owned),
            slug: name.map(|name| name.replace(' ', "-")),
            description: String::new(),
            tags: BTreeMap::new(),
            annotations: BTreeMap::new(),
            exportable,
            rotation: Rotation::default(),
            hints: BTreeMap::new(),
        };
        self.engine.create_key(caller, new).await
    }

    pub async fn rotate(&self, caller: &Caller, key: &KeyRef) {
        let cmd = RotateKey { key: key.clone(), symmetric_only: false, on_demand_limit: None };
        self.engine.rotate_key(caller, cmd).await.unwrap();
    }

    /// Flips a bit in the stored body of the key's first version.
    pub async fn corrupt_version(&self, caller: &Caller, key: &KeyRef) {
        let id = self.engine.describe_key(caller, key).await.unwrap().key.id.to_string();
        let rows = self.store.rows(Table::KeyVersions);
        let row = rows.iter().find(|row| row.key.scope.ends_with(&id)).unwrap();
        assert!(self.store.tamper(Table::KeyVersions, &row.key, |row| row.body[40] ^= 1));
    }
}
