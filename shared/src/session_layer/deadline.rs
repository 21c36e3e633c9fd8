//! Until when a call must be answered.

use crate::timeout;
use http::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// Limits on a call's time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest that any call may take, whatever its caller asks for.
    pub call: Duration,
    /// The longest that a validation may take.
    pub validation: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            validation: Duration::from_secs(2),
        }
    }
}

/// When a call must be answered. It stands in the request's extensions; what a
/// handler calls in turn gets what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline from now on.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// By the caller's `grpc-timeout`, with time to answer, or the limit if that is sooner.
    pub(super) fn of_call(headers: &HeaderMap, limit: Duration) -> Self {
        let asked = timeout::with_time_to_answer(headers);
        Self::within(asked.map_or(limit, |asked| asked.min(limit)))
    }

    /// The point in time.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }

    /// What is left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_comes_before_the_caller_stops_listening() {
        let mut headers = HeaderMap::new();
        let limit = Duration::from_secs(10);
        assert_eq!(Deadline::of_call(&headers, limit).remaining(), limit);
        headers.insert("grpc-timeout", "1S".parse().unwrap());
        assert_eq!(
            Deadline::of_call(&headers, limit).remaining(),
            Duration::from_millis(900)
        );
        headers.insert("grpc-timeout", "1H".parse().unwrap());
        assert_eq!(Deadline::of_call(&headers, limit).remaining(), limit);
    }
}
