//! Logs, and traces across services.
//!
//! Logs go to standard error: text on a terminal, otherwise JSON lines. Spans leave the process
//! only if OpenTelemetry's own variables name a collector.

mod collector;
mod export;
mod lines;
#[cfg(test)]
mod tests;

pub use export::{Export, ExportError};

use std::io::{self, IsTerminal as _};
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt as _, Targets, filter_fn},
    layer::{Identity, SubscriberExt},
    util::SubscriberInitExt,
};

/// Below these levels the libraries print what must not be in a log: connection
/// URLs with passwords, header values. A filter of its own, so that no `RUST_LOG`
/// goes lower. Of `sea_orm` it keeps the spans of statements, too, which say nothing to
/// a log.
const FLOORS: [(&str, Level); 8] = [
    ("h2", Level::INFO),
    ("hyper", Level::INFO),
    ("hyper_util", Level::INFO),
    ("opentelemetry", Level::WARN),
    ("rustls", Level::INFO),
    ("sea_orm", Level::WARN),
    ("sqlx", Level::WARN),
    ("tower", Level::INFO),
];

/// Whose spans are exported. The libraries that export must not be among them:
/// each export would make the next.
const TRACED: [&str; 6] = [
    "auth_service",
    "client",
    "database",
    "requests_service",
    "sea_orm",
    "server",
];

/// Starts logging by `RUST_LOG` (default `info`), and the export of spans, under the
/// service's name, where it is switched on.
pub fn start(service: &'static str) -> Result<Export, ExportError> {
    let export = Export::start(service)?;
    let traced = Targets::new()
        .with_default(LevelFilter::OFF)
        .with_targets(TRACED.map(|target| (target, Level::INFO)));
    start_with(export.layer().map(|layer| layer.with_filter(traced)));
    Ok(export)
}

/// Starts logging by `RUST_LOG` (default `info`), for a command that serves nobody.
pub fn start_logs() {
    start_with(None::<Identity>);
}

/// A second call does nothing.
fn start_with(spans: Option<impl Layer<Registry> + Send + Sync>) {
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let wanted = if wanted.is_empty() { "info" } else { &wanted };
    let (filter, mistake) = match EnvFilter::builder().parse(wanted) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let floors = Targets::new()
        .with_default(Level::TRACE)
        .with_targets(FLOORS);
    // The layer would write the fields of each span as text when the span begins. A line has the
    // names of its call without that.
    let events = filter_fn(is_event).with_max_level_hint(LevelFilter::TRACE);
    let lines = lines::layer(io::stderr().is_terminal(), io::stderr);
    let started = tracing_subscriber::registry()
        .with(spans)
        .with(lines.with_filter(filter.and(floors).and(events)))
        .try_init();
    if let (Ok(()), Some(error)) = (started, mistake) {
        tracing::warn!(%error, "RUST_LOG cannot be read; logging at info");
    }
}

fn is_event(metadata: &Metadata<'_>) -> bool {
    metadata.is_event()
}
