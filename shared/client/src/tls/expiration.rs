//! Metrics of when the certificates of a service expire.

use super::{ClientTls, ServerTls};
use prometheus_client::registry::Registry;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
};
use std::{fmt, time::Duration};
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

/// Where a certificate comes from.
#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// The files of a listener.
    Server(ServerTls),
    /// The files of a client, which may have no certificate.
    Client(ClientTls),
}

impl From<ServerTls> for CertificateSource {
    fn from(tls: ServerTls) -> Self {
        Self::Server(tls)
    }
}

impl From<ClientTls> for CertificateSource {
    fn from(tls: ClientTls) -> Self {
        Self::Client(tls)
    }
}

impl CertificateSource {
    fn expires(&self) -> Option<UnixTime> {
        match self {
            Self::Server(tls) => tls.expires(),
            Self::Client(tls) => tls.expires(),
        }
    }
}

/// When each certificate expires, read at each scrape. The metric is about the certificate that the
/// next connection would see. If the files cannot be used, this is the last good certificate, which
/// comes ever closer to its expiry.
#[derive(Debug)]
pub struct Expirations(Vec<(&'static str, CertificateSource)>);

impl Expirations {
    /// Registers a gauge with a series for each certificate, under its name.
    pub fn register(registry: &mut Registry, certificates: Vec<(&'static str, CertificateSource)>) {
        registry.register_collector(Box::new(Self(certificates)));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Certificate {
    certificate: &'static str,
}

impl Collector for Expirations {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "certificate_expiration_timestamp_seconds",
            "When the certificate expires that new connections see; without TLS there is none",
            None,
            MetricType::Gauge,
        )?;
        for (certificate, source) in &self.0 {
            if let Some(expires) = source.expires() {
                let seconds = i64::try_from(expires.as_secs()).unwrap_or(i64::MAX);
                let labels = Certificate { certificate };
                ConstGauge::new(seconds).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

/// When the end entity's certificate of a chain expires (RFC 5280, section 4.1.2.5).
pub(super) fn expires(chain: &[CertificateDer<'_>]) -> Option<UnixTime> {
    let certificate = EndEntityCert::try_from(chain.first()?).ok()?;
    // webpki returns the time only in a refusal. It checks the time first, so no authority is
    // needed
    let never = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    let usage = KeyUsage::server_auth();
    match certificate.verify_for_usage(&[], &[], &[], never, usage, None, None) {
        Err(Error::CertExpired { not_after, .. }) => Some(not_after),
        _ => None,
    }
}
