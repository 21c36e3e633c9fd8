//! TLS for listeners.

use super::{
    CertificateFiles, HTTP1, HTTP2, InvalidTls, Made, Stream, expiration, files, provider,
};
use contract::reread::{File, Reread, Source};
use std::{io, path::PathBuf, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::UnixTime,
        server::{NoServerSessionStorage, WebPkiClientVerifier},
    },
};

/// The files of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTlsFiles {
    /// Its own certificate.
    pub own: CertificateFiles,
    /// If it is given, clients must present a certificate of this authority (mutual TLS). Otherwise
    /// no client certificate is requested.
    pub client_authority: Option<PathBuf>,
}

/// TLS of a listener.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Reread<Offer>,
}

/// The configuration for handshakes with clients. ALPN (RFC 7301) selects HTTP/2, or HTTP/1.1 for
/// clients that request it or request nothing.
#[derive(Debug)]
struct Offer {
    files: ServerTlsFiles,
}

impl ServerTls {
    /// Reads the files for the listener with this name.
    pub fn open(name: &str, files: ServerTlsFiles) -> Result<Self, InvalidTls> {
        let config = Reread::open(name, Offer { files })?;
        Ok(Self { config })
    }

    /// Whether clients must present a certificate.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        self.config.source().files.client_authority.is_some()
    }

    /// When the certificate expires that the listener would present now. This blocks.
    pub(super) fn expires(&self) -> Option<UnixTime> {
        let read = self.config.read();
        read.unwrap_or_else(|_| self.config.made()).expires
    }

    /// Performs a handshake with a client.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let made = self.config.current().await;
        let acceptor = TlsAcceptor::from(Arc::clone(&made.config));
        let stream = acceptor.accept(stream).await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}

impl Source for Offer {
    type Made = Made<ServerConfig>;
    type Error = InvalidTls;

    const WHAT: &'static str = "certificates";

    fn read(&self) -> Result<Vec<File>, InvalidTls> {
        let ServerTlsFiles {
            own,
            client_authority,
        } = &self.files;
        let mut paths = vec![own.certificate.as_path(), own.key.as_path()];
        paths.extend(client_authority.as_deref());
        files::read(paths)
    }

    fn make(
        &self,
        files: &[File],
        _: Option<&Made<ServerConfig>>,
    ) -> Result<Made<ServerConfig>, InvalidTls> {
        let mut read = files.iter();
        let (Some(certificate), Some(key)) = (read.next(), read.next()) else {
            let own = &self.files.own.certificate;
            return Err(InvalidTls::refused(own, &"was not read"));
        };
        let refused = |error| InvalidTls::refused(certificate.path(), &error);
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let authority = read.next();
        let builder = match authority {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let roots = Arc::new(files::authorities(file)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                    .build()
                    .map_err(|error| InvalidTls::refused(file.path(), &error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain = files::chain(certificate)?;
        let expires = expiration::expires(&chain);
        let mut config = builder
            .with_single_cert(chain, files::key(key)?)
            .map_err(refused)?;
        // the first protocol that the client knows
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        if authority.is_some() {
            // a resumed session would not verify the client's certificate again
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Made {
            config: Arc::new(config),
            expires,
        })
    }
}
