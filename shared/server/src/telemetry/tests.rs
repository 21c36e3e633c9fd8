//! A trace goes on through a service that exports nothing.

use super::Export;
use contract::trace_context::{continue_trace, propagate};
use http::HeaderMap;
use tracing_subscriber::layer::SubscriberExt as _;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The `traceparent` that a call is sent on with, by a service that exports nothing.
fn passed_on(parent: Option<&str>) -> String {
    let export = Export::start("test").unwrap();
    let subscriber = tracing_subscriber::registry().with(export.layer());
    tracing::subscriber::with_default(subscriber, || {
        let mut incoming = HeaderMap::new();
        if let Some(parent) = parent {
            incoming.insert("traceparent", parent.parse().unwrap());
        }
        let span = tracing::info_span!("call");
        continue_trace(&span, &incoming);
        let mut outgoing = HeaderMap::new();
        span.in_scope(|| propagate(&mut outgoing));
        outgoing["traceparent"].to_str().unwrap().to_owned()
    })
}

#[test]
fn a_trace_goes_on_and_its_sampling_too_where_nothing_is_exported() {
    for flags in ["00", "01"] {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
        let next = passed_on(Some(&parent));
        assert!(next.starts_with(&format!("00-{TRACE}-")), "{next}");
        assert!(next.ends_with(&format!("-{flags}")), "{next}");
        assert_ne!(next, parent);
    }
}

#[test]
fn a_call_without_a_trace_or_with_none_that_can_be_read_begins_one() {
    for parent in [
        None,
        Some(""),
        Some("00-1-2-01"),
        Some("00-000000000000000000000000000001-0000f067aa0ba902b7-01"),
        Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-010"),
        Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
    ] {
        let next = passed_on(parent);
        assert!(next.len() == 55 && next.ends_with("-00"), "{next}");
    }
}
