//! Which sessions are meant.

use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};

/// Which sessions to end, including those of the old application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All sessions.
    All,
    /// The sessions of a user, except one.
    Of {
        /// The user.
        user: UserId,
        /// The session that continues.
        but: Option<SessionId>,
    },
    /// The sessions that began before a time, except one.
    CreatedBefore {
        /// The time.
        time: Timestamp,
        /// The session that continues.
        but: SessionId,
    },
}
