//! A TLS client that requests protocols.

use std::{io, net::SocketAddr, path::Path, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

/// Connects to `localhost` at an address, which an authority must certify, and asks for
/// these protocols by ALPN; for none, it does not speak of it.
pub async fn connect(
    address: SocketAddr,
    authority: &Path,
    protocols: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(authority).expect("a certificate");
    roots.add(authority).expect("an authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().into())
        .collect();
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// What is spoken of that which is asked for; nothing where nobody listens so, or where
/// it is left open.
pub async fn spoken(address: SocketAddr, authority: &Path, protocols: &[&str]) -> Option<String> {
    let stream = connect(address, authority, protocols).await.ok()?;
    let spoken = stream.get_ref().1.alpn_protocol()?;
    Some(String::from_utf8_lossy(spoken).into_owned())
}
