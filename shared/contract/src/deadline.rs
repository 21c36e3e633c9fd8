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
pub struct Deadline {
    at: Instant,
    /// The limit, where it is sooner than what the caller asked for.
    limit: Option<Duration>,
}

impl Deadline {
    /// A deadline from now on, of the caller's.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self {
            at: Instant::now() + time,
            limit: None,
        }
    }

    /// By the caller's `grpc-timeout`, with time to answer, or the limit if that is sooner.
    #[must_use]
    pub fn of_call(headers: &HeaderMap, limit: Duration) -> Self {
        match timeout::with_time_to_answer(headers) {
            Some(asked) if asked < limit => Self::within(asked),
            Some(_) | None => Self {
                limit: Some(limit),
                ..Self::within(limit)
            },
        }
    }

    /// The same deadline for the work on a message that has just been read. If the caller took
    /// more than half of the limit to send its message, a call that is not done in time is the
    /// caller's failure and not ours.
    #[must_use]
    pub fn after_message(self) -> Self {
        let limit = self.limit.filter(|limit| self.remaining() >= *limit / 2);
        Self { limit, ..self }
    }

    /// Whether our own limit has been reached: a call that is dropped then is dropped by us,
    /// and not by its caller.
    #[must_use]
    pub fn is_our_limit_reached(self) -> bool {
        self.limit.is_some() && self.remaining().is_zero()
    }

    /// The point in time.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.at
    }

    /// What is left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_not_served_in_time_is_the_fault_of_whose_limit_it_was() {
        let limit = Duration::from_secs(10);
        let reached = async |timeout: Option<&'static str>, sent: u64, waited: u64| {
            let mut headers = HeaderMap::new();
            if let Some(timeout) = timeout {
                headers.insert("grpc-timeout", HeaderValue::from_static(timeout));
            }
            let deadline = Deadline::of_call(&headers, limit);
            tokio::time::advance(Duration::from_secs(sent)).await;
            let deadline = deadline.after_message();
            tokio::time::advance(Duration::from_secs(waited)).await;
            deadline.is_our_limit_reached()
        };
        assert!(reached(None, 0, 10).await);
        assert!(reached(Some("1H"), 0, 10).await);
        assert!(!reached(None, 0, 9).await, "not yet");
        assert!(!reached(Some("10S"), 0, 10).await, "the caller's");
        assert!(!reached(Some("1S"), 0, 10).await, "the caller's");
        // a caller that sends slowly
        assert!(reached(None, 5, 5).await);
        assert!(!reached(None, 6, 4).await);
    }
}
