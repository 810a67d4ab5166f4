//! What one peer may take of the server before it has proved anything: sizes, counts and times of the listener.
//! Limits of single operations are the dialects'.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// The listener's limits. Times are seconds in the configuration; fractions are allowed.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Connections at once.
    pub(crate) connections: usize,
    /// Connections at once from one source: an IPv4 address or an IPv6 /64.
    pub(crate) connections_per_source: usize,
    /// TLS handshakes at once; more wait within their deadline.
    pub(crate) handshakes: usize,
    /// TLS handshakes at once from one source; more wait within their deadline.
    pub(crate) handshakes_per_source: usize,
    /// From the first byte expected to the handshake's end.
    #[serde(deserialize_with = "seconds")]
    pub(crate) handshake_time: Duration,
    /// From a request's first byte to its header's end; on a new connection from its beginning.
    #[serde(deserialize_with = "seconds")]
    pub(crate) header_time: Duration,
    /// Header lines.
    pub(crate) headers: usize,
    /// Bytes of header names and values, each line with 4 more; the request line not counted.
    pub(crate) header_bytes: usize,
    /// Bytes of the request line and all headers.
    pub(crate) head_bytes: usize,
    /// Bytes of a body.
    pub(crate) body_bytes: usize,
    /// From a header's end to its body's end.
    #[serde(deserialize_with = "seconds")]
    pub(crate) body_time: Duration,
    /// How long a body may fall behind `body_rate`.
    #[serde(deserialize_with = "seconds")]
    pub(crate) body_grace: Duration,
    /// Bytes a second at which a body must come in.
    pub(crate) body_rate: u32,
    /// Bytes of bodies held at once by all requests; by those of one source a quarter, or one whole body.
    pub(crate) body_bytes_in_flight: usize,
    /// Requests at work at once, those of clients that have gone included; more wait for `work_wait`.
    pub(crate) requests_in_flight: usize,
    /// From a body's end to the beginning of the work.
    #[serde(deserialize_with = "seconds")]
    pub(crate) work_wait: Duration,
    /// From the beginning of the work to the answer.
    #[serde(deserialize_with = "seconds")]
    pub(crate) request_time: Duration,
    /// From an answer to the next request's first byte.
    #[serde(deserialize_with = "seconds")]
    pub(crate) idle_time: Duration,
    /// Requests on one connection.
    pub(crate) requests_per_connection: u64,
    /// For open requests to end when the server stops.
    #[serde(deserialize_with = "seconds")]
    pub(crate) drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            connections_per_source: 512,
            handshakes: 64,
            handshakes_per_source: 8,
            handshake_time: Duration::from_secs(5),
            header_time: Duration::from_secs(5),
            headers: 100,
            header_bytes: 16 * 1024,
            head_bytes: (16 + 128) * 1024,
            body_bytes: 1024 * 1024,
            body_time: Duration::from_secs(10),
            body_grace: Duration::from_secs(2),
            body_rate: 1024,
            body_bytes_in_flight: 256 * 1024 * 1024,
            requests_in_flight: 256,
            work_wait: Duration::from_secs(1),
            request_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            requests_per_connection: 10_000,
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Longest time that can be configured, in seconds: a day.
const MAX_SECONDS: f64 = 86_400.0;

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let value = f64::deserialize(deserializer)?;
    if !(0.001..=MAX_SECONDS).contains(&value) {
        return Err(serde::de::Error::custom(format!(
            "a time must be between 0.001 and {MAX_SECONDS} seconds"
        )));
    }
    Ok(Duration::from_secs_f64(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_not_said_has_its_default() {
        let limits: Limits =
            toml::from_str("connections = 5\nheader_time = 0.25\nidle_time = 7").unwrap();
        assert_eq!((limits.connections, limits.connections_per_source), (5, 512));
        assert_eq!(limits.header_time, Duration::from_millis(250));
        assert_eq!(limits.idle_time, Duration::from_secs(7));
        assert_eq!(limits.body_bytes, 1_048_576);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "conections = 5",
            "connections = -1",
            "idle_time = 0",
            "idle_time = -1",
            "idle_time = nan",
            "idle_time = inf",
            "idle_time = 1e9",
            "idle_time = \"5s\"",
        ] {
            assert!(toml::from_str::<Limits>(text).is_err(), "{text}");
        }
    }
}
