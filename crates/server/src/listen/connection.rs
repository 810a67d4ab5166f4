//! One connection: TLS or plain, then requests one after another until it ends, idles too long or the server stops.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use trent_dialects::Peer;

use super::admission::{Source, Ticket};
use super::phase::Phase;
use super::request::Service;
use super::stream::{Stream, speaks_tls};
use super::{Entrance, Shared};

/// How long a closed connection is still read from, so that the last answer is not lost with unread input.
const LINGER: Duration = Duration::from_secs(2);

/// Smallest read buffer that the HTTP library takes, in bytes.
const MIN_BUFFER: usize = 8192;

/// Serves a connection to its end, and then gives its place back.
pub(super) async fn serve(
    shared: Arc<Shared>,
    entrance: Arc<Entrance>,
    socket: TcpStream,
    ticket: Ticket,
    mut stop: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let Ok(address) = socket.peer_addr() else { return };
    // Answers are small and whole; waiting for more to send would only delay them.
    socket.set_nodelay(true).ok();
    let opened = tokio::select! {
        opened = open(&shared, &entrance, &ticket.source, socket) => opened,
        _ = stop.wait_for(|stop| *stop) => None,
    };
    let Some((stream, phase, secure)) = opened else { return };
    let barred = !secure && !entrance.plain;
    let peer = Peer { address, secure };
    let source = ticket.source.clone();
    let service = Service::new(shared.clone(), source, peer, phase.clone(), barred, alive);
    if let Some(mut stream) = requests(&shared, service, stream, &phase, stop).await {
        linger(&mut stream).await;
    }
}

/// Finds out whether the client speaks TLS, and does the handshake if so, all before one deadline.
async fn open(
    shared: &Shared,
    entrance: &Entrance,
    source: &Source,
    socket: TcpStream,
) -> Option<(Stream, Phase, bool)> {
    let limits = &shared.limits;
    let deadline = Instant::now() + limits.handshake_time;
    let tls = timeout_at(deadline, speaks_tls(&socket)).await.ok()?.ok()??;
    if !tls {
        let phase = Phase::new(limits);
        return Some((Stream::plain(socket, phase.clone()), phase, false));
    }
    let config = entrance.tls.clone()?;
    // The turns are for who has said something whole: a client that stalls before that must not keep others waiting.
    let hello = LazyConfigAcceptor::new(Acceptor::default(), socket);
    let hello = timeout_at(deadline, hello).await.ok()?.ok()?;
    // Its own turn first, so that one source does not fill the line for the turns of all.
    let turns = async { (source.handshakes.acquire().await, shared.handshakes.acquire().await) };
    let Ok(turns) = timeout_at(deadline, turns).await else {
        shared.metrics.shed("handshakes");
        return None;
    };
    let stream = timeout_at(deadline, hello.into_stream(config)).await.ok()?.ok()?;
    drop(turns);
    let phase = Phase::new(limits);
    Some((Stream::tls(stream, phase.clone()), phase, true))
}

/// Answers requests. Gives the stream back when the connection ended in an orderly way from our side.
async fn requests(
    shared: &Shared,
    service: Service,
    stream: Stream,
    phase: &Phase,
    mut stop: watch::Receiver<bool>,
) -> Option<Stream> {
    let service = Arc::new(service);
    let answer = service_fn(move |request| {
        let service = service.clone();
        Box::pin(async move { Ok::<_, Infallible>(service.answer(request).await.map(Full::new)) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // `Phase` watches the header's deadline.
        .header_read_timeout(None)
        .max_headers(shared.limits.headers)
        .max_header_size(shared.limits.head_bytes)
        .max_buf_size(shared.limits.head_bytes.max(MIN_BUFFER))
        .serve_connection(TokioIo::new(stream), answer);
    let mut stopping = pin!(stop.wait_for(|stop| *stop));
    let mut asked_to_stop = false;
    let mut alarm = pin!(sleep_until(phase.deadline().unwrap_or_else(Instant::now)));
    let ended = poll_fn(|cx| {
        if !asked_to_stop && stopping.as_mut().poll(cx).is_ready() {
            asked_to_stop = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if connection.poll_without_shutdown(cx).is_ready() {
            return Poll::Ready(true);
        }
        // The phase changes only while the connection is polled, so it is enough to look here.
        loop {
            let Some(deadline) = phase.deadline() else { return Poll::Pending };
            // An alarm set too early is harmless: it rings and is set anew. One set too late is not.
            if alarm.deadline() > deadline {
                alarm.as_mut().reset(deadline);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if Instant::now() >= deadline {
                return Poll::Ready(false);
            }
            alarm.as_mut().reset(deadline);
        }
    })
    .await;
    ended.then(|| connection.into_parts().io.into_inner())
}

/// Says that no more will come, and swallows what the client is still sending.
async fn linger(stream: &mut Stream) {
    let close = async {
        stream.shutdown().await?;
        let mut scrap = [0; 4096];
        while stream.socket().read(&mut scrap).await? > 0 {}
        std::io::Result::Ok(())
    };
    timeout(LINGER, close).await.ok();
}
