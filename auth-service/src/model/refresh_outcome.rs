//! What became of a refresh whose token holds: a line of the decision table, or
//! what stood before it. The audit log and the counters tell the same ones apart.

use super::{AuditCause, AuditOutcome};

/// What became of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshOutcome {
    /// The next generation began.
    Turned,
    /// The pair in force was given again, and its first use noted.
    FirstUse,
    /// The pair in force was given again: it was presented itself, within the
    /// overlap.
    Young,
    /// The pair in force was given again: the one before was presented, within the
    /// overlap.
    OneBehind,
    /// The token was used again too late. The session ended.
    ReuseDetected,
    /// The token was newer than the row. The session ended.
    RowBehind,
    /// The session had been ended.
    SessionEnded,
    /// The session had expired.
    SessionExpired,
    /// There is no such session.
    SessionNotFound,
    /// The user is disabled or deleted. The session ended.
    UserInvalid,
    /// The password changed. The session ended.
    PasswordChanged,
    /// Others of the same session won.
    Conflict,
}

impl RefreshOutcome {
    /// Its cause in the audit log, one for each.
    #[must_use]
    pub const fn cause(self) -> AuditCause {
        match self {
            Self::Turned => AuditCause::Turned,
            Self::FirstUse => AuditCause::FirstUse,
            Self::Young => AuditCause::Young,
            Self::OneBehind => AuditCause::OneBehind,
            Self::ReuseDetected => AuditCause::ReuseDetected,
            Self::RowBehind => AuditCause::RowBehind,
            Self::SessionEnded => AuditCause::SessionEnded,
            Self::SessionExpired => AuditCause::SessionExpired,
            Self::SessionNotFound => AuditCause::SessionNotFound,
            Self::UserInvalid => AuditCause::UserInvalid,
            Self::PasswordChanged => AuditCause::PasswordChanged,
            Self::Conflict => AuditCause::Conflict,
        }
    }

    /// Whether a pair was given.
    #[must_use]
    pub const fn audited(self) -> AuditOutcome {
        match self {
            Self::Turned | Self::FirstUse | Self::Young | Self::OneBehind => AuditOutcome::Done,
            Self::ReuseDetected
            | Self::RowBehind
            | Self::SessionEnded
            | Self::SessionExpired
            | Self::SessionNotFound
            | Self::UserInvalid
            | Self::PasswordChanged
            | Self::Conflict => AuditOutcome::Refused,
        }
    }

    /// As logs and counters name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.cause().as_str()
    }
}
