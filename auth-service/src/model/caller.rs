//! The caller of an RPC, and the client.

use contract::ids::{SessionId, UserId};

/// The client of a call, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The name that the client gave for its device: cleaned, at most 255 characters.
    pub device_info: Option<String>,
    /// The client's address. If no proxy is trusted, it is the peer's.
    pub ip_address: Option<String>,
}

/// The user and the session of a call that was made with an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// The client.
    pub client: Client,
}
