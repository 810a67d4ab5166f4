//! What the listener asks: monitoring first, then the dialects; every answer of a dialect is counted.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use trent_dialects::{BoxFuture, Dialects, Outcome, Peer, Refused};

use crate::health::Health;
use crate::listen::App;
use crate::metrics::Metrics;

/// The application behind the listener.
pub(crate) struct Front {
    health: Health,
    dialects: Dialects,
    metrics: Arc<Metrics>,
}

impl Front {
    /// Answers by `health` and `dialects`.
    pub(crate) fn new(health: Health, dialects: Dialects, metrics: Arc<Metrics>) -> Self {
        Self { health, dialects, metrics }
    }
}

/// What is counted for an answer that says nothing of itself: no dialect claimed the request.
const UNCLAIMED: Outcome = Outcome { dialect: "none", operation: "unknown", result: "unclaimed" };

impl App for Front {
    fn handle(&self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'_, Response<Bytes>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            if let Some(response) = self.health.answer(peer, &head).await {
                return response;
            }
            let _held = self.metrics.enter();
            let began = Instant::now();
            let response = self.dialects.handle(peer, Request::from_parts(head, body)).await;
            let outcome = response.extensions().get().copied().unwrap_or(UNCLAIMED);
            self.metrics.answered(outcome, began.elapsed());
            response
        })
    }

    fn is_light(&self, peer: Peer, head: &Parts) -> bool {
        Health::answers(peer, head)
    }

    fn refuse(&self, head: &Parts, why: Refused) -> Option<Response<Bytes>> {
        self.dialects.refuse(head, why)
    }
}
