//! A session, and a session together with the user it belongs to.

use super::User;
use contract::{
    ids::{PartnerId, SessionId, UserId},
    principal::UserType,
    time::Timestamp,
};

/// The number of a pair of tokens within its session: 1 at log-in, and one more at each rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i32);

impl Generation {
    /// The generation of a log-in.
    pub const FIRST: Self = Self(1);

    /// The next generation.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A session: what the database stores about a log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its user.
    pub user_id: UserId,
    /// The current generation.
    pub generation: Generation,
    /// Whether it was not ended.
    pub is_active: bool,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When it expires if it is not refreshed.
    pub expires_at: Timestamp,
    /// When it expires, however often it is refreshed.
    pub absolute_expires_at: Timestamp,
    /// When the current generation began.
    pub rotated_at: Timestamp,
    /// When the current generation was first used.
    pub used_at: Option<Timestamp>,
    /// The name that the client gave for its device at log-in.
    pub device_info: Option<String>,
    /// The client's address at log-in.
    pub ip_address: Option<String>,
}

/// A session with its user and the database's time, read by one statement.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// The session.
    pub session: Session,
    /// The user; `None` if the user's row is gone.
    pub user: Option<User>,
    /// Whether the user's password is still the one of the log-in; `None` if the user's row is
    /// gone.
    pub password_is_in_force: Option<bool>,
    /// The database's time of reading.
    pub now: Timestamp,
}

/// The part of a session that a validation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// The user of the session.
    pub user_id: UserId,
    /// The current generation.
    pub generation: Generation,
    /// Whether it was not ended.
    pub is_active: bool,
    /// When it expires if it is not refreshed.
    pub expires_at: Timestamp,
    /// When it expires, however often it is refreshed.
    pub absolute_expires_at: Timestamp,
    /// Whether the current generation was used.
    pub is_used: bool,
    /// The user; `None` if the user's row is gone.
    pub holder: Option<Holder>,
    /// Whether the user's password is still the one of the log-in; `None` if the user's row is
    /// gone.
    pub password_is_in_force: Option<bool>,
    /// The database's time of reading.
    pub now: Timestamp,
}

/// The user of a session, as a validation returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Display name.
    pub name: String,
    /// The kind of account.
    pub user_type: UserType,
    /// Name of the role.
    pub role: String,
    /// The partner that the user works for.
    pub partner_id: Option<PartnerId>,
    /// Whether the user is active and not deleted.
    pub is_live: bool,
    /// The permissions that the user has now, sorted.
    pub permissions: Vec<String>,
}
