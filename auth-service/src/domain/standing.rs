//! Whether a session, and the user behind it, still stand.

use crate::model::{EndReason, RefreshOutcome, Refusal, SessionRecord, User};

/// Why a session does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    /// It was ended.
    Ended,
    /// It is past its end.
    Expired,
    /// The user is disabled or deleted.
    UserInvalid,
    /// The password is another one than at log-in.
    PasswordChanged,
}

impl Dead {
    /// What to tell the caller.
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Ended => Refusal::SessionEnded,
            Self::Expired => Refusal::SessionExpired,
            Self::UserInvalid | Self::PasswordChanged => Refusal::SessionUserInvalid,
        }
    }

    /// Why to end the row, if it is not over by itself, so that nothing revives it:
    /// a user who was seen disabled and is enabled again logs in anew.
    #[must_use]
    pub const fn end(self) -> Option<EndReason> {
        match self {
            Self::Ended | Self::Expired => None,
            Self::UserInvalid => Some(EndReason::UserInvalid),
            Self::PasswordChanged => Some(EndReason::PasswordChanged),
        }
    }

    /// What becomes of a refresh that meets it.
    #[must_use]
    pub const fn refresh_outcome(self) -> RefreshOutcome {
        match self {
            Self::Ended => RefreshOutcome::SessionEnded,
            Self::Expired => RefreshOutcome::SessionExpired,
            Self::UserInvalid => RefreshOutcome::UserInvalid,
            Self::PasswordChanged => RefreshOutcome::PasswordChanged,
        }
    }
}

/// The user behind a session that stands: the row is active and unexpired, the
/// user is live, and the password is the one that logged in.
pub fn standing(record: &SessionRecord) -> Result<&User, Dead> {
    if !record.session.is_active {
        return Err(Dead::Ended);
    }
    if record.now >= record.session.expires_at || record.now >= record.session.absolute_expires_at {
        return Err(Dead::Expired);
    }
    let (Some(user), Some(password)) = (&record.user, &record.password) else {
        return Err(Dead::UserInvalid);
    };
    if !user.is_live {
        return Err(Dead::UserInvalid);
    }
    if !password.has_digest(&record.password_digest) {
        return Err(Dead::PasswordChanged);
    }
    Ok(user)
}
