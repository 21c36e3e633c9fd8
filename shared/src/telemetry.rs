//! Logs: pretty on a terminal, JSON lines otherwise, always on standard error.

use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Below these levels the libraries print what must not be in a log: connection
/// URLs with passwords, header values. A filter of its own, so that no `RUST_LOG`
/// goes lower.
const FLOORS: [(&str, Level); 7] = [
    ("h2", Level::INFO),
    ("hyper", Level::INFO),
    ("hyper_util", Level::INFO),
    ("rustls", Level::INFO),
    ("sea_orm", Level::INFO),
    ("sqlx", Level::WARN),
    ("tower", Level::INFO),
];

/// Starts logging by `RUST_LOG` (default `info`). A second call does nothing.
pub fn start() {
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let wanted = if wanted.is_empty() { "info" } else { &wanted };
    let (filter, mistake) = match EnvFilter::builder().parse(wanted) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let floors = Targets::new()
        .with_default(Level::TRACE)
        .with_targets(FLOORS);
    let registry = tracing_subscriber::registry().with(filter).with(floors);
    let started = if std::io::stderr().is_terminal() {
        registry
            .with(fmt::layer().with_writer(std::io::stderr))
            .try_init()
    } else {
        registry
            .with(
                fmt::layer()
                    .json()
                    .with_span_list(false)
                    .with_writer(std::io::stderr),
            )
            .try_init()
    };
    if let (Ok(()), Some(error)) = (started, mistake) {
        tracing::warn!(%error, "RUST_LOG cannot be read; logging at info");
    }
}

/// An error and its causes in one line, for a log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
