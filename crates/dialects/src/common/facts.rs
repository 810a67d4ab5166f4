//! What the engine and the audit log are told of a request beside its content, and how a refusal gets into the log.

use http::HeaderMap;
use http::header::AsHeaderName;
use trent_core::Engine;
use trent_core::access::{Caller, Facts};

use crate::Peer;

/// How much of a client's name of itself is kept, in bytes.
const AGENT: usize = 256;

/// A header that is text; empty where it is not there, or is none.
pub fn text(headers: &HeaderMap, name: impl AsHeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The facts of a request for this operation that got this id. `agent` is what the client calls itself.
pub fn of(
    dialect: &'static str,
    operation: &'static str,
    peer: Peer,
    agent: &str,
    id: &str,
) -> Facts {
    Facts {
        dialect,
        operation,
        source: peer.address.ip(),
        secure: peer.secure,
        agent: agent[..agent.floor_char_boundary(AGENT)].to_owned(),
        request: id.to_owned(),
    }
}

/// Records a refusal that no operation has recorded, before its answer leaves. Where it is false, the refusal is not in
/// the log, and the answer must be that of a fault.
pub async fn record(engine: &Engine, caller: &Caller, code: &str) -> bool {
    let recorded = engine.record_refusal(caller, code).await;
    if let Err(error) = &recorded {
        tracing::error!(error = ?error, "a refusal was not recorded");
    }
    recorded.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_name_is_cut_between_characters() {
        let peer = Peer { address: ([127, 0, 0, 1], 1).into(), secure: false };
        let agent = |text: &str| of("aws", "ListKeys", peer, text, "id").agent;
        assert_eq!(agent(&"é".repeat(200)).len(), AGENT);
        assert_eq!(agent(&format!("x{}", "é".repeat(200))).len(), AGENT - 1);
        assert_eq!(agent(""), "");
    }
}
