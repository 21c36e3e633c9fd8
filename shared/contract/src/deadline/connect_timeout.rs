//! A call's time as the Connect protocol has it: `connect-timeout-ms` (connectrpc.com/docs/protocol,
//! "Unary-Request").

use http::{HeaderMap, HeaderName};
use std::time::Duration;

const NAME: HeaderName = HeaderName::from_static("connect-timeout-ms");
const MAX_DIGITS: usize = 10;

/// How long the caller waits, if it says so.
#[must_use]
pub(super) fn of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(NAME)?.to_str().ok()?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_DIGITS || !is_number {
        return None;
    }
    text.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_whole_milliseconds() {
        let read = |text: &str| of(&HeaderMap::from_iter([(NAME, text.parse().unwrap())]));
        assert_eq!(read("250"), Some(Duration::from_millis(250)));
        assert_eq!(
            read("9999999999"),
            Some(Duration::from_millis(9_999_999_999))
        );
        for wrong in ["", "-1", "+1", "1.5", "1s", "10000000000", " 1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
