//! Whether a session, and the user behind it, still stand.

use crate::model::{EndReason, Refusal, SessionRecord, User};

/// A session that does not stand, and what to write into its row so that
/// nothing revives it: a user who was seen disabled and is enabled again logs
/// in anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    /// What to tell the caller.
    pub refusal: Refusal,
    /// Why to end the row, if it is not over by itself.
    pub end: Option<EndReason>,
}

/// The user behind a session that stands: the row is active and unexpired, the
/// user is live, and the password is the one that logged in.
pub fn standing(record: &SessionRecord) -> Result<&User, Dead> {
    let over = |refusal| Err(Dead { refusal, end: None });
    let dead = |reason| {
        Err(Dead {
            refusal: Refusal::SessionUserInvalid,
            end: Some(reason),
        })
    };
    if !record.session.is_active {
        return over(Refusal::SessionEnded);
    }
    if record.now >= record.session.expires_at || record.now >= record.session.absolute_expires_at {
        return over(Refusal::SessionExpired);
    }
    let (Some(user), Some(password)) = (&record.user, &record.password) else {
        return dead(EndReason::UserInvalid);
    };
    if !user.is_live {
        return dead(EndReason::UserInvalid);
    }
    if !password.has_digest(&record.password_digest) {
        return dead(EndReason::PasswordChanged);
    }
    Ok(user)
}
