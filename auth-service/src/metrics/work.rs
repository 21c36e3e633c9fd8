//! Metrics of the parts. Each part has its metrics from the start, and `app` registers them.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};
use server::serve::MetricsRegistry;
use std::time::Duration;

/// Upper bounds of the histograms of waits, in seconds.
const SECONDS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];
/// Upper bounds of the histogram of batches, in sessions: 256 is a full batch.
const SESSIONS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Metrics of the coalesced look-ups of sessions.
#[derive(Clone, Debug)]
pub struct LookupMetrics {
    /// The number of sessions in one statement.
    batch: Histogram,
    /// The time from a look-up's arrival to the start of its statement.
    wait: Histogram,
}

impl Default for LookupMetrics {
    fn default() -> Self {
        Self {
            batch: Histogram::new(SESSIONS),
            wait: Histogram::new(SECONDS),
        }
    }
}

impl LookupMetrics {
    /// Registers them.
    pub fn register(&self, registry: &mut MetricsRegistry) {
        registry.register(
            "validation_batch_sessions",
            "Sessions looked up in one statement",
            self.batch.clone(),
        );
        registry.register(
            "validation_wait_seconds",
            "From a look-up's arrival to the start of its statement",
            self.wait.clone(),
        );
    }

    /// Observes a statement that starts.
    #[allow(clippy::cast_precision_loss, reason = "a batch is bounded")]
    pub fn starts(&self, sessions: usize, waits: impl Iterator<Item = Duration>) {
        self.batch.observe(sessions as f64);
        for wait in waits {
            self.wait.observe(wait.as_secs_f64());
        }
    }
}

/// Metrics of hashing passwords.
#[derive(Clone, Debug)]
pub struct HashingMetrics {
    wait: Histogram,
    shed: Counter,
}

impl Default for HashingMetrics {
    fn default() -> Self {
        Self {
            wait: Histogram::new(SECONDS),
            shed: Counter::default(),
        }
    }
}

impl HashingMetrics {
    /// Registers them.
    pub fn register(&self, registry: &mut MetricsRegistry) {
        registry.register(
            "hashing_wait_seconds",
            "How long passwords waited to be hashed",
            self.wait.clone(),
        );
        registry.register(
            "hashings_shed",
            "Passwords that were not hashed, because too many were waiting",
            self.shed.clone(),
        );
    }

    /// Observes a hash that starts.
    pub fn starts(&self, waited: Duration) {
        self.wait.observe(waited.as_secs_f64());
    }

    /// Counts a password that was not hashed, because too many were waiting.
    pub fn shed(&self) {
        self.shed.inc();
    }
}

/// Metrics of the cache of verified signatures.
#[derive(Clone, Debug)]
pub struct SignatureMetrics {
    verifications: Family<Verification, Counter>,
    /// Found in the cache.
    pub cached: Counter,
    /// Verified with the key that the token names.
    pub afresh: Counter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Verification {
    by: &'static str,
}

impl Default for SignatureMetrics {
    fn default() -> Self {
        let verifications = Family::default();
        let counter = |by| {
            Family::<Verification, Counter>::get_or_create_owned(
                &verifications,
                &Verification { by },
            )
        };
        Self {
            cached: counter("cache"),
            afresh: counter("key"),
            verifications,
        }
    }
}

impl SignatureMetrics {
    /// Registers them.
    pub fn register(&self, registry: &mut MetricsRegistry) {
        registry.register(
            "signature_verifications",
            "Verifications of a token's signature, by cache or key",
            self.verifications.clone(),
        );
    }
}
