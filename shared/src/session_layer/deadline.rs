//! Until when a call must be answered.

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

    /// By the caller's `grpc-timeout`, or the limit if that is sooner.
    ///
    /// A tenth of the caller's time is kept back, so that an answer, if only
    /// UNAVAILABLE, is on the wire before the caller stops listening.
    pub(super) fn of_call(headers: &HeaderMap, limit: Duration) -> Self {
        let asked = headers
            .get("grpc-timeout")
            .and_then(|value| value.to_str().ok())
            .and_then(parse_timeout)
            .map_or(limit, |timeout| timeout / 10 * 9);
        Self::within(asked.min(limit))
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

/// `grpc-timeout` of the gRPC protocol: at most eight digits and a unit.
pub(super) fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_hours(amount)),
        "M" => Some(Duration::from_mins(amount)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        assert_eq!(parse_timeout("1S"), Some(Duration::from_secs(1)));
        assert_eq!(parse_timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(
            parse_timeout("99999999H"),
            Some(Duration::from_hours(99_999_999))
        );
        for wrong in ["", "S", "1", "-1S", "+1S", "1 S", "123456789S", "1é", "é"] {
            assert_eq!(parse_timeout(wrong), None, "{wrong}");
        }
    }

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
