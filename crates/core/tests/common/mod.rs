//! An engine over a store, a log and a clock in memory, and callers to use it with.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

mod requests;

pub use requests::{context, decrypt, encrypt};

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_core::access::{Caller, Facts, Preset};
use trent_core::crypto::{Secret32, SecretBytes};
use trent_core::engine::{NewCredential, NewSecret, NewTenant, Options, PlainLimits};
use trent_core::model::{
    Account, EventId, KeyRef, KeySpec, KeyView, NodeId, Region, Rotation, TenantId, Usage,
};
use trent_core::ops::{CreateKey, RotateKey};
use trent_core::root::LocalRoot;
use trent_core::store::{Commit, OutboxEvent, Row, RowKey, Store, Table};
use trent_core::testkit::{ManualClock, MemAudit, MemStore};
use trent_core::{Engine, ErrorKind, Result};

pub struct Lab {
    pub engine: Engine,
    pub audit: Arc<MemAudit>,
    pub clock: Arc<ManualClock>,
    pub store: Arc<MemStore>,
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

async fn open(
    store: &Arc<MemStore>,
    audit: &Arc<MemAudit>,
    clock: &Arc<ManualClock>,
    options: Options,
) -> Result<Engine> {
    let root = LocalRoot::new(Secret32::new([5; 32]));
    Engine::open(store.clone(), audit.clone(), &root, clock.clone(), options).await
}

fn leaving() -> Options {
    Options { leave_outbox: true, ..Options::new(NodeId::random().unwrap()) }
}

/// A store and a log that nobody has opened yet.
#[derive(Default)]
pub struct Empty {
    store: Arc<MemStore>,
    audit: Arc<MemAudit>,
}

impl Empty {
    pub async fn process(&self, leaves_outbox: bool) -> Result<Engine> {
        let own = Options::new(NodeId::random().unwrap());
        let options = if leaves_outbox { leaving() } else { own };
        open(&self.store, &self.audit, &Arc::new(ManualClock::new(1)), options).await
    }
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
        let engine = open(&store, &audit, &clock, options.clone()).await.unwrap();
        Self { engine, audit, clock, store, options }
    }

    /// The same store and log after the process has gone.
    pub async fn restart(self) -> Self {
        Self::open(self.store, self.audit, self.clock, self.options).await
    }

    /// Whether the same store and log open again.
    pub async fn try_restart(&self) -> Result<Engine> {
        open(&self.store, &self.audit, &self.clock, self.options.clone()).await
    }

    /// Another process on the same store, which leaves its events in the outbox.
    pub async fn without_log(&self) -> Engine {
        open(&self.store, &self.audit, &self.clock, leaving()).await.unwrap()
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
            name: name.map(str::to_owned),
            slug: name.map(|name| name.replace(' ', "-")),
            exportable,
            ..CreateKey::bare(spec, usage)
        };
        self.engine.create_key(caller, new).await
    }

    pub async fn rotate(&self, caller: &Caller, key: &KeyRef) {
        let cmd = RotateKey { key: key.clone(), symmetric_only: false, on_demand_limit: None };
        self.engine.rotate_key(caller, cmd).await.unwrap();
    }

    async fn version_row(&self, caller: &Caller, key: &KeyRef, number: u32) -> RowKey {
        let id = self.engine.describe_key(caller, key).await.unwrap().key.id.to_string();
        let rows = self.store.rows(Table::KeyVersions);
        let fits = |row: &&Row| row.key.scope.ends_with(&id) && row.key.number == number;
        rows.iter().find(fits).unwrap().key.clone()
    }

    /// Flips a bit in the stored body of the key's first version.
    pub async fn corrupt_version(&self, caller: &Caller, key: &KeyRef) {
        let row = self.version_row(caller, key, 1).await;
        assert!(self.store.tamper(Table::KeyVersions, &row, |row| row.body[40] ^= 1));
    }

    /// Takes a version's row away.
    pub async fn lose_version(&self, caller: &Caller, key: &KeyRef, number: u32) {
        let row = self.version_row(caller, key, number).await;
        assert!(self.store.lose(Table::KeyVersions, &row));
    }

    /// Takes all rows of a table away.
    pub fn lose_rows(&self, table: Table) {
        for row in self.store.rows(table) {
            assert!(self.store.lose(table, &row.key));
        }
    }

    /// Puts a line into the outbox as someone with access to the store could.
    pub async fn forge_outbox(&self, bytes: &[u8]) {
        let id = EventId::random().unwrap();
        let commit = Commit {
            node: NodeId::random().unwrap(),
            changes: Vec::new(),
            events: vec![OutboxEvent { id, bytes: bytes.to_vec(), mac: [7; 32] }],
            logged: Vec::new(),
        };
        self.store.commit(commit).await.unwrap();
    }
}
