//! Who is at the other end of a connection.

use std::{net::SocketAddr, sync::Arc};

/// The other end of the connection that a call came by. It stands in the extensions
/// of each call, in the place of tonic's `TcpConnectInfo`.
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

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The names in its verified certificate; none
    /// where no certificate was asked for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
