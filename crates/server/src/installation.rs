//! Opens what lies in a data directory as one engine: for the process that serves it, or for a command beside one.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use trent_audit::FileAudit;
use trent_core::Engine;
use trent_core::audit::AuditSink;
use trent_core::clock::SystemClock;
use trent_core::engine::Options;
use trent_core::model::NodeId;
use trent_core::root::RootKey;
use trent_core::store::Store;
use trent_store::SqliteStore;

use crate::audit_handoff::AuditHandoff;
use crate::data::DataDir;
use crate::files;
use crate::lock::Lock;
use crate::metrics::Metrics;
use crate::root;

/// Longest node file in bytes: a UUID's text.
const NODE_TEXT: usize = 36;

/// An open data directory.
pub(crate) struct Installation {
    /// The engine over it.
    pub(crate) engine: Arc<Engine>,
    /// The audit log, where this process writes it.
    pub(crate) log: Option<Arc<FileAudit>>,
    // Held, not read: the lock goes when the engine is no longer used.
    _lock: Option<Lock>,
}

impl Installation {
    /// Takes a directory in order to serve it, and makes it first if it is not there.
    ///
    /// # Errors
    /// Another process serves it, or it is unsafe.
    pub(crate) fn claim(data: &DataDir) -> Result<Lock> {
        files::private_directory(data.path())?;
        let lock = Lock::take(&data.lock())?;
        files::sweep(data.path())?;
        files::sweep(&data.tls())?;
        Ok(lock)
    }

    /// Opens a claimed directory to serve it; makes what is missing in a new one.
    ///
    /// # Errors
    /// Any part is unsafe, damaged or does not fit the others.
    pub(crate) async fn serving(
        data: &DataDir,
        root_file: &Path,
        lock: Lock,
        metrics: &Arc<Metrics>,
    ) -> Result<Self> {
        let root = root::read_or_create(root_file, &data.store())?;
        let node = node(data)?;
        let (store, log) = (open_store(data)?, Arc::new(open_log(data, node)?));
        let (commits, syncs) = (metrics.clone(), metrics.clone());
        store.on_commit(Box::new(move |took| commits.store_committed(took)));
        log.on_sync(Box::new(move |took| syncs.audit_synced(took)));
        let engine = open(Arc::new(store), log.clone(), &root, Options::new(node)).await?;
        Ok(Self { engine, log: Some(log), _lock: Some(lock) })
    }

    /// Opens an existing directory for one command, whether or not a server is using it. With a server, the server
    /// logs what the command does; without one, the command does.
    ///
    /// # Errors
    /// There is nothing, or any part is unsafe, damaged or does not fit the others.
    pub(crate) async fn administering(data: &DataDir, root_file: &Path) -> Result<Self> {
        ensure!(
            data.store().exists(),
            "there is no store in {}; start a server there first",
            data.path().display()
        );
        let root = root::read(root_file)?;
        let store: Arc<dyn Store> = Arc::new(open_store(data)?);
        let lock = Lock::try_take(&data.lock())?;
        if lock.is_some() {
            let node = node(data)?;
            let log = Arc::new(open_log(data, node)?);
            let engine = open(store, log.clone(), &root, Options::new(node)).await?;
            return Ok(Self { engine, log: Some(log), _lock: lock });
        }
        // Not the server's own name: it looks in the outbox for what others left.
        let mut options = Options::new(NodeId::random()?);
        options.leave_outbox = true;
        let engine = open(store, Arc::new(AuditHandoff), &root, options).await?;
        Ok(Self { engine, log: None, _lock: None })
    }

    /// Closes the log and gives the directory free.
    pub(crate) fn close(self) {
        if let Some(log) = &self.log {
            log.close();
        }
    }
}

async fn open(
    store: Arc<dyn Store>,
    audit: Arc<dyn AuditSink>,
    root: &dyn RootKey,
    options: Options,
) -> Result<Arc<Engine>> {
    let engine = Engine::open(store, audit, root, Arc::new(SystemClock), options).await;
    Ok(Arc::new(engine.context("cannot open the installation")?))
}

fn open_store(data: &DataDir) -> Result<SqliteStore> {
    let path = data.store();
    SqliteStore::open(&path).with_context(|| format!("cannot open {}", path.display()))
}

fn open_log(data: &DataDir, node: NodeId) -> Result<FileAudit> {
    let folder = data.audit();
    files::private_directory(&folder)?;
    FileAudit::open(&folder, node)
        .with_context(|| format!("cannot open the audit log in {}", folder.display()))
}

/// This node's identity: read, or made at the first start.
fn node(data: &DataDir) -> Result<NodeId> {
    let path = data.node();
    if path.exists() {
        let text = files::read_private(&path, NODE_TEXT)?;
        return NodeId::parse(&text).with_context(|| format!("{} is damaged", path.display()));
    }
    let node = NodeId::random()?;
    files::create(&path, node.to_string().as_bytes())?;
    Ok(node)
}
