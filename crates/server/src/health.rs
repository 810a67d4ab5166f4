//! What monitoring asks: `/livez`, `/readyz` and `/metrics`. Answered without authentication and before any queue.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::time::timeout;
use trent_audit::FileAudit;
use trent_core::Engine;
use trent_dialects::Peer;

use crate::installation::Installation;
use crate::metrics::Metrics;

/// How long the store and the audit log may take to say that they are well.
const CHECK_TIME: Duration = Duration::from_secs(2);

const TEXT: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers for monitoring.
pub(crate) struct Health {
    engine: Arc<Engine>,
    log: Option<Arc<FileAudit>>,
    metrics: Arc<Metrics>,
}

impl Health {
    /// About this installation and these metrics.
    pub(crate) fn new(installation: &Installation, metrics: Arc<Metrics>) -> Self {
        let Installation { engine, log, .. } = installation;
        Self { engine: engine.clone(), log: log.clone(), metrics }
    }

    /// Whether a request is one of monitoring's. Metrics exist for this host's own processes only.
    pub(crate) fn answers(peer: Peer, head: &Parts) -> bool {
        match head.uri.path() {
            "/livez" | "/readyz" => true,
            "/metrics" => peer.address.ip().to_canonical().is_loopback(),
            _ => false,
        }
    }

    /// The answer, if the request is one of monitoring's.
    pub(crate) async fn answer(&self, peer: Peer, head: &Parts) -> Option<Response<Bytes>> {
        if !Self::answers(peer, head) {
            return None;
        }
        if !matches!(head.method, Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(response);
        }
        Some(match head.uri.path() {
            "/livez" => text(StatusCode::OK, TEXT, "live\n"),
            "/readyz" => self.ready().await,
            _ => self.metrics(),
        })
    }

    async fn ready(&self) -> Response<Bytes> {
        match timeout(CHECK_TIME, self.engine.check()).await {
            Ok(Ok(())) => text(StatusCode::OK, TEXT, "ready\n"),
            Ok(Err(error)) => {
                tracing::warn!("not ready: {error:?}");
                text(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not ready\n")
            }
            Err(_) => {
                tracing::warn!("not ready: the store or the audit log takes too long");
                text(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not ready\n")
            }
        }
    }

    fn metrics(&self) -> Response<Bytes> {
        self.metrics.set_audit_queue(self.log.as_ref().map_or(0, |log| log.queued()));
        self.metrics.set_quarantined(self.engine.quarantined());
        for pool in self.engine.pair_pools() {
            self.metrics.set_pool(pool.spec.as_str(), pool.ready, pool.misses);
        }
        match self.metrics.text() {
            Ok(all) => text(StatusCode::OK, OPEN_METRICS, all),
            Err(_) => {
                text(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the metrics cannot be written\n")
            }
        }
    }
}

fn text(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(content.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
