//! TLS for listeners and clients, by rustls: version 1.3 or 1.2 (RFC 8446, RFC 5246). ALPN (RFC
//! 9113, section 3.2) selects HTTP/2 for clients. Listeners also offer HTTP/1.1, for browsers, for
//! other callers by Connect, and for the proxies in front of them.
//!
//! Certificates, keys and authorities are PEM files. They are read again for each handshake, so
//! that a new connection uses their current content: when Kubernetes updates a mounted Secret, it
//! replaces a symbolic link. If the new content cannot be used, the old one is kept, and the log
//! says so. Open connections keep what they began with, until they reach their maximum age.

mod client;
mod expiration;
mod files;
mod identities;
mod server;
mod stream;

pub use client::{ClientTls, ClientTlsFiles};
pub use expiration::{CertificateSource, Expirations};
pub use files::{CertificateFiles, InvalidTls};
pub use identities::{ClientIdentities, InvalidIdentities};
pub use server::{ServerTls, ServerTlsFiles};
pub use stream::Stream;

use std::sync::Arc;
use tokio_rustls::rustls::{
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::UnixTime,
};

/// HTTP/2 over TLS (RFC 9113, section 3.2).
const HTTP2: &[u8] = b"h2";
/// HTTP/1.1 over TLS (RFC 7301, section 6).
const HTTP1: &[u8] = b"http/1.1";

/// What is made from the files: a configuration, and the expiry of its certificate.
struct Made<C> {
    config: Arc<C>,
    expires: Option<UnixTime>,
}

/// The cryptography provider of this process. It is named explicitly, because no default is
/// installed.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
