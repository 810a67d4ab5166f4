//! The listener against clients that are slow, big, many, rude or gone.
#![allow(clippy::unwrap_used, clippy::panic)]

mod load;

use std::time::Duration;

use http::StatusCode;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use trent_dialects::Outcome;

use super::*;

/// Times short enough to wait for, long enough for a busy machine.
const SHORT: Duration = Duration::from_millis(150);
/// Time for what should happen at once.
const SOON: Duration = Duration::from_secs(3);

/// Answers with what it got; some paths misbehave.
#[derive(Default)]
struct Echo {
    entered: Notify,
    release: Notify,
    finished: Notify,
}

impl App for Echo {
    fn handle(&self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'_, Response<Bytes>> {
        Box::pin(async move {
            match request.uri().path() {
                "/panic" => panic!("asked to"),
                "/wait" | "/light/wait" => {
                    self.entered.notify_one();
                    self.release.notified().await;
                    self.finished.notify_one();
                }
                _ => {}
            }
            let text = format!("{} {} {}", request.uri().path(), peer.secure, request.body().len());
            Response::new(text.into())
        })
    }

    fn is_light(&self, _: Peer, head: &Parts) -> bool {
        head.uri.path().starts_with("/light")
    }

    fn refuse(&self, head: &Parts, why: Refused) -> Option<Response<Bytes>> {
        head.headers.get("x-vendor")?;
        let (status, result) = match why {
            Refused::TooLarge => (400, "too large"),
            Refused::Deadline => (500, "deadline"),
            Refused::Overloaded => (429, "overloaded"),
        };
        let mut response = Response::new(Bytes::from_static(result.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.extensions_mut().insert(Outcome {
            dialect: "vendor",
            operation: "unknown",
            result,
        });
        Some(response)
    }
}

struct Server {
    address: SocketAddr,
    serving: Serving,
    app: Arc<Echo>,
    metrics: Arc<Metrics>,
}

impl Server {
    fn start(limits: Limits) -> Self {
        Self::with(limits, true, None)
    }

    fn with(limits: Limits, plain: bool, tls: Option<Arc<ServerConfig>>) -> Self {
        let (app, metrics) = (Arc::new(Echo::default()), Arc::new(Metrics::new()));
        let address = Address { address: "127.0.0.1:0".parse().unwrap(), plain, tls };
        let listener = Listener::bind(vec![address]).unwrap();
        let address = listener.addresses()[0];
        let serving = listener.start(app.clone(), limits, metrics.clone());
        Self { address, serving, app, metrics }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection from another source.
    async fn connect_from(&self, source: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    fn counts(&self, line: &str) -> bool {
        self.metrics.text().unwrap().lines().any(|have| have == line)
    }

    /// The server is as good as new.
    async fn check_alive(&self) {
        let mut stream = self.connect().await;
        assert_eq!(ask(&mut stream, &get("/alive")).await, "/alive false 0");
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

fn post(headers: &str, body: &str) -> String {
    format!("POST /post HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}")
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// One answer: status and body. None when the connection ended instead.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Option<(StatusCode, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match tokio::time::timeout(SOON, stream.read(&mut byte)).await.unwrap() {
            Ok(1) => head.push(byte[0]),
            Ok(_) | Err(_) if head.is_empty() => return None,
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&head)),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some((status, String::from_utf8(body).unwrap()))
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &str) -> String {
    send(stream, text).await;
    let (status, body) = answer(stream).await.unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

/// Waits for the end of the connection, which must come, and without any answer.
async fn ends(stream: &mut (impl AsyncRead + Unpin)) {
    assert!(answer(stream).await.is_none());
}

/// Sends a request that must be refused, and the connection closed.
async fn refused(server: &Server, text: &str, expected: u16) {
    let mut stream = server.connect().await;
    // The server may answer and close before it has read everything.
    stream.write_all(text.as_bytes()).await.ok();
    let (status, _) = answer(&mut stream).await.unwrap();
    assert_eq!(status, expected, "{text:.60?}");
    ends(&mut stream).await;
    let line = format!(
        "trent_requests_total{{dialect=\"none\",operation=\"unknown\",result=\"{expected}\"}}"
    );
    assert!(
        server.metrics.text().unwrap().contains(&line) || expected == 414,
        "{expected} is counted"
    );
}

fn tls(folder: &std::path::Path) -> (Arc<ServerConfig>, TlsConnector) {
    let server = crate::tls::generated(folder, &["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    let ca = rustls::pki_types::CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, Arc::new(client).into())
}

#[tokio::test]
async fn keep_alive_and_pipelining_answer_in_order() {
    let server = Server::start(Limits::default());
    let mut stream = server.connect().await;
    for path in ["/one", "/two"] {
        assert_eq!(ask(&mut stream, &get(path)).await, format!("{path} false 0"));
    }
    let many: Vec<String> = (0..50).map(|n| format!("/{n}")).collect();
    let all: String = many.iter().map(|path| get(path)).collect();
    send(&mut stream, &(all + &post("Content-Length: 5\r\n", "hello"))).await;
    for path in &many {
        assert_eq!(answer(&mut stream).await.unwrap().1, format!("{path} false 0"));
    }
    assert_eq!(answer(&mut stream).await.unwrap().1, "/post false 5");
    assert_eq!(
        ask(
            &mut stream,
            &post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        )
        .await,
        "/post false 5"
    );
}

#[tokio::test]
async fn one_port_speaks_plain_and_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (config, connector) = tls(folder.path());
    let server = Server::with(Limits::default(), true, Some(config));
    let name = ServerName::try_from("localhost").unwrap();
    let mut secure = connector.connect(name.clone(), server.connect().await).await.unwrap();
    assert_eq!(ask(&mut secure, &get("/a")).await, "/a true 0");
    assert_eq!(ask(&mut secure, &get("/b")).await, "/b true 0");
    server.check_alive().await;

    let (config, connector) = tls(folder.path());
    let strict = Server::with(Limits::default(), false, Some(config));
    refused(&strict, &get("/"), 400).await;
    let mut secure = connector.connect(name, strict.connect().await).await.unwrap();
    assert_eq!(ask(&mut secure, &get("/c")).await, "/c true 0");
}

#[tokio::test]
async fn an_unfinished_handshake_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = tls(folder.path());
    let limits = Limits { handshake_time: SHORT, handshakes: 1, ..Limits::default() };
    let server = Server::with(limits, true, Some(config));
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut stream = server.connect().await;
        stream.write_all(beginning).await.unwrap();
        ends(&mut stream).await;
    }
    // Not TLS although it begins like it.
    let mut stream = server.connect().await;
    stream.write_all(b"\x16 nonsense that is no handshake at all").await.unwrap();
    let mut scrap = Vec::new();
    tokio::time::timeout(SOON, stream.read_to_end(&mut scrap)).await.unwrap().ok();
    server.check_alive().await;
}

#[tokio::test]
async fn a_slow_header_is_cut_and_an_idle_connection_later() {
    let limits = Limits { header_time: SHORT, idle_time: SHORT * 5, ..Limits::default() };
    let server = Server::start(limits);
    let began = Instant::now();
    let mut slow = server.connect().await;
    for part in ["GET / HTTP/1.1\r\n", "Host: x\r\n", "A: b\r\n"] {
        send(&mut slow, part).await;
        sleep(SHORT / 5).await;
    }
    ends(&mut slow).await;
    assert!(began.elapsed() < SHORT * 4, "{:?}", began.elapsed());

    // Longer than a header may take, but not too long for an idle connection.
    let mut idle = server.connect().await;
    ask(&mut idle, &get("/")).await;
    sleep(SHORT * 2).await;
    ask(&mut idle, &get("/")).await;
    // The next header, once begun, must end in time.
    let began = Instant::now();
    send(&mut idle, "GET").await;
    ends(&mut idle).await;
    assert!(began.elapsed() < SHORT * 4, "{:?}", began.elapsed());

    let mut idle = server.connect().await;
    ask(&mut idle, &get("/")).await;
    let began = Instant::now();
    ends(&mut idle).await;
    assert!(began.elapsed() > SHORT * 4, "{:?}", began.elapsed());
}

#[tokio::test]
async fn heads_have_limits() {
    let limits =
        Limits { headers: 20, header_bytes: 4000, head_bytes: 20_000, ..Limits::default() };
    let server = Server::start(limits);
    let head = |headers: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    let mut stream = server.connect().await;
    let path = format!("/{}", "p".repeat(12_000));
    assert_eq!(ask(&mut stream, &get(&path)).await, format!("{path} false 0"));
    refused(&server, &head(&format!("A: {}\r\n", "b".repeat(4000))), 431).await;
    refused(&server, &head(&"A: b\r\n".repeat(5)).replace("Host: x\r\n", ""), 400).await;
    refused(&server, &head("Host: y\r\n"), 400).await;
    for encoding in ["gzip", "aws-chunked", ""] {
        refused(&server, &head(&format!("Content-Encoding: {encoding}\r\n")), 415).await;
    }
    let chunked = |headers: &str| post(headers, "0\r\n\r\n");
    assert_eq!(ask(&mut stream, &chunked("Transfer-Encoding: Chunked\r\n")).await, "/post false 0");
    for headers in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        refused(&server, &chunked(headers), 501).await;
    }
    // Either order: the chunks count, and nothing after them is taken for a request.
    for headers in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ] {
        let mut stream = server.connect().await;
        let text = chunked(headers) + &get("/smuggled");
        assert_eq!(ask(&mut stream, &text).await, "/post false 0");
        ends(&mut stream).await;
    }
    // These the HTTP library refuses itself.
    for (text, expected) in [
        (head(&"A: b\r\n".repeat(20)), 431),
        (get(&"p".repeat(20_000)), 431),
        ("GET / HTTP/1.1\r\nHost x\r\n\r\n".to_owned(), 400),
        ("nonsense\r\n\r\n".to_owned(), 400),
        (head("Content-Length: 1\r\nContent-Length: 2\r\n"), 400),
        (head("Content-Length: -1\r\n"), 400),
        (head("Transfer-Encoding: gzip\r\n"), 400),
    ] {
        let mut stream = server.connect().await;
        send(&mut stream, &text).await;
        assert_eq!(answer(&mut stream).await.unwrap().0, expected, "{text:.60?}");
        ends(&mut stream).await;
    }
    server.check_alive().await;
}

#[tokio::test]
async fn bodies_have_limits() {
    let limits = Limits {
        body_bytes: 1000,
        body_time: SHORT,
        body_bytes_in_flight: 1500,
        ..Limits::default()
    };
    let server = Server::start(limits);
    let mut stream = server.connect().await;
    let full = "b".repeat(1000);
    assert_eq!(
        ask(&mut stream, &post("Content-Length: 1000\r\n", &full)).await,
        "/post false 1000"
    );
    refused(&server, &post("Content-Length: 1001\r\n", ""), 413).await;
    refused(&server, &post("Content-Length: 99999999999999\r\n", ""), 413).await;
    refused(&server, &post("Expect: 100-continue\r\nContent-Length: 1001\r\n", ""), 413).await;
    refused(&server, &post("Content-Length: 400000\r\n", &"b".repeat(400_000)), 413).await;
    let chunks = format!("3e8\r\n{full}\r\n1\r\nb\r\n0\r\n\r\n");
    refused(&server, &post("Transfer-Encoding: chunked\r\n", &chunks), 413).await;
    refused(&server, &post("Transfer-Encoding: chunked\r\n", "zz\r\nabc"), 400).await;
    refused(&server, &post("Content-Length: 1000\r\n", "slow"), 408).await;

    // Two bodies do not fit into the memory for all; the second is turned away until the first is done.
    let wait = format!("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{full}");
    let mut first = server.connect().await;
    send(&mut first, &wait).await;
    server.app.entered.notified().await;
    refused(&server, &post("Content-Length: 1000\r\n", &full), 503).await;
    assert!(server.counts("trent_shed_total{reason=\"memory\"} 1"));
    server.app.release.notify_one();
    assert_eq!(answer(&mut first).await.unwrap().0, 200);
    assert_eq!(
        ask(&mut stream, &post("Content-Length: 1000\r\n", &full)).await,
        "/post false 1000"
    );
}

#[tokio::test]
async fn a_panic_and_a_deadline_are_answers() {
    let server = Server::start(Limits { request_time: SHORT, ..Limits::default() });
    refused(&server, &get("/panic"), 500).await;
    assert!(server.counts("trent_panics_total 1"));
    refused(&server, &get("/wait"), 503).await;
    assert!(server.counts("trent_shed_total{reason=\"deadline\"} 1"));
    server.check_alive().await;
}

#[tokio::test]
async fn what_was_begun_is_brought_to_its_end_without_the_client() {
    let server = Server::start(Limits::default());
    let mut stream = server.connect().await;
    send(&mut stream, &get("/wait")).await;
    server.app.entered.notified().await;
    drop(stream);
    sleep(SHORT).await;
    server.app.release.notify_one();
    tokio::time::timeout(SOON, server.app.finished.notified()).await.unwrap();
}

#[tokio::test]
async fn connections_and_their_requests_are_counted() {
    let limits =
        Limits { connections_per_source: 2, requests_per_connection: 3, ..Limits::default() };
    let server = Server::start(limits);
    let mut one = server.connect().await;
    let mut two = server.connect().await;
    ask(&mut one, &get("/")).await;
    ask(&mut two, &get("/")).await;
    let mut three = server.connect().await;
    ends(&mut three).await;
    assert!(server.counts("trent_shed_total{reason=\"source\"} 1"));

    ask(&mut one, &get("/")).await;
    ask(&mut one, &get("/")).await;
    ends(&mut one).await;
    drop(one);
    // The place is free once the connection is really gone.
    for _ in 0..100 {
        let mut again = server.connect().await;
        again.write_all(get("/").as_bytes()).await.ok();
        if answer(&mut again).await.is_some() {
            return;
        }
        sleep(SHORT / 10).await;
    }
    panic!("no place became free");
}

#[tokio::test]
async fn draining_ends_requests_and_refuses_new_connections() {
    let server = Server::start(Limits::default());
    let address = server.address;
    let app = server.app.clone();
    let mut busy = server.connect().await;
    send(&mut busy, &get("/wait")).await;
    app.entered.notified().await;
    let mut idle = server.connect().await;
    ask(&mut idle, &get("/")).await;
    let mut silent = server.connect().await;
    let draining = tokio::spawn(server.serving.drain());
    ends(&mut idle).await;
    ends(&mut silent).await;
    assert!(TcpStream::connect(address).await.is_err());
    drop((idle, silent));
    assert!(!draining.is_finished());
    app.release.notify_one();
    assert_eq!(answer(&mut busy).await.unwrap(), (StatusCode::OK, "/wait false 0".to_owned()));
    ends(&mut busy).await;
    drop(busy);
    assert!(draining.await.unwrap(), "all ended in time");
}

#[tokio::test]
async fn draining_does_not_wait_for_ever() {
    let server = Server::start(Limits { drain_time: SHORT, ..Limits::default() });
    let mut busy = server.connect().await;
    send(&mut busy, &get("/wait")).await;
    server.app.entered.notified().await;
    let ended = tokio::time::timeout(SOON, server.serving.drain()).await.unwrap();
    assert!(!ended);
}
