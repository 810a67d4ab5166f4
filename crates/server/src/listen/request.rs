//! One request: its head is judged, its body read, the application asked, all within limits and without a panic getting out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, HOST};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::timeout;
use trent_dialects::Peer;

use super::Shared;
use super::body;
use super::phase::Phase;
use super::refusal::Refusal;
use crate::limits::Limits;

/// What answers the requests of one connection.
pub(super) struct Service {
    shared: Arc<Shared>,
    peer: Peer,
    phase: Phase,
    /// Plain HTTP where the listener demands TLS: every request is refused.
    barred: bool,
    requests: AtomicU64,
    /// Keeps the listener from having drained while a request is at work.
    alive: mpsc::Sender<()>,
}

impl Service {
    pub(super) fn new(
        shared: Arc<Shared>,
        peer: Peer,
        phase: Phase,
        barred: bool,
        alive: mpsc::Sender<()>,
    ) -> Self {
        Self { shared, peer, phase, barred, requests: AtomicU64::new(0), alive }
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Bytes> {
        self.phase.begun();
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let mut response = match self.attempt(request).await {
            Ok(response) => response,
            Err(refusal) => {
                self.shared.metrics.refused(refusal.label());
                if let Some(reason) = refusal.shed {
                    self.shared.metrics.shed(reason);
                }
                refusal.response()
            }
        };
        if number >= self.shared.limits.requests_per_connection {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.phase.answered();
        response
    }

    async fn attempt(&self, request: Request<Incoming>) -> Result<Response<Bytes>, Refusal> {
        let (head, body) = request.into_parts();
        check_head(&head, &self.shared.limits)?;
        if self.barred {
            return Err(Refusal::plain());
        }
        let held = body::read(body, &self.shared.limits, &self.shared.memory).await?;
        let request = Request::from_parts(head, held.bytes);
        let (app, peer) = (self.shared.app.clone(), self.peer);
        let kept = (held.share, self.alive.clone());
        // A task of its own: what a request has begun is brought to its end, even when the client goes away or the
        // deadline passes, so no operation stops between its commit and what follows from it.
        let work = tokio::spawn(async move {
            let response = app.handle(peer, request).await;
            drop(kept);
            response
        });
        match timeout(self.shared.limits.request_time, work).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(fault)) => {
                if fault.is_panic() {
                    self.shared.metrics.panicked();
                }
                Err(Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Err(_) => Err(Refusal::shed("deadline")),
        }
    }
}

/// What the HTTP library leaves unchecked: the sum of the headers, one host (RFC 9112 section 3.2), no compression.
fn check_head(head: &Parts, limits: &Limits) -> Result<(), Refusal> {
    // Each line has a colon, a space and a line's end beside its name and value.
    let line =
        |(name, value): (&http::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    if head.headers.iter().map(line).sum::<usize>() > limits.header_bytes {
        return Err(Refusal::of(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    let hosts = head.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version >= Version::HTTP_11) {
        return Err(Refusal::of(StatusCode::BAD_REQUEST));
    }
    if head.headers.get_all(CONTENT_ENCODING).iter().any(|value| value != "identity") {
        return Err(Refusal::of(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}
