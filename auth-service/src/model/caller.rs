//! Who calls, and from where.

use contract::ids::{SessionId, UserId};

/// Where a call came from, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// What the client called itself: clean, at most 255 characters.
    pub device_info: Option<String>,
    /// The client's address; where no proxy is trusted, the peer's.
    pub ip_address: Option<String>,
}

/// The user and the session behind a call that came by an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// By which session.
    pub session: SessionId,
    /// From where.
    pub client: Client,
}
