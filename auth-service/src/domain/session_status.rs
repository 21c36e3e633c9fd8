//! Whether a session, and the user behind it, are still active.

use crate::model::{Refusal, SessionRecord, User};

/// The user behind an active session: the row is active and unexpired, the user is live,
/// and the password is the one that logged in. Otherwise, why the session is refused.
pub fn active_user(record: &SessionRecord) -> Result<&User, Refusal> {
    if !record.session.is_active {
        return Err(Refusal::SessionEnded);
    }
    if record.now >= record.session.expires_at || record.now >= record.session.absolute_expires_at {
        return Err(Refusal::SessionExpired);
    }
    let (Some(user), Some(password)) = (&record.user, &record.password) else {
        return Err(Refusal::UserInvalid);
    };
    if !user.is_live {
        return Err(Refusal::UserInvalid);
    }
    if !password.has_digest(&record.password_digest) {
        return Err(Refusal::PasswordChanged);
    }
    Ok(user)
}
