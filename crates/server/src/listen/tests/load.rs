//! Clients that try to take what all share: turns for handshakes, memory for bodies, places for work.

use super::*;

#[tokio::test]
async fn clients_that_stall_do_not_delay_handshakes() {
    let folder = tempfile::tempdir().unwrap();
    let (config, connector) = tls(folder.path());
    let limits = Limits {
        handshakes: 2,
        handshakes_per_source: 1,
        handshake_time: SOON * 2,
        ..Limits::default()
    };
    let server = Server::with(limits, true, Some(config));
    let name = ServerName::try_from("localhost").unwrap();
    let (client, mut wire) = tokio::io::duplex(65_536);
    let begun = tokio::spawn(connector.connect(name.clone(), client));
    let mut hello = vec![0; 65_536];
    let length = wire.read(&mut hello).await.unwrap();
    begun.abort();
    let check = async |source: &str, beginning: &[u8]| {
        let mut stalled = Vec::new();
        for _ in 0..10 {
            let mut stream = server.connect().await;
            stream.write_all(beginning).await.unwrap();
            stalled.push(stream);
        }
        sleep(SHORT).await;
        let healthy = connector.connect(name.clone(), server.connect_from(source).await);
        let mut healthy = tokio::time::timeout(SOON, healthy).await.unwrap().unwrap();
        assert_eq!(ask(&mut healthy, &get("/")).await, "/ true 0");
    };
    check("127.0.0.1", b"\x16").await;
    check("127.0.0.1", &hello[..length - 1]).await;
    // Whoever says something whole and stalls then, delays only its own source.
    check("127.0.0.2", &hello[..length]).await;
}

#[tokio::test]
async fn work_is_bounded_even_when_its_clients_have_gone() {
    let limits = Limits { requests_in_flight: 2, work_wait: SHORT, ..Limits::default() };
    let server = Server::start(limits);
    let idle = Arc::strong_count(&server.app);
    for _ in 0..2 {
        let mut stream = server.connect().await;
        send(&mut stream, &get("/wait")).await;
        server.app.entered.notified().await;
    }
    refused(&server, &get("/"), 503).await;
    assert!(server.counts("trent_shed_total{reason=\"work\"} 1"));
    let mut stream = server.connect().await;
    assert_eq!(ask(&mut stream, &get("/light")).await, "/light false 0");

    // Light work is not bounded, so it must not outlast its connection.
    send(&mut stream, &get("/light/wait")).await;
    server.app.entered.notified().await;
    drop(stream);
    let ended = async {
        while Arc::strong_count(&server.app) > idle + 2 {
            sleep(SHORT / 10).await;
        }
    };
    tokio::time::timeout(SOON, ended).await.unwrap();

    // One that waits in time gets the next place.
    let mut stream = server.connect().await;
    send(&mut stream, &get("/next")).await;
    sleep(SHORT / 5).await;
    server.app.release.notify_one();
    assert_eq!(answer(&mut stream).await.unwrap().1, "/next false 0");
}

#[tokio::test]
async fn one_source_has_a_quarter_of_the_memory() {
    let full = "b".repeat(1000);
    let request = post("Content-Length: 1000\r\n", &full);
    for (body_bytes_in_flight, left_for_others) in [(1500, false), (4000, true)] {
        let limits = Limits { body_bytes: 1000, body_bytes_in_flight, ..Limits::default() };
        let server = Server::start(limits);
        let mut first = server.connect().await;
        send(&mut first, &request.replace("/post", "/wait")).await;
        server.app.entered.notified().await;
        // What was taken stays taken while the work lasts.
        drop(first);
        sleep(SHORT).await;
        refused(&server, &request, 503).await;
        let mut other = server.connect_from("127.0.0.2").await;
        send(&mut other, &request).await;
        let (status, _) = answer(&mut other).await.unwrap();
        assert_eq!(status == 200, left_for_others, "{status}");
        server.app.release.notify_one();
        let ended = async {
            let mut stream = server.connect().await;
            send(&mut stream, &request).await;
            answer(&mut stream).await.unwrap().0 == 200
        };
        tokio::time::timeout(SOON, server.app.finished.notified()).await.unwrap();
        sleep(SHORT).await;
        assert!(ended.await);
    }
}

#[tokio::test]
async fn a_body_must_keep_a_pace() {
    let limits = Limits { body_grace: SHORT * 2, body_rate: 1000, ..Limits::default() };
    let server = Server::start(limits);
    // A lot at first buys no more time than a little does.
    let began = Instant::now();
    let most = "b".repeat(99_999);
    refused(&server, &post("Content-Length: 100000\r\n", &most), 408).await;
    assert!(began.elapsed() >= SHORT * 2 && began.elapsed() < SHORT * 10, "{:?}", began.elapsed());

    let check = async |bytes: usize, expected: u16| {
        let mut stream = server.connect().await;
        send(&mut stream, &post(&format!("Content-Length: {}\r\n", bytes * 12), "")).await;
        for _ in 0..12 {
            stream.write_all("b".repeat(bytes).as_bytes()).await.ok();
            sleep(SHORT / 3).await;
        }
        assert_eq!(answer(&mut stream).await.unwrap().0, expected, "{bytes}");
    };
    check(200, 200).await;
    check(2, 408).await;
}

#[tokio::test]
async fn a_refusal_is_in_the_vendors_form_where_the_head_tells_it() {
    let limits = Limits {
        body_bytes: 1000,
        request_time: SHORT,
        requests_in_flight: 1,
        work_wait: SHORT,
        ..Limits::default()
    };
    let server = Server::start(limits);
    let vendor = |text: &str| text.replace("Host: x\r\n", "Host: x\r\nX-Vendor: y\r\n");
    let check = async |text: &str, status: u16, result: &str| {
        let mut stream = server.connect().await;
        send(&mut stream, &vendor(text)).await;
        let (found, body) = answer(&mut stream).await.unwrap();
        assert_eq!((found.as_u16(), body.as_str()), (status, result));
        ends(&mut stream).await;
        assert!(server.counts(&format!(
            "trent_requests_total{{dialect=\"vendor\",operation=\"unknown\",result=\"{result}\"}} 1"
        )));
    };
    check(&post("Content-Length: 1001\r\n", ""), 400, "too large").await;
    check(&get("/wait"), 500, "deadline").await;
    assert!(server.counts("trent_shed_total{reason=\"deadline\"} 1"));
    // That one is still at work.
    check(&get("/"), 429, "overloaded").await;
    assert!(server.counts("trent_shed_total{reason=\"work\"} 1"));
    server.app.release.notify_one();
}
