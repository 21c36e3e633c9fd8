//! Why there is no access token, grouped by what the caller can do.

use super::StoreError;
use contract::errors;
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status};

/// Why a session client has no access token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SessionError {
    /// The store has no pair. Log in.
    #[error("nobody is logged in; log in")]
    NotLoggedIn,
    /// The session has ended, its refresh token is refused, or the log-in was refused. Log in.
    #[error("{}; log in", errors::Reason::wire_name(*.0))]
    Over(ErrorReason),
    /// auth-service did not answer any attempt. Try again later; the session continues.
    #[error("auth-service does not answer ({0:?}); try again later")]
    Unavailable(Code),
    /// An answer that is not about the session: a fault, or another server at that address. The
    /// session continues.
    #[error("auth-service refused the call ({0:?})")]
    Refused(Code),
    /// An answer without tokens, or with those of another session.
    #[error("auth-service gave an answer that is not about this session")]
    Answer,
    /// The pair cannot be saved or read. The session continues.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SessionError {
    /// Whether only a log-in helps.
    #[must_use]
    pub fn requires_log_in(&self) -> bool {
        matches!(self, Self::NotLoggedIn | Self::Over(_))
    }

    /// The error of a call that may be repeated.
    pub(super) fn of_status(status: &Status) -> Self {
        let reason = errors::reason_of(status).and_then(|name| errors::auth_reason(&name));
        match (status.code(), reason) {
            (Code::Unauthenticated, Some(reason)) => Self::Over(reason),
            (Code::ResourceExhausted, Some(ErrorReason::MessageTooLarge)) => {
                Self::Refused(status.code())
            }
            (Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted, _)
            // tonic's codes for a lost connection and for the client's own timeout
            | (Code::Cancelled | Code::Unknown | Code::Internal, None) => {
                Self::Unavailable(status.code())
            }
            (code, _) => Self::Refused(code),
        }
    }

    /// Whether the same call may succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Store(_))
    }
}

impl From<SessionError> for Status {
    /// The status that the session layer would give.
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::NotLoggedIn => {
                errors::refuse(Code::Unauthenticated, ErrorReason::TokenMissing, message)
            }
            SessionError::Over(reason) => errors::refuse(Code::Unauthenticated, reason, message),
            SessionError::Unavailable(_) => Self::unavailable(message),
            SessionError::Refused(_) | SessionError::Answer | SessionError::Store(_) => {
                Self::internal(message)
            }
        }
    }
}
