//! A trace goes on through a service that exports nothing.

use super::Export;
use contract::trace_context::{IncomingTrace, propagate};
use http::HeaderMap;
use tracing::Instrument as _;
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The `traceparent` that a call is sent on with, by a service that exports nothing, and the
/// trace that its logs name.
fn passed_on(parent: Option<&str>) -> (Option<String>, Option<String>) {
    let export = Export::start("test").unwrap();
    let subscriber = tracing_subscriber::registry().with(export.layer::<Registry>());
    tracing::subscriber::with_default(subscriber, || {
        let mut incoming = HeaderMap::new();
        if let Some(parent) = parent {
            incoming.insert("traceparent", parent.parse().unwrap());
        }
        let trace = IncomingTrace::of_call(&incoming);
        let span = tracing::info_span!("call");
        trace.continue_in(&span);
        let logged = trace.id(&span).map(|id| id.to_string());
        let call = async {
            let mut outgoing = HeaderMap::new();
            propagate(&mut outgoing);
            let parent = outgoing.get("traceparent");
            parent.map(|parent| parent.to_str().unwrap().to_owned())
        };
        let served = trace.serve(call).instrument(span);
        (
            futures_util::FutureExt::now_or_never(served).unwrap(),
            logged,
        )
    })
}

#[test]
fn a_trace_is_passed_on_as_it_came_where_nothing_is_exported() {
    for flags in ["00", "01"] {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
        let (next, logged) = passed_on(Some(&parent));
        assert_eq!(next, Some(parent));
        assert_eq!(logged.as_deref(), Some(TRACE));
    }
}

#[test]
fn a_trace_that_cannot_be_read_is_not_passed_on() {
    for parent in [
        None,
        Some(""),
        Some("00-1-2-01"),
        Some("00-000000000000000000000000000001-0000f067aa0ba902b7-01"),
        Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-010"),
        Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
    ] {
        assert_eq!(passed_on(parent), (None, None), "{parent:?}");
    }
}
