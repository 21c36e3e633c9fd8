//! A listener's side.

use super::{
    CertificateFiles, HTTP2, InvalidTls, Made, Stream, expiration, files, provider,
    reread::{Reread, Source},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::UnixTime,
        server::{NoServerSessionStorage, WebPkiClientVerifier},
    },
};

/// What a listener presents, and whom it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTlsFiles {
    /// Its own certificate.
    pub own: CertificateFiles,
    /// With it, a client must present a certificate of this authority (mutual TLS);
    /// without it, no client is asked.
    pub client_authority: Option<PathBuf>,
}

/// TLS of a listener.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Arc<Reread<ServerTlsFiles>>,
}

impl ServerTls {
    /// Reads the files of a listener of this name.
    pub fn open(name: &str, files: ServerTlsFiles) -> Result<Self, InvalidTls> {
        let config = Reread::open(name, files)?;
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Whether clients must present a certificate.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        self.config.source().client_authority.is_some()
    }

    /// When the certificate ends that it would present now.
    pub(super) fn expires(&self) -> Option<UnixTime> {
        self.config.current().expires
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config.current().config));
        let stream = acceptor.accept(stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(HTTP2) {
            return Err(io::Error::other("the client does not ask for HTTP/2"));
        }
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}

impl Source for ServerTlsFiles {
    type Made = Made<ServerConfig>;

    fn paths(&self) -> Vec<&Path> {
        let mut paths = vec![self.own.certificate.as_path(), self.own.key.as_path()];
        paths.extend(self.client_authority.as_deref());
        paths
    }

    fn make(&self, contents: &[&[u8]]) -> Result<Made<ServerConfig>, InvalidTls> {
        let paths = self.paths();
        let mut read = paths.iter().copied().zip(contents.iter().copied());
        let (Some(certificate), Some(key)) = (read.next(), read.next()) else {
            return Err(InvalidTls::refused(&self.own.certificate, &"was not read"));
        };
        let refused = |error| InvalidTls::refused(&self.own.certificate, &error);
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
                    .map_err(|error| InvalidTls::refused(file.0, &error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain = files::chain(certificate)?;
        let expires = expiration::expires(&chain);
        let mut config = builder
            .with_single_cert(chain, files::key(key)?)
            .map_err(refused)?;
        config.alpn_protocols = vec![HTTP2.to_vec()];
        if authority.is_some() {
            // a session that is resumed would not verify the client's certificate again
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Made {
            config: Arc::new(config),
            expires,
        })
    }
}
