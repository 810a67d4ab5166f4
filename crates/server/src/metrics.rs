//! The numbers that monitoring reads, by the names of the operational contract. Labels are of bounded sets only.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use trent_dialects::Outcome;

// A counter that is absent until its first event hides that event from whoever watches its increase: those below stand
// at 0 from the start.

/// Why load is refused.
const SHEDDING: [&str; 6] = ["connections", "source", "handshakes", "memory", "deadline", "work"];
/// The dialects by which key material can be exported.
const EXPORTING: [&str; 1] = ["thalassa"];

/// Upper bounds of the time histograms, in seconds.
const SECONDS: [f64; 15] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
    30.0,
];

/// The operation whose success means that key material left.
const EXPORT: &str = "ExportKey";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    dialect: &'static str,
    operation: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ShedLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DialectLabels {
    dialect: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SpecLabels {
    spec: &'static str,
}

/// Every metric of the process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RequestLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    shed: Family<ShedLabels, Counter>,
    panics: Counter,
    exports: Family<DialectLabels, Counter>,
    audit_queue: Gauge,
    audit_sync: Histogram,
    store_commit: Histogram,
    quarantined: Gauge,
    pool_ready: Family<SpecLabels, Gauge>,
    pool_misses: Family<SpecLabels, Counter>,
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// Metrics at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("trent");
        let requests = Family::default();
        let request_seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let in_flight = Gauge::default();
        let shed = Family::<ShedLabels, Counter>::default();
        for reason in SHEDDING {
            drop(shed.get_or_create(&ShedLabels { reason }));
        }
        let panics = Counter::default();
        let exports = Family::<DialectLabels, Counter>::default();
        for dialect in EXPORTING {
            drop(exports.get_or_create(&DialectLabels { dialect }));
        }
        let audit_queue = Gauge::default();
        let audit_sync = seconds();
        let store_commit = seconds();
        let quarantined = Gauge::default();
        let pool_ready = Family::default();
        let pool_misses = Family::default();
        // The encoder adds `_total` to the names of counters.
        registry.register("requests", "Requests answered", requests.clone());
        registry.register("request_seconds", "Time to answer a request", request_seconds.clone());
        registry.register("in_flight", "Requests being answered", in_flight.clone());
        registry.register("shed", "Connections and requests refused for load", shed.clone());
        registry.register("panics", "Requests ended by a fault of the server", panics.clone());
        registry.register("exports", "Key material exports that succeeded", exports.clone());
        registry.register(
            "audit_queue",
            "Audit events that wait to be durable",
            audit_queue.clone(),
        );
        registry.register(
            "audit_sync_seconds",
            "Time to make a batch of audit events durable",
            audit_sync.clone(),
        );
        registry.register(
            "store_commit_seconds",
            "Time of a transaction of the store",
            store_commit.clone(),
        );
        registry.register(
            "quarantined_objects",
            "Objects that failed their integrity check",
            quarantined.clone(),
        );
        registry.register("keypair_pool_ready", "Key pairs that stand ready", pool_ready.clone());
        registry.register(
            "keypair_pool_misses",
            "Requests that found no key pair ready",
            pool_misses.clone(),
        );
        Self {
            registry,
            requests,
            request_seconds,
            in_flight,
            shed,
            panics,
            exports,
            audit_queue,
            audit_sync,
            store_commit,
            quarantined,
            pool_ready,
            pool_misses,
        }
    }

    /// A request was answered by a dialect.
    pub(crate) fn answered(&self, outcome: Outcome, took: Duration) {
        let Outcome { dialect, operation, result } = outcome;
        let labels = RequestLabels { dialect, operation, result };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        if operation == EXPORT && result == "ok" {
            self.exports.get_or_create(&DialectLabels { dialect }).inc();
        }
    }

    /// A request was refused before any dialect saw it.
    pub(crate) fn refused(&self, result: &'static str) {
        let labels = RequestLabels { dialect: "none", operation: "unknown", result };
        self.requests.get_or_create(&labels).inc();
    }

    /// A connection or request was refused for load.
    pub(crate) fn shed(&self, reason: &'static str) {
        self.shed.get_or_create(&ShedLabels { reason }).inc();
    }

    /// A request panicked.
    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// Counts a request as being answered until the value drops.
    pub(crate) fn enter(&self) -> Held {
        self.in_flight.inc();
        Held(self.in_flight.clone())
    }

    /// How many audit events wait now.
    pub(crate) fn set_audit_queue(&self, events: usize) {
        self.audit_queue.set(i64::try_from(events).unwrap_or(i64::MAX));
    }

    /// A batch of audit events became durable.
    pub(crate) fn audit_synced(&self, took: Duration) {
        self.audit_sync.observe(took.as_secs_f64());
    }

    /// The store committed a transaction.
    pub(crate) fn store_committed(&self, took: Duration) {
        self.store_commit.observe(took.as_secs_f64());
    }

    /// How many objects are in quarantine now.
    pub(crate) fn set_quarantined(&self, objects: usize) {
        self.quarantined.set(i64::try_from(objects).unwrap_or(i64::MAX));
    }

    /// How one pool of key pairs stands: pairs ready now, and misses since the start.
    pub(crate) fn set_pool(&self, spec: &'static str, ready: usize, misses: u64) {
        let labels = SpecLabels { spec };
        self.pool_ready.get_or_create(&labels).set(i64::try_from(ready).unwrap_or(i64::MAX));
        self.pool_misses.get_or_create(&labels).inner().store(misses, Ordering::Relaxed);
    }

    /// All metrics in the OpenMetrics text format.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(8192);
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// One in a gauge, until this drops.
pub(crate) struct Held(Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn outcome(operation: &'static str, result: &'static str) -> Outcome {
        Outcome { dialect: "thalassa", operation, result }
    }

    #[test]
    fn names_are_the_contracts() {
        let metrics = Metrics::new();
        metrics.answered(outcome("ExportKey", "ok"), Duration::from_millis(2));
        metrics.answered(outcome("ExportKey", "ok"), Duration::from_millis(2));
        metrics.answered(outcome("ExportKey", "not_allowed"), Duration::ZERO);
        metrics.answered(outcome("CreateKey", "ok"), Duration::ZERO);
        metrics.refused("413");
        metrics.shed("source");
        metrics.panicked();
        metrics.audit_synced(Duration::from_secs(1));
        metrics.store_committed(Duration::from_secs(1));
        metrics.set_quarantined(3);
        metrics.set_pool("RSA_2048", 8, 1);
        metrics.set_pool("RSA_2048", 7, 2);
        let held = metrics.enter();
        metrics.set_audit_queue(5);
        let text = metrics.text().unwrap();
        for line in [
            "trent_requests_total{dialect=\"thalassa\",operation=\"ExportKey\",result=\"ok\"} 2",
            "trent_requests_total{dialect=\"none\",operation=\"unknown\",result=\"413\"} 1",
            "trent_request_seconds_count{dialect=\"thalassa\",operation=\"CreateKey\",result=\"ok\"} 1",
            "trent_exports_total{dialect=\"thalassa\"} 2",
            "trent_in_flight 1",
            "trent_shed_total{reason=\"source\"} 1",
            "trent_shed_total{reason=\"work\"} 0",
            "trent_panics_total 1",
            "trent_audit_queue 5",
            "trent_audit_sync_seconds_count 1",
            "trent_store_commit_seconds_count 1",
            "trent_quarantined_objects 3",
            "trent_keypair_pool_ready{spec=\"RSA_2048\"} 7",
            "trent_keypair_pool_misses_total{spec=\"RSA_2048\"} 2",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is missing in\n{text}");
        }
        drop(held);
        assert!(metrics.text().unwrap().contains("trent_in_flight 0\n"));
    }
}
