//! A trace goes on through a service that exports nothing, and the log names each call.

use super::{Export, lines};
use contract::served_call::{ServedCall, propagate};
use http::HeaderMap;
use std::{
    io,
    sync::{Arc, Mutex},
};
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
        let span = tracing::info_span!("call");
        let call = ServedCall::new("a.A/A".into(), &incoming).traced_by(&span);
        let logged = call.trace_id.map(|id| id.to_string());
        let served = async {
            let mut outgoing = HeaderMap::new();
            propagate(&mut outgoing);
            let parent = outgoing.get("traceparent");
            parent.map(|parent| parent.to_str().unwrap().to_owned())
        };
        let served = call.serve(served).instrument(span);
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

/// What a log takes in.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of a call and of what does not belong to any.
fn logged(as_text: bool) -> [String; 2] {
    let written = Written::default();
    let writer = written.clone();
    let lines = lines::layer::<Registry, _>(as_text, move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(lines);
    tracing::subscriber::with_default(subscriber, || {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "page-7".parse().unwrap());
        headers.insert(
            "traceparent",
            format!("00-{TRACE}-00f067aa0ba902b7-00").parse().unwrap(),
        );
        let call = ServedCall::new("a.A/A".into(), &headers);
        let served = call.serve(async { tracing::warn!(left = 3, "it is \"late\"") });
        futures_util::FutureExt::now_or_never(served).unwrap();
        tracing::info!("by itself");
    });
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let both = [lines.next().unwrap(), lines.next().unwrap()];
    assert_eq!(lines.next(), None);
    both
}

#[test]
fn each_line_of_a_call_names_the_call() {
    let [of_call, by_itself] = logged(false).map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
        line
    });
    let target = module_path!();
    assert_eq!(
        of_call,
        serde_json::json!({
            "level": "WARN",
            "fields": { "message": "it is \"late\"", "left": 3 },
            "target": target,
            "method": "a.A/A",
            "request_id": "page-7",
            "trace_id": TRACE,
        })
    );
    assert_eq!(
        by_itself,
        serde_json::json!({
            "level": "INFO",
            "fields": { "message": "by itself" },
            "target": target,
        })
    );
    let [of_call, by_itself] = logged(true);
    let names = format!("method=a.A/A request_id=page-7 trace_id={TRACE}");
    assert!(of_call.ends_with(&names), "{of_call}");
    assert!(by_itself.ends_with("by itself"), "{by_itself}");
}
