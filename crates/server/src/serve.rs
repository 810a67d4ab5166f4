//! A server from its start to its end: opens the data, listens, works in the background, drains at a signal.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::ServerConfig;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep};
use trent_core::Engine;
use trent_dialects::Dialects;

use crate::config::Config;
use crate::front::Front;
use crate::health::Health;
use crate::installation::Installation;
use crate::listen::{Address, Listener};
use crate::metrics::Metrics;
use crate::regions;
use crate::tls;

/// How often events that other processes left are put into the audit log.
const OUTBOX_PERIOD: Duration = Duration::from_secs(1);

/// How long the making of key pairs ahead of need waits, so that it does not compete with the start.
const PAIRS_DELAY: Duration = Duration::from_secs(2);

/// How long tasks that were given up on may hold up the end of the process.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// What happens between claiming a directory and answering.
pub(crate) trait Beginning {
    /// The directory is this process's; nothing is opened or made yet.
    fn claimed(&self) -> Result<()> {
        Ok(())
    }

    /// The data is open; nobody is answered yet.
    fn opened(&self, engine: &Engine) -> impl Future<Output = Result<()>> + Send;

    /// The addresses are known and bound; the next thing is to answer there.
    fn bound(&self, addresses: &[SocketAddr]) -> Result<()>;
}

/// Serves until SIGTERM or SIGINT; a second one ends the draining early.
///
/// # Errors
/// Something keeps the server from starting.
pub(crate) fn run(config: &Config, beginning: &(impl Beginning + Sync)) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.workers.unwrap_or(cores.max(2)))
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let served = runtime.block_on(serve(config, beginning));
    runtime.shutdown_timeout(LAST_WAIT);
    // The lock goes last, when nothing here writes any more.
    served?.close();
    Ok(())
}

async fn serve(config: &Config, beginning: &impl Beginning) -> Result<Installation> {
    let mut signals = Signals::new()?;
    let metrics = Arc::new(Metrics::new());
    let lock = Installation::claim(&config.data)?;
    beginning.claimed()?;
    let opening = Installation::serving(&config.data, &config.root_file, lock, &metrics);
    let (installation, tls) = tokio::join!(opening, certificates(config));
    let (installation, tls) = (installation?, tls?);
    let engine = installation.engine.clone();
    beginning.opened(&engine).await?;

    let addresses = config.listeners.iter().map(|listen| Address {
        address: listen.address,
        plain: listen.allows_plain(),
        tls: Some(tls.clone()),
    });
    let listener = Listener::bind(addresses.collect())?;
    beginning.bound(listener.addresses())?;
    let health = Health::new(&installation, metrics.clone());
    let regions = Arc::new(regions::build(config)?);
    let dialects = Dialects::new(engine.clone(), regions, config.dialects.clone());
    let front = Arc::new(Front::new(health, dialects, metrics.clone()));
    let serving = listener.start(front, config.limits.clone(), metrics);
    tracing::info!("ready");

    let background =
        [tokio::spawn(drain_outbox(engine.clone())), tokio::spawn(keep_pairs(engine.clone()))];
    signals.next().await;
    tracing::info!("stopping: open requests may end");
    tokio::select! {
        ended = serving.drain() => {
            if !ended {
                tracing::warn!("open requests did not end in time");
            }
        }
        () = signals.next() => tracing::warn!("stopped at once"),
    }
    for task in background {
        task.abort();
    }
    if let Err(error) = engine.drain_outbox().await {
        tracing::warn!("events are left for the next start to log: {error:?}");
    }
    tracing::info!("stopped");
    Ok(installation)
}

/// The certificates, on a thread of their own: making them writes files.
async fn certificates(config: &Config) -> Result<Arc<ServerConfig>> {
    if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
        return tls::given(certificate, key);
    }
    let (folder, names) = (config.data.tls(), config.certificate_names());
    tokio::task::spawn_blocking(move || tls::generated(&folder, &names)).await?
}

async fn drain_outbox(engine: Arc<Engine>) {
    let mut ticks = interval(OUTBOX_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = engine.drain_outbox().await {
            tracing::warn!("the outbox cannot be put into the audit log: {error:?}");
        }
    }
}

async fn keep_pairs(engine: Arc<Engine>) {
    sleep(PAIRS_DELAY).await;
    loop {
        let error = engine.keep_pairs().await;
        tracing::warn!("key pairs cannot be made ahead of need: {error:?}");
        sleep(Duration::from_secs(60)).await;
    }
}

/// The signals that end a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
