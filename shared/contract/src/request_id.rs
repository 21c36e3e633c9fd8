//! The id of a request, under which all services log the calls that belong to it.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use uuid::Uuid;

/// The metadata that carries the id, from and to the caller.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id is replaced by a new one.
const MAX_LENGTH: usize = 64;

/// Letters, digits, `-`, `_` and `.`, at most 64 of them, so that the id can be written to logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The caller's id if it is safe to log, or a new one.
    #[must_use]
    pub fn of_call(headers: &HeaderMap) -> Self {
        let sent = headers.get(REQUEST_ID).filter(|value| is_plain(value));
        sent.map_or_else(Self::random, |value| Self(value.clone()))
    }

    /// The id as metadata.
    #[must_use]
    pub fn value(&self) -> &HeaderValue {
        &self.0
    }

    fn random() -> Self {
        let text = Uuid::new_v4().to_string();
        // hexadecimal digits and dashes are always a valid value
        Self(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unnamed")))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.to_str().unwrap_or_default())
    }
}

fn is_plain(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=MAX_LENGTH).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
        RequestId::of_call(&headers).to_string()
    }

    #[test]
    fn a_request_id_that_is_unsafe_to_log_is_replaced() {
        assert_eq!(of(b"Order-7_b.2"), "Order-7_b.2");
        assert_eq!(of(&[b'a'; MAX_LENGTH]), "a".repeat(MAX_LENGTH));
        let long = [b'a'; MAX_LENGTH + 1];
        for hostile in [
            &b""[..],
            b"a b",
            b"a\"b",
            "ä".as_bytes(),
            b"Bearer:x",
            &long,
        ] {
            let replaced = of(hostile);
            assert!(Uuid::try_parse(&replaced).is_ok(), "{replaced}");
        }
        assert_ne!(
            RequestId::of_call(&HeaderMap::new()),
            RequestId::of_call(&HeaderMap::new())
        );
    }
}
