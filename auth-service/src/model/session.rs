//! A session, and a session together with the user it belongs to.

use super::User;
use contract::{
    ids::{PartnerId, SessionId, UserId},
    principal::UserType,
    time::Timestamp,
};

/// Which pair of tokens of a session: 1 at log-in, one more at each rotation.
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
    /// The user now; `None` if the row is gone.
    pub user: Option<User>,
    /// Whether the user's password is the one that logged in; `None` if the row is gone.
    pub password_is_in_force: Option<bool>,
    /// The database's time at the reading.
    pub now: Timestamp,
}

/// The same, with no more than a validation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// Whose session it is.
    pub user_id: UserId,
    /// The pair in force.
    pub generation: Generation,
    /// Not ended.
    pub is_active: bool,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// When it ends however often it is refreshed.
    pub absolute_expires_at: Timestamp,
    /// Whether the generation in force was used.
    pub is_used: bool,
    /// The user now; `None` if the row is gone.
    pub holder: Option<Holder>,
    /// Whether the user's password is the one that logged in; `None` if the row is gone.
    pub password_is_in_force: Option<bool>,
    /// The database's time at the reading.
    pub now: Timestamp,
}

/// The user behind a session, as a validation tells of it.
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
    /// Active and not deleted.
    pub is_live: bool,
    /// Permissions in force, sorted.
    pub permissions: Vec<String>,
}
