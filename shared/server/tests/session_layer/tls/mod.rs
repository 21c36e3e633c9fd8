//! TLS between services: who is believed, who is served, and what happens when
//! certificates change.

mod expiration;
mod handshakes;
mod mutual;
mod rotation;

use client::{
    channel::{self, Target},
    tls::{CertificateFiles, ClientTls, ClientTlsFiles, ServerTlsFiles},
};
use server::serve::Listener;
use std::net::SocketAddr;
use testing::certificates::{Authority, Certified, Mounted};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Status, service::Routes};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// A listener that serves health alone. It stops when this is dropped.
struct Served {
    address: SocketAddr,
    _stop: DropGuard,
}

impl Served {
    async fn start(tls: Option<ServerTlsFiles>) -> Self {
        let (_, health) = tonic_health::server::health_reporter();
        let listener = Listener::bind("served", "127.0.0.1:0".parse().unwrap())
            .await
            .unwrap()
            .with_tls(tls)
            .unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(Routes::new(health), stop.clone()));
        Self {
            address,
            _stop: stop.drop_guard(),
        }
    }

    /// Makes a call over a connection of its own.
    async fn call(&self, tls: Option<ClientTls>) -> Result<(), Status> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}", self.address.port());
        let target = Target::new(&url.parse().unwrap(), tls).unwrap();
        let mut client = HealthClient::new(channel::connect(target));
        let service = String::new();
        client.check(HealthCheckRequest { service }).await.map(drop)
    }
}

fn own(mounted: &Mounted) -> CertificateFiles {
    CertificateFiles {
        certificate: mounted.certificate(),
        key: mounted.key(),
    }
}

/// A listener's TLS; it asks for certificates where it is mutual.
pub(crate) fn server(mounted: &Mounted, mutual: bool) -> ServerTlsFiles {
    ServerTlsFiles {
        own: own(mounted),
        client_authority: mutual.then(|| mounted.authority()),
    }
}

/// A client that presents its certificate.
fn client(mounted: &Mounted) -> ClientTls {
    let files = ClientTlsFiles {
        authority: mounted.authority(),
        own: Some(own(mounted)),
    };
    ClientTls::open(files).unwrap()
}

/// A client that presents none.
pub(crate) fn stranger(mounted: &Mounted) -> ClientTls {
    let files = ClientTlsFiles {
        authority: mounted.authority(),
        own: None,
    };
    ClientTls::open(files).unwrap()
}

pub(crate) fn mounted(certified: &Certified, authority: &Authority) -> Mounted {
    Mounted::new(certified, authority)
}
