//! TLS for clients.

use super::{CertificateFiles, HTTP2, InvalidTls, Made, Stream, expiration, files, provider};
use contract::reread::{File, Reread, Source};
use std::{io, path::PathBuf, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig,
        client::Resumption,
        pki_types::{ServerName, UnixTime},
    },
};

/// The files of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTlsFiles {
    /// The authority that must have issued the server's certificate. No other authority is trusted.
    pub authority: PathBuf,
    /// The client's own certificate, for servers that require one.
    pub own: Option<CertificateFiles>,
}

/// The configuration for handshakes with servers.
#[derive(Debug)]
struct Offer(ClientTlsFiles);

/// TLS of a client.
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: Reread<Offer>,
}

impl ClientTls {
    /// Reads the files.
    pub fn open(files: ClientTlsFiles) -> Result<Self, InvalidTls> {
        let config = Reread::open("client", Offer(files))?;
        Ok(Self { config })
    }

    /// When the certificate expires that the client would present now, if it has one. This blocks.
    pub(super) fn expires(&self) -> Option<UnixTime> {
        let read = self.config.read();
        read.unwrap_or_else(|_| self.config.made()).expires
    }

    /// Performs a handshake with a server, which must prove that it is `name` (RFC 6125).
    pub(crate) async fn connect(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
    ) -> io::Result<Stream> {
        let made = self.config.current().await;
        let connector = TlsConnector::from(Arc::clone(&made.config));
        let stream = connector.connect(name, stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(HTTP2) {
            return Err(io::Error::other("the server does not offer HTTP/2"));
        }
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}

impl Source for Offer {
    type Made = Made<ClientConfig>;
    type Error = InvalidTls;

    const WHAT: &'static str = "certificates";

    fn read(&self) -> Result<Vec<File>, InvalidTls> {
        let mut paths = vec![self.0.authority.as_path()];
        if let Some(own) = &self.0.own {
            paths.extend([own.certificate.as_path(), own.key.as_path()]);
        }
        files::read(paths)
    }

    fn make(
        &self,
        files: &[File],
        _: Option<&Made<ClientConfig>>,
    ) -> Result<Made<ClientConfig>, InvalidTls> {
        let mut read = files.iter();
        let Some(authority) = read.next() else {
            return Err(InvalidTls::refused(&self.0.authority, &"was not read"));
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| InvalidTls::refused(&self.0.authority, &error))?
            .with_root_certificates(files::authorities(authority)?);
        let (mut config, expires) = match (read.next(), read.next()) {
            (Some(certificate), Some(key)) => {
                let chain = files::chain(certificate)?;
                let expires = expiration::expires(&chain);
                let config = builder
                    .with_client_auth_cert(chain, files::key(key)?)
                    .map_err(|error| InvalidTls::refused(certificate.path(), &error))?;
                (config, expires)
            }
            _ => (builder.with_no_client_auth(), None),
        };
        config.alpn_protocols = vec![HTTP2.to_vec()];
        // connections are few and last long
        config.resumption = Resumption::disabled();
        Ok(Made {
            config: Arc::new(config),
            expires,
        })
    }
}
