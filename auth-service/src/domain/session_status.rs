//! The status of a session: active, ended, expired, user disabled, or password changed.

use crate::model::{LookedUp, Refusal, SessionRecord, User};
use contract::time::Timestamp;

/// The values that a session's status depends on.
#[derive(Clone, Copy, Debug)]
pub struct SessionStatus {
    /// Whether the session was not ended.
    pub is_active: bool,
    /// When the session expires if it is not refreshed.
    pub expires_at: Timestamp,
    /// When the session expires however often it is refreshed.
    pub absolute_expires_at: Timestamp,
    /// Whether the user is active and not deleted; `None` if the user's row is gone.
    pub user_is_live: Option<bool>,
    /// Whether the user's password is still the one of the log-in; `None` if the user's row is
    /// gone.
    pub password_is_in_force: Option<bool>,
    /// The database's time.
    pub now: Timestamp,
}

impl SessionStatus {
    /// Checks that the session is active. Otherwise returns why it is refused.
    pub fn check(self) -> Result<(), Refusal> {
        if !self.is_active {
            return Err(Refusal::SessionEnded);
        }
        if self.now >= self.expires_at || self.now >= self.absolute_expires_at {
            return Err(Refusal::SessionExpired);
        }
        match (self.user_is_live, self.password_is_in_force) {
            (Some(true), Some(true)) => Ok(()),
            (Some(true), Some(false)) => Err(Refusal::PasswordChanged),
            _ => Err(Refusal::UserInvalid),
        }
    }
}

impl From<&LookedUp> for SessionStatus {
    fn from(found: &LookedUp) -> Self {
        Self {
            is_active: found.is_active,
            expires_at: found.expires_at,
            absolute_expires_at: found.absolute_expires_at,
            user_is_live: found.holder.as_ref().map(|holder| holder.is_live),
            password_is_in_force: found.password_is_in_force,
            now: found.now,
        }
    }
}

/// Returns the user of an active session, or why the session is refused.
pub fn active_user(record: &SessionRecord) -> Result<&User, Refusal> {
    let user = record.user.as_ref();
    let status = SessionStatus {
        is_active: record.session.is_active,
        expires_at: record.session.expires_at,
        absolute_expires_at: record.session.absolute_expires_at,
        user_is_live: user.map(|user| user.is_live),
        password_is_in_force: record.password_is_in_force,
        now: record.now,
    };
    status.check()?;
    user.ok_or(Refusal::UserInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut SessionStatus);

    const NOW: Timestamp = Timestamp::from_seconds(9);

    #[test]
    fn a_session_is_refused_for_the_first_reason_that_holds() {
        let active = SessionStatus {
            is_active: true,
            expires_at: Timestamp::from_seconds(10),
            absolute_expires_at: Timestamp::from_seconds(10),
            user_is_live: Some(true),
            password_is_in_force: Some(true),
            now: NOW,
        };
        assert_eq!(active.check(), Ok(()));
        let changes: [(Change, Refusal); 7] = [
            (
                |status| status.password_is_in_force = Some(false),
                Refusal::PasswordChanged,
            ),
            (
                |status| status.password_is_in_force = None,
                Refusal::UserInvalid,
            ),
            (
                |status| status.user_is_live = Some(false),
                Refusal::UserInvalid,
            ),
            (|status| status.user_is_live = None, Refusal::UserInvalid),
            (
                |status| status.absolute_expires_at = NOW,
                Refusal::SessionExpired,
            ),
            (|status| status.expires_at = NOW, Refusal::SessionExpired),
            (|status| status.is_active = false, Refusal::SessionEnded),
        ];
        let mut together = active;
        for (change, refusal) in changes {
            let mut alone = active;
            for status in [&mut alone, &mut together] {
                change(status);
                assert_eq!(status.check(), Err(refusal));
            }
        }
    }
}
