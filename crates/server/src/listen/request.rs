//! One request: its head is judged, its body read, the application asked, all within limits and without a panic getting out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use trent_dialects::{Outcome, Peer};

use super::Shared;
use super::admission::Source;
use super::body::{self, Memory};
use super::phase::Phase;
use super::refusal::Refusal;
use crate::limits::Limits;

/// What answers the requests of one connection.
pub(super) struct Service {
    shared: Arc<Shared>,
    source: Arc<Source>,
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
        source: Arc<Source>,
        peer: Peer,
        phase: Phase,
        barred: bool,
        alive: mpsc::Sender<()>,
    ) -> Self {
        Self { shared, source, peer, phase, barred, requests: AtomicU64::new(0), alive }
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Bytes> {
        self.phase.begun();
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let began = Instant::now();
        let (head, body) = request.into_parts();
        let mut response = match self.attempt(&head, body).await {
            Ok(response) => response,
            Err(refusal) => self.refuse(&head, &refusal, began),
        };
        if number >= self.shared.limits.requests_per_connection {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.phase.answered();
        response
    }

    /// The answer to a refused request: the vendor's own where the head tells the vendor.
    fn refuse(&self, head: &Parts, refusal: &Refusal, began: Instant) -> Response<Bytes> {
        let Shared { app, metrics, .. } = &*self.shared;
        if let Some(reason) = refusal.shed {
            metrics.shed(reason);
        }
        let known = refusal.why().and_then(|why| app.refuse(head, why));
        let mut response = known.unwrap_or_else(|| refusal.response());
        match response.extensions().get::<Outcome>() {
            Some(outcome) => metrics.answered(*outcome, began.elapsed()),
            None => metrics.refused(refusal.label()),
        }
        refusal.close(&mut response);
        response
    }

    async fn attempt(&self, head: &Parts, body: Incoming) -> Result<Response<Bytes>, Refusal> {
        check_head(head, &self.shared.limits)?;
        if self.barred {
            return Err(Refusal::plain());
        }
        let limits = &self.shared.limits;
        let memory = Memory { all: &self.shared.memory, own: &self.source.memory };
        let held = body::read(body, limits, memory).await?;
        let (app, peer) = (self.shared.app.clone(), self.peer);
        let light = app.is_light(peer, head);
        let place = if light {
            None
        } else {
            let place = self.shared.work.clone().acquire_owned();
            let place = timeout(limits.work_wait, place).await;
            Some(place.map_err(|_| Refusal::shed("work"))?)
        };
        let request = Request::from_parts(head.clone(), held.bytes);
        let kept = (held.share, place, self.source.clone(), self.alive.clone());
        // A task of its own: what a request has begun is brought to its end, even when the client goes away or the
        // deadline passes, so no operation stops between its commit and what follows from it.
        let work = tokio::spawn(async move {
            let response = app.handle(peer, request).await;
            drop(kept);
            response
        });
        let _cut = light.then(|| Cut(work.abort_handle()));
        match timeout(limits.request_time, work).await {
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

/// Ends work when this drops, for what has nothing to bring to its end.
struct Cut(AbortHandle);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the HTTP library leaves unchecked: the sum of the headers, one host (RFC 9112 section 3.2), no compression, and
/// no transfer coding but chunks (section 6.1).
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
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    if codings.next().is_some_and(|coding| !chunked(coding)) || codings.next().is_some() {
        return Err(Refusal::of(StatusCode::NOT_IMPLEMENTED));
    }
    Ok(())
}
