//! The ops listener: health and reflection for the cluster, and the metrics of one
//! service, which Prometheus scrapes by plain HTTP/1.1.

use super::{ReflectionError, with_reflection};
use axum::routing::get;
use contract::access_rules::{AccessRule, PathRules};
use http::{StatusCode, header::CONTENT_TYPE};
use prometheus_client::{encoding::text, metrics::info::Info};
use std::sync::Arc;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};

/// The metrics of one service, each registered once. There is no global registry, so two services
/// in one process do not share metrics.
pub use prometheus_client::registry::Registry as MetricsRegistry;

/// The paths that an ops listener serves by HTTP alone.
pub(super) const PATHS: PathRules = &[(PATH, AccessRule::Public)];
/// The path that Prometheus scrapes.
const PATH: &str = "/metrics";
/// OpenMetrics 1.0, "Text format".
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A registry whose metrics begin with `prefix` and `_`. It contains `<prefix>_build_info`, with
/// the version as a label.
#[must_use]
pub fn metrics_registry(prefix: &str, version: &'static str) -> MetricsRegistry {
    let mut registry = MetricsRegistry::with_prefix(prefix);
    let build = Info::new(vec![("version", version)]);
    registry.register("build", "What is running", build);
    registry
}

/// The routes of an ops listener: health and reflection by gRPC, and `GET /metrics` by HTTP/2 or,
/// if the listener accepts it, HTTP/1.1.
pub fn ops(
    health: HealthServer<impl Health>,
    registry: MetricsRegistry,
) -> Result<Routes, ReflectionError> {
    let registry = Arc::new(registry);
    let metrics = get(move || {
        let registry = Arc::clone(&registry);
        async move {
            // to tell when certificates end, their files are read
            let scraped = tokio::task::spawn_blocking(move || scrape(&registry)).await;
            scraped.unwrap_or_else(|error| failed(&error))
        }
    });
    let routes = Routes::new(health).into_axum_router();
    let routes = routes.route(PATH, metrics);
    with_reflection(routes.into(), &[])
}

type Answer = (StatusCode, [(http::HeaderName, &'static str); 1], String);

fn scrape(registry: &MetricsRegistry) -> Answer {
    let mut metrics = String::new();
    match text::encode(&mut metrics, registry) {
        Ok(()) => (StatusCode::OK, [(CONTENT_TYPE, OPENMETRICS)], metrics),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> Answer {
    tracing::error!(%error, "metrics cannot be written");
    let plain = [(CONTENT_TYPE, "text/plain")];
    (StatusCode::INTERNAL_SERVER_ERROR, plain, String::new())
}
