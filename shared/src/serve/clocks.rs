//! Whether this machine's clock agrees with the database's: a metric, and a warning.

use super::MetricsRegistry;
use crate::time::LEEWAY;
use prometheus_client::metrics::gauge::Gauge;
use std::{
    sync::{Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};
use tokio::time::Instant;

/// From one warning to the next.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// What is told of the difference.
#[derive(Debug)]
pub(super) struct Clocks {
    difference: Gauge<f64, AtomicU64>,
    warned_at: Mutex<Option<Instant>>,
}

impl Clocks {
    pub(super) fn register(registry: &mut MetricsRegistry) -> Self {
        let difference = Gauge::default();
        registry.register(
            "clock_difference_seconds",
            "How far the process clock is ahead of the database's; negative if it is behind",
            difference.clone(),
        );
        Self {
            difference,
            warned_at: Mutex::default(),
        }
    }

    /// Takes a difference in microseconds, as the database was just asked for it.
    #[allow(
        clippy::cast_precision_loss,
        reason = "exact up to 285 years, and a difference is told in seconds"
    )]
    pub(super) fn note(&self, micros: i64) {
        let seconds = micros as f64 / 1e6;
        self.difference.set(seconds);
        if micros.unsigned_abs() > LEEWAY.as_micros().try_into().unwrap_or(u64::MAX)
            && self.is_time_to_warn()
        {
            tracing::warn!(
                seconds,
                "this machine's clock differs from the database's; set it right: signing keys and \
                 certificates are judged by it"
            );
        }
    }

    fn is_time_to_warn(&self) -> bool {
        let warned_at = self.warned_at.lock();
        let mut warned_at = warned_at.unwrap_or_else(PoisonError::into_inner);
        if warned_at.is_some_and(|time| time.elapsed() < WARN_EVERY) {
            return false;
        }
        *warned_at = Some(Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks() -> Clocks {
        Clocks::register(&mut crate::serve::metrics_registry("t", "0"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_difference_beyond_the_leeway_is_warned_of_once_a_minute() {
        let clocks = clocks();
        let warned = || clocks.warned_at.lock().unwrap().take().is_some();
        for micros in [0, 5_000_000, -5_000_000] {
            clocks.note(micros);
            assert!(!warned(), "{micros}");
        }
        for micros in [5_000_001, -960_000_000, i64::MIN, i64::MAX] {
            clocks.note(micros);
            assert!(warned(), "{micros}");
        }
        assert!(clocks.is_time_to_warn());
        tokio::time::advance(Duration::from_millis(59_999)).await;
        assert!(!clocks.is_time_to_warn());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(clocks.is_time_to_warn());
    }

    #[test]
    fn the_metric_tells_seconds_and_their_sign() {
        let clocks = clocks();
        clocks.note(-960_500_000);
        assert!((clocks.difference.get() + 960.5).abs() < f64::EPSILON);
    }
}
