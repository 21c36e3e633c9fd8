//! The difference between this machine's clock and the database's: a metric, and a warning.

use super::MetricsRegistry;
use contract::time::LEEWAY;
use prometheus_client::metrics::gauge::Gauge;
use std::{sync::atomic::AtomicU64, time::Duration};
use tokio::time::Instant;

/// The shortest time from one warning to the next.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// Reports the difference.
#[derive(Debug)]
pub(super) struct Clocks {
    difference: Gauge<f64, AtomicU64>,
}

impl Clocks {
    pub(super) fn register(registry: &mut MetricsRegistry) -> Self {
        let difference = Gauge::default();
        registry.register(
            "clock_difference_seconds",
            "How far the process clock is ahead of the database's; negative if it is behind",
            difference.clone(),
        );
        Self { difference }
    }

    /// Takes the difference in microseconds that was just measured, and the time of the last
    /// warning.
    #[allow(
        clippy::cast_precision_loss,
        reason = "exact up to 285 years, and a difference is told in seconds"
    )]
    pub(super) fn note(&self, micros: i64, warned_at: &mut Option<Instant>) {
        let seconds = micros as f64 / 1e6;
        self.difference.set(seconds);
        let is_beyond = micros.unsigned_abs() > LEEWAY.as_micros().try_into().unwrap_or(u64::MAX);
        if is_beyond && warned_at.is_none_or(|time| time.elapsed() >= WARN_EVERY) {
            *warned_at = Some(Instant::now());
            tracing::warn!(
                seconds,
                "this machine's clock differs from the database's; set it right: signing keys and \
                 certificates are judged by it"
            );
        }
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
        for micros in [0, 5_000_000, -5_000_000] {
            let mut warned_at = None;
            clocks.note(micros, &mut warned_at);
            assert_eq!(warned_at, None, "{micros}");
        }
        for micros in [5_000_001, -960_000_000, i64::MIN, i64::MAX] {
            let mut warned_at = None;
            clocks.note(micros, &mut warned_at);
            assert_eq!(warned_at, Some(Instant::now()), "{micros}");
        }
        let first = Instant::now();
        let mut warned_at = Some(first);
        tokio::time::advance(Duration::from_millis(59_999)).await;
        clocks.note(i64::MAX, &mut warned_at);
        assert_eq!(warned_at, Some(first));
        tokio::time::advance(Duration::from_millis(1)).await;
        clocks.note(i64::MAX, &mut warned_at);
        assert_eq!(warned_at, Some(Instant::now()));
    }

    #[test]
    fn the_metric_tells_seconds_and_their_sign() {
        let clocks = clocks();
        clocks.note(-960_500_000, &mut None);
        assert!((clocks.difference.get() + 960.5).abs() < f64::EPSILON);
    }
}
