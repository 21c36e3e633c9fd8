//! Logs: pretty on a terminal, JSON lines otherwise, always on standard error.

use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Below these levels the libraries print what must not be in a log: connection
/// URLs with passwords, header values. `RUST_LOG` cannot go lower.
const FLOORS: [&str; 7] = [
    "h2=info",
    "hyper=info",
    "hyper_util=info",
    "rustls=info",
    "sea_orm=info",
    "sqlx=warn",
    "tower=info",
];

/// Starts logging by `RUST_LOG` (default `info`). A second call does nothing.
pub fn start() {
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let wanted = if wanted.is_empty() { "info" } else { &wanted };
    let (filter, mistake) = match EnvFilter::builder().parse(wanted) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let filter = FLOORS
        .iter()
        .filter_map(|floor| floor.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let registry = tracing_subscriber::registry().with(filter);
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
