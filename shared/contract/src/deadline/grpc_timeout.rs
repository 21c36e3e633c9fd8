//! The timeout of a call as metadata: `grpc-timeout` of the gRPC protocol ("gRPC over HTTP2",
//! Timeout).

use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

const NAME: HeaderName = HeaderName::from_static("grpc-timeout");
/// The largest number of eight digits.
const MOST: u128 = 99_999_999;

/// How long the caller waits, if it sent a timeout.
#[must_use]
pub fn of(headers: &HeaderMap) -> Option<Duration> {
    parse(headers.get(NAME)?.to_str().ok()?)
}

/// Sets how long the caller waits, in whole milliseconds, and at least one.
pub fn set(headers: &mut HeaderMap, time: Duration) {
    let milliseconds = time.as_millis().clamp(1, MOST);
    // digits and a letter are always a valid value
    if let Ok(value) = HeaderValue::try_from(format!("{milliseconds}m")) {
        headers.insert(NAME, value);
    }
}

/// The protocol allows at most eight digits and a unit.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
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
        assert_eq!(parse("1S"), Some(Duration::from_secs(1)));
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse("99999999H"), Some(Duration::from_hours(99_999_999)));
        for wrong in ["", "S", "1", "-1S", "+1S", "1 S", "123456789S", "1é", "é"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn timeouts_are_written_as_they_are_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(of(&headers), None);
        let (least, most) = (Duration::from_millis(1), Duration::from_millis(99_999_999));
        for (time, read) in [
            (Duration::from_millis(250), Duration::from_millis(250)),
            (Duration::from_micros(1_999), least),
            (Duration::ZERO, least),
            (Duration::MAX, most),
        ] {
            set(&mut headers, time);
            assert_eq!(of(&headers), Some(read));
        }
    }
}
