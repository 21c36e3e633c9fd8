//! The collector that receives spans, as OpenTelemetry's variables name it ("OTLP exporter"), with
//! TLS if the scheme is `https`. A variable for traces takes precedence over the one for all
//! signals.

use super::ExportError;
use client::{
    channel::{self, Target},
    tls::{CertificateFiles, ClientTls, ClientTlsFiles},
};
use http::Uri;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use std::{env, time::Duration};

/// The default of `OTEL_EXPORTER_OTLP_TIMEOUT`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The exporter to the collector; `None` if no collector is named.
pub(super) fn exporter() -> Result<Option<SpanExporter>, ExportError> {
    let Some((name, endpoint)) = variable("ENDPOINT") else {
        return Ok(None);
    };
    let builder = SpanExporter::builder().with_tonic();
    let builder = if endpoint.starts_with("http://") {
        builder
    } else if endpoint.starts_with("https://") {
        let timeout = variable("TIMEOUT").and_then(|(_, value)| value.parse().ok());
        let timeout = timeout.map_or(TIMEOUT, Duration::from_millis);
        let channel = channel::connect_within(target(name, &endpoint)?, timeout);
        builder.with_channel(channel).with_timeout(timeout)
    } else {
        return Err(ExportError::NotHttp(name));
    };
    Ok(Some(builder.build()?))
}

fn variable(end: &str) -> Option<(String, String)> {
    let starts = ["OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"];
    starts.into_iter().find_map(|start| {
        let name = format!("{start}{end}");
        let value = env::var(&name).ok().filter(|value| !value.is_empty())?;
        Some((name, value))
    })
}

/// A collector with TLS. Only the authority that is named is trusted.
fn target(name: String, endpoint: &str) -> Result<Target, ExportError> {
    let file = |end| variable(end).map(|(_, file)| file.into());
    let Some(authority) = file("CERTIFICATE") else {
        return Err(ExportError::Missing("CERTIFICATE"));
    };
    let own = match (file("CLIENT_CERTIFICATE"), file("CLIENT_KEY")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
        (None, Some(_)) => return Err(ExportError::Missing("CLIENT_CERTIFICATE")),
        (Some(_), None) => return Err(ExportError::Missing("CLIENT_KEY")),
    };
    let tls = ClientTls::open(ClientTlsFiles { authority, own })?;
    let not_a_place = |_| ExportError::NotHttp(name.clone());
    let url: Uri = endpoint.parse().map_err(not_a_place)?;
    Target::new(&url, Some(tls)).map_err(|_| ExportError::NotHttp(name))
}
