//! Metadata and credentials of any bytes: none panics, and what is accepted is what
//! the protocol writes.

use client::validation::ServiceTokens;
use contract::{
    bearer::{BearerToken, MAX_TOKEN_LENGTH},
    deadline::{Deadline, Limits, grpc_timeout},
};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue};
use proptest::{collection::vec, prelude::*};
use std::time::Duration;
use testing::fuzz::{changed, changes, inputs};
use tonic::metadata::MetadataMap;

/// A header of any bytes that HTTP lets through, mostly almost a good one.
fn almost(good: impl Strategy<Value = String>) -> impl Strategy<Value = HeaderValue> {
    let changed = (good, vec(changes(), 0..2))
        .prop_map(|(good, changes)| changed(&good, &changes.concat()).into_bytes());
    let bytes = prop_oneof![4 => changed, 1 => vec(any::<u8>(), 0..60)];
    bytes.prop_map(|mut bytes| {
        bytes.retain(|byte| *byte == b'\t' || (*byte >= 0x20 && *byte != 0x7f));
        HeaderValue::from_bytes(&bytes).unwrap()
    })
}

fn headers(name: &'static str, values: &[HeaderValue]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, value.clone());
    }
    headers
}

/// The token of one `authorization`, read by its bytes.
fn token_of(values: &[HeaderValue]) -> Option<&str> {
    let [value] = values else { return None };
    let text = std::str::from_utf8(value.as_bytes()).ok()?;
    let (scheme, token) = text
        .is_ascii()
        .then(|| text.split_at_checked(7))
        .flatten()?;
    let token = token.trim_start_matches(' ');
    (scheme.to_lowercase() == "bearer " && (1..=MAX_TOKEN_LENGTH).contains(&token.len()))
        .then_some(token)
}

/// A timeout of the gRPC protocol in nanoseconds, read letter by letter.
fn nanoseconds_of(value: &HeaderValue) -> Option<u128> {
    let (unit, digits) = value.as_bytes().split_last()?;
    let digits = std::str::from_utf8(digits).ok()?;
    let unit = match unit {
        b'H' => 3_600_000_000_000,
        b'M' => 60_000_000_000,
        b'S' => 1_000_000_000,
        b'm' => 1_000_000,
        b'u' => 1_000,
        b'n' => 1,
        _ => return None,
    };
    let is_number = (1..=8).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| digits.parse::<u128>().unwrap() * unit)
}

fn service_tokens(content: &[u8]) -> Result<ServiceTokens, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, content).unwrap();
    ServiceTokens::open(file).map_err(|error| error.to_string())
}

const ONE: &str = "one-service-token-0123456789abcdef";
const OTHER: &str = "other-service-token-0123456789abcd";

proptest! {
    #![proptest_config(inputs())]

    #[test]
    fn a_token_is_read_from_one_authorization_or_refused(
        values in vec(almost("(?i:bearer) {1,3}[A-Za-z0-9_.-]{1,60}"), 0..3),
    ) {
        let metadata = MetadataMap::from_headers(headers("authorization", &values));
        let read = BearerToken::from_metadata(&metadata).ok();
        prop_assert_eq!(read.as_ref().map(BearerToken::expose), token_of(&values));
    }

    #[test]
    fn a_timeout_is_read_as_the_protocol_writes_it_or_passed_over(
        value in almost("[0-9]{1,9}[HMSmun]"),
    ) {
        let read = value.to_str().ok().and_then(grpc_timeout::parse);
        prop_assert_eq!(read.map(|time| time.as_nanos()), nanoseconds_of(&value));
        let limit = Limits::default().call;
        let deadline = Deadline::of_call(&headers("grpc-timeout", &[value]), limit);
        let requested = read.map_or(limit, |requested| requested.min(limit));
        prop_assert!(deadline.remaining() <= requested.max(Duration::ZERO));
    }

    #[test]
    fn a_file_of_service_tokens_is_refused_or_accepts_its_lines_alone(
        content in prop_oneof![
            (vec(changes(), 0..2), any::<bool>()).prop_map(|(changes, both)| {
                let lines = if both { format!("{ONE}\n{OTHER}\n") } else { ONE.to_owned() };
                changed(&lines, &changes.concat()).into_bytes()
            }),
            vec(any::<u8>(), 0..100),
        ],
        presented in changes(),
    ) {
        let text = String::from_utf8_lossy(&content);
        match service_tokens(&content) {
            Ok(tokens) => {
                for presented in ["", " ", ONE, OTHER, &changed(ONE, &presented)] {
                    let is_a_line = text.lines().any(|line| line.trim() == presented);
                    // they were read just now
                    let accepted = tokens.accept(presented).now_or_never().unwrap();
                    prop_assert_eq!(accepted, is_a_line && !presented.is_empty()
                        && presented.trim() == presented);
                }
            }
            Err(message) => {
                prop_assert!(!message.contains("service-token-0123456789"), "{}", message);
            }
        }
    }
}
