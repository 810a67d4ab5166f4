//! The front door: one accept loop for each address, HTTP/1.1 over TLS or plain, every resource bounded.
//! It knows nothing of what requests mean: an [`App`] answers them.

mod admission;
mod body;
mod connection;
mod phase;
mod refusal;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};
use trent_dialects::{BoxFuture, Peer, Refused};

use crate::limits::Limits;
use crate::metrics::Metrics;
use admission::{Admission, semaphore};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: u32 = 1024;

/// How long accepting pauses when the process is out of file descriptors or memory.
const PAUSE: Duration = Duration::from_millis(50);

/// What answers requests.
pub(crate) trait App: Send + Sync + 'static {
    /// Answers a request; a failure is a response too.
    fn handle(&self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'_, Response<Bytes>>;

    /// Whether a request is answered at once whatever the load, and costs little: such a request waits for no place, and
    /// goes when its client goes.
    fn is_light(&self, _peer: Peer, _head: &Parts) -> bool {
        false
    }

    /// The answer to a request that the listener turns away, in a form that its client understands; `None` leaves it to
    /// the listener.
    fn refuse(&self, _head: &Parts, _why: Refused) -> Option<Response<Bytes>> {
        None
    }
}

/// An address to listen on.
pub(crate) struct Address {
    /// Where.
    pub(crate) address: SocketAddr,
    /// Whether plain HTTP is answered there.
    pub(crate) plain: bool,
    /// TLS, unless the address is plain only.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// What connections of one address share.
struct Entrance {
    plain: bool,
    tls: Option<Arc<ServerConfig>>,
}

/// What all connections share.
struct Shared {
    app: Arc<dyn App>,
    limits: Limits,
    metrics: Arc<Metrics>,
    admission: Arc<Admission>,
    handshakes: Semaphore,
    memory: Arc<Semaphore>,
    work: Arc<Semaphore>,
}

/// Bound addresses where nobody is answered yet: connections wait.
pub(crate) struct Listener {
    addresses: Vec<SocketAddr>,
    sockets: Vec<(TcpListener, Entrance)>,
}

impl Listener {
    /// Binds the addresses.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub(crate) fn bind(wanted: Vec<Address>) -> Result<Self> {
        let (mut addresses, mut sockets) = (Vec::new(), Vec::new());
        for Address { address, plain, tls } in wanted {
            let socket = bind(address).with_context(|| format!("cannot listen on {address} (another address: --listen, or [[listener]] in the configuration)"))?;
            addresses.push(socket.local_addr()?);
            sockets.push((socket, Entrance { plain, tls }));
        }
        Ok(Self { addresses, sockets })
    }

    /// The addresses, with the ports that the system chose where 0 was asked for.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Starts to answer.
    pub(crate) fn start(self, app: Arc<dyn App>, limits: Limits, metrics: Arc<Metrics>) -> Serving {
        let drain_time = limits.drain_time;
        let shared = Arc::new(Shared {
            app,
            admission: Arc::new(Admission::new(&limits)),
            handshakes: semaphore(limits.handshakes),
            memory: Arc::new(semaphore(limits.body_bytes_in_flight)),
            work: Arc::new(semaphore(limits.requests_in_flight)),
            limits,
            metrics,
        });
        let (stop, stopping) = watch::channel(false);
        // Every task holds a sender; when the last is gone, the channel ends.
        let (alive, ended) = mpsc::channel(1);
        for (socket, entrance) in self.sockets {
            let (shared, entrance) = (shared.clone(), Arc::new(entrance));
            tokio::spawn(accept(socket, shared, entrance, stopping.clone(), alive.clone()));
        }
        Serving { drain_time, stop, ended }
    }
}

/// A listener at work. Dropping it stops it too, but nobody waits for open requests then.
pub(crate) struct Serving {
    drain_time: Duration,
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
}

impl Serving {
    /// Stops accepting, lets open requests end, and closes. True when all ended within the limit.
    pub(crate) async fn drain(mut self) -> bool {
        self.stop.send_replace(true);
        timeout(self.drain_time, self.ended.recv()).await.is_ok()
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restarted server takes its port back while old connections are still in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    entrance: Arc<Entrance>,
    mut stop: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((socket, from)) => match shared.admission.admit(from.ip()) {
                Ok(ticket) => {
                    let (shared, entrance) = (shared.clone(), entrance.clone());
                    let (stop, alive) = (stop.clone(), alive.clone());
                    tokio::spawn(connection::serve(shared, entrance, socket, ticket, stop, alive));
                }
                Err(reason) => turn_away(&shared, socket, reason),
            },
            Err(error) if is_one_connections(&error) => {}
            Err(error) => {
                tracing::warn!("cannot accept connections: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Closes a connection at once, with a reset, so that it leaves nothing behind.
fn turn_away(shared: &Shared, socket: TcpStream, reason: &'static str) {
    shared.metrics.shed(reason);
    socket.set_zero_linger().ok();
}

/// Whether only the connection that was to be accepted is concerned (it went away meanwhile), not the listener.
fn is_one_connections(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
