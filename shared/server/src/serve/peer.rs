//! The peer of a connection.

use std::{net::SocketAddr, sync::Arc};

/// The peer of the connection that a call came over. It is an extension of each request, and
/// replaces tonic's `TcpConnectInfo`.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    address: Option<SocketAddr>,
    names: Arc<[String]>,
}

impl Peer {
    pub(super) fn new(address: Option<SocketAddr>, names: Vec<String>) -> Self {
        Self {
            address,
            names: names.into(),
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The names in its verified certificate; none if the listener does not require a certificate.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
