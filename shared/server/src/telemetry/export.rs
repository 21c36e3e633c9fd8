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

/// How long an ending process waits for its last spans to be taken.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// The export of spans, if it is switched on.
#[derive(Debug)]
pub struct Export {
    provider: Option<SdkTracerProvider>,
    service: &'static str,
}

/// What OpenTelemetry's variables say cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Another protocol than gRPC, or a value that is none.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// No place of a collector.
    #[error("{0}: must be http://host:port or https://host:port")]
    NotHttp(String),
    /// One that TLS needs.
    #[error("OTEL_EXPORTER_OTLP_{0}: is required here with https")]
    Missing(&'static str),
    /// Its files.
    #[error("the collector's TLS: {0}")]
    Tls(#[from] InvalidTls),
}

impl ExportError {
    /// What the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Tls(_) => config::EXIT_FAILURE,
            Self::Exporter(_) | Self::NotHttp(_) | Self::Missing(_) => config::EXIT_USAGE,
        }
    }
}

impl Export {
    /// Reads the variables. Queue and batches are bounded, and what does not fit is
    /// dropped: `OTEL_BSP_*`.
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

    /// What makes spans for the collector. There is none without one: it would cost each call.
    pub(super) fn layer<S>(&self) -> Option<OpenTelemetryLayer<S, Tracer>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.provider.as_ref()?.tracer(self.service);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let layer = layer.with_location(false).with_threads(false);
        Some(layer.with_target(false).with_tracked_inactivity(false))
    }

    /// Sends what is not sent yet, for a bounded time.
    pub async fn finish(self) {
        let Some(provider) = self.provider else {
            return;
        };
        let sending = move || provider.shutdown_with_timeout(LAST_SPANS);
        // the exporter's thread is waited for, so not on a thread that serves
        if let Ok(Err(error)) = tokio::task::spawn_blocking(sending).await {
            tracing::warn!(%error, "the last spans are lost");
        }
    }
}
