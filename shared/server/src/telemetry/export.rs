//! Spans for a collector: OTLP over gRPC, configured by OpenTelemetry's own
//! variables ("SDK environment variables", "OTLP exporter").

use super::collector;
use client::tls::InvalidTls;
use contract::config;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracerProvider, Tracer},
};
use std::{env, time::Duration};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

/// How long a process that ends waits until its last spans are accepted.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// The export of spans, if it is switched on.
#[derive(Debug)]
pub struct Export {
    provider: Option<SdkTracerProvider>,
    service: &'static str,
}

/// Why the values of OpenTelemetry's variables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A protocol other than gRPC, or an invalid value.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// Not the URL of a collector.
    #[error("{0}: must be http://host:port or https://host:port")]
    NotHttp(String),
    /// A variable is missing that TLS requires.
    #[error("OTEL_EXPORTER_OTLP_{0}: is required here with https")]
    Missing(&'static str),
    /// The files of TLS cannot be used.
    #[error("the collector's TLS: {0}")]
    Tls(#[from] InvalidTls),
}

impl ExportError {
    /// Sends the last spans when the process ends.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Tls(_) => config::EXIT_FAILURE,
            Self::Exporter(_) | Self::NotHttp(_) | Self::Missing(_) => config::EXIT_USAGE,
        }
    }
}

impl Export {
    /// Reads the variables. Queue and batches are limited; spans beyond the limits are dropped
    /// (`OTEL_BSP_*`).
    pub(super) fn start(service: &'static str) -> Result<Self, ExportError> {
        let provider = collector::exporter()?.map(|exporter| {
            let resource = Resource::builder().with_service_name(service);
            let resource = match env::var("OTEL_SERVICE_NAME") {
                Ok(name) if !name.is_empty() => resource.with_service_name(name),
                _ => resource,
            };
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource.build())
                .build()
        });
        Ok(Self { provider, service })
    }

    /// The layer that makes spans for the collector. Without a collector there is none, because
    /// spans make each call slower.
    pub(super) fn layer<S>(&self) -> Option<OpenTelemetryLayer<S, Tracer>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.provider.as_ref()?.tracer(self.service);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let layer = layer.with_location(false).with_threads(false);
        Some(layer.with_target(false).with_tracked_inactivity(false))
    }

    /// Sends the remaining spans, for a limited time.
    pub async fn finish(self) {
        let Some(provider) = self.provider else {
            return;
        };
        let sending = move || provider.shutdown_with_timeout(LAST_SPANS);
        // blocks until the exporter's thread has finished, so this must not run on a thread that
        // serves
        if let Ok(Err(error)) = tokio::task::spawn_blocking(sending).await {
            tracing::warn!(%error, "the last spans are lost");
        }
    }
}
