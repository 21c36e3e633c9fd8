//! Which sessions are meant.

use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};

/// Which sessions to end, the old application's among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that there are.
    All,
    /// Those of a user, but for one.
    Of {
        /// The user.
        user: UserId,
        /// The one that goes on.
        but: Option<SessionId>,
    },
    /// Those begun before a time, but for one.
    CreatedBefore {
        /// The time.
        time: Timestamp,
        /// The one that goes on.
        but: SessionId,
    },
}
