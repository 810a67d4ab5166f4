//! Reads a request's body: never more than the limit, never more than its source or all requests together may hold,
//! never too slowly.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::refusal::Refusal;
use crate::limits::Limits;

/// The memory for bodies, in bytes: what is left for all, and of it for one source.
pub(super) struct Memory<'a> {
    pub(super) all: &'a Arc<Semaphore>,
    pub(super) own: &'a Arc<Semaphore>,
}

/// Memory taken for a body, until this drops.
pub(super) struct Share {
    all: OwnedSemaphorePermit,
    own: OwnedSemaphorePermit,
}

/// A whole body, and the share of the memory for bodies that it occupies until this drops.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) share: Option<Share>,
}

/// Reads the body. A declared length is judged before anything is read or allocated.
pub(super) async fn read(
    mut body: Incoming,
    limits: &Limits,
    memory: Memory<'_>,
) -> Result<Held, Refusal> {
    if body.is_end_stream() {
        return Ok(Held { bytes: Bytes::new(), share: None });
    }
    let declared = body.size_hint();
    if declared.lower() > u64::try_from(limits.body_bytes).unwrap_or(u64::MAX) {
        return Err(Refusal::of(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let mut pace = Pace::new(limits);
    let mut whole = Vec::new();
    let mut share: Option<Share> = None;
    loop {
        let Ok(frame) = timeout_at(pace.until(), body.frame()).await else {
            return Err(Refusal::of(StatusCode::REQUEST_TIMEOUT));
        };
        let Some(frame) = frame else { break };
        // Damaged chunks, or the client went away.
        let frame = frame.map_err(|_| Refusal::of(StatusCode::BAD_REQUEST))?;
        // Trailers are not looked at.
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limits.body_bytes - whole.len() {
            return Err(Refusal::of(StatusCode::PAYLOAD_TOO_LARGE));
        }
        pace.received(data.len());
        let more = memory.reserve(data.len())?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(Held { bytes: data, share });
        }
        append(&mut whole, &data, limits.body_bytes);
    }
    Ok(Held { bytes: whole.into(), share })
}

/// How long a body may still take. Every byte buys time at the slowest rate allowed, but never more than the grace from
/// now, so that a client that has sent a lot cannot then keep the memory by sending nothing.
struct Pace<'a> {
    limits: &'a Limits,
    end: Instant,
    next: Instant,
}

impl<'a> Pace<'a> {
    fn new(limits: &'a Limits) -> Self {
        let now = Instant::now();
        Self { limits, end: now + limits.body_time, next: now + limits.body_grace }
    }

    fn received(&mut self, bytes: usize) {
        let (grace, rate) = (self.limits.body_grace, self.limits.body_rate);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let bought = std::time::Duration::from_secs(bytes).checked_div(rate).unwrap_or(grace);
        self.next = (self.next + bought.min(grace)).min(Instant::now() + grace);
    }

    fn until(&self) -> Instant {
        self.next.min(self.end)
    }
}

/// Grows by doubling, but never beyond the limit, which the caller has checked.
fn append(whole: &mut Vec<u8>, data: &[u8], limit: usize) {
    let needed = whole.len() + data.len();
    if needed > whole.capacity() {
        let target = (whole.capacity() * 2).min(limit).max(needed);
        whole.reserve_exact(target - whole.len());
    }
    whole.extend_from_slice(data);
}

impl Memory<'_> {
    fn reserve(&self, bytes: usize) -> Result<Share, Refusal> {
        let wanted =
            u32::try_from(bytes).map_err(|_| Refusal::of(StatusCode::PAYLOAD_TOO_LARGE))?;
        let take = |from: &Arc<Semaphore>| {
            from.clone().try_acquire_many_owned(wanted).map_err(|_| Refusal::shed("memory"))
        };
        Ok(Share { own: take(self.own)?, all: take(self.all)? })
    }
}

impl Share {
    fn merge(&mut self, more: Self) {
        self.all.merge(more.all);
        self.own.merge(more.own);
    }
}
