//! TLS for listeners and for clients, by rustls: 1.3, or else 1.2 (RFC 8446, RFC
//! 5246). Clients speak HTTP/2 alone, by ALPN (RFC 9113, section 3.2). Listeners speak HTTP/1.1
//! as well, since callers by Connect, and whatever stands before them, may.
//!
//! Certificates, keys and authorities are PEM files. They are read again for each
//! handshake, so that a new connection meets what the files hold now: a Secret that
//! Kubernetes mounts changes by a symbolic link. What cannot be used keeps what was
//! read before in force, and the log says so. Connections that are open already go on
//! with what they began with, until they reach their greatest age.

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

/// What files make: a configuration, and when the certificate in it ends.
struct Made<C> {
    config: Arc<C>,
    expires: Option<UnixTime>,
}

/// The one provider of this process, named since none is its default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
