//! Reads a request's body: never more than the limit, never more than all requests together may hold, never forever.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::limits::Limits;

/// A whole body, and the share of the memory for bodies that it occupies until this drops.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// Reads the body. A declared length is judged before anything is read or allocated.
pub(super) async fn read(
    body: Incoming,
    limits: &Limits,
    memory: &Arc<Semaphore>,
) -> Result<Held, Refusal> {
    if body.is_end_stream() {
        return Ok(Held { bytes: Bytes::new(), share: None });
    }
    let declared = body.size_hint();
    if declared.lower() > u64::try_from(limits.body_bytes).unwrap_or(u64::MAX) {
        return Err(Refusal::of(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let collecting = collect(body, limits.body_bytes, memory);
    match timeout(limits.body_time, collecting).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::of(StatusCode::REQUEST_TIMEOUT)),
    }
}

async fn collect(
    mut body: Incoming,
    limit: usize,
    memory: &Arc<Semaphore>,
) -> Result<Held, Refusal> {
    let mut whole = Vec::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        // Damaged chunks, or the client went away.
        let frame = frame.map_err(|_| Refusal::of(StatusCode::BAD_REQUEST))?;
        // Trailers are not looked at.
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit - whole.len() {
            return Err(Refusal::of(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let more = reserve(memory, data.len())?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(Held { bytes: data, share });
        }
        append(&mut whole, &data, limit);
    }
    Ok(Held { bytes: whole.into(), share })
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

fn reserve(memory: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
    let wanted = u32::try_from(bytes).map_err(|_| Refusal::of(StatusCode::PAYLOAD_TOO_LARGE))?;
    memory.clone().try_acquire_many_owned(wanted).map_err(|_| Refusal::shed("memory"))
}
