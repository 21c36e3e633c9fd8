//! A session, and a session together with the user it belongs to.

use super::{PasswordHash, User};
use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};

/// Which pair of tokens of a session: 1 at log-in, one more at each turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i32);

impl Generation {
    /// That of a log-in.
    pub const FIRST: Self = Self(1);

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What the database holds of a log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The pair in force.
    pub generation: Generation,
    /// Not ended.
    pub is_active: bool,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// When it ends however often it is refreshed.
    pub absolute_expires_at: Timestamp,
    /// When the generation in force began.
    pub rotated_at: Timestamp,
    /// When the generation in force was first used.
    pub used_at: Option<Timestamp>,
    /// What the client called itself at log-in.
    pub device_info: Option<String>,
    /// The peer's address at log-in.
    pub ip_address: Option<String>,
}

/// A session as one statement reads it: with its user, and the database's time.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// The session.
    pub session: Session,
    /// Digest of the user's password as it was at log-in.
    pub password_digest: String,
    /// The user now; `None` if the row is gone.
    pub user: Option<User>,
    /// The user's password now.
    pub password: Option<PasswordHash>,
    /// The database's time at the reading.
    pub now: Timestamp,
}
