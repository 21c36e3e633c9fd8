//! Why a call is not served, with one variant for each reaction of the caller.

use crate::{model::Refusal, passwords::PasswordError, store::StoreError, tokens::SignError};
use std::time::Duration;

/// Why a call is not served.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token or its session is refused: log in, or refresh.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The e-mail is unknown, the password is wrong, or the user may not log in.
    #[error("the e-mail or the password is wrong")]
    CredentialsInvalid,
    /// A new password breaks a rule: choose another.
    #[error("the password {0}")]
    PasswordRejected(&'static str),
    /// The same for a call that also has a current password.
    #[error("the new password {0}")]
    NewPasswordRejected(&'static str),
    /// The session is valid, but the caller does not know the password.
    #[error("the current password is wrong")]
    CurrentPasswordWrong,
    /// An account with this e-mail exists: log in.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// The caller has no session with this id: list them.
    #[error("the caller has no such session")]
    OwnSessionNotFound,
    /// The time was over before all sessions were ended: repeat the call for the others.
    #[error("time was over before all sessions were ended")]
    SessionsLeft,
    /// Other refreshes of the same session succeeded first: present the same token again.
    #[error("another refresh of this session won")]
    RefreshConflict,
    /// Too many attempts were made: wait for this time.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// This replica is overloaded: retry.
    #[error("this replica is overloaded")]
    Overloaded,
    /// The database does not answer: retry.
    #[error("the database does not answer")]
    Unavailable(#[source] Option<StoreError>),
    /// A fault of the service: its log contains the cause.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AuthError {
    /// Whether the service failed, so that the error says nothing about the caller.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        match self {
            Self::SessionsLeft | Self::Overloaded | Self::Unavailable(_) | Self::Internal(_) => {
                true
            }
            Self::Refused(_)
            | Self::CredentialsInvalid
            | Self::PasswordRejected(_)
            | Self::NewPasswordRejected(_)
            | Self::CurrentPasswordWrong
            | Self::EmailTaken
            | Self::OwnSessionNotFound
            | Self::RefreshConflict
            | Self::TooManyAttempts(_) => false,
        }
    }
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Conflict(_) => Self::Unavailable(Some(error)),
            StoreError::Exists(_) | StoreError::Driver(_) | StoreError::Inconsistent(_) => {
                Self::Internal(error.into())
            }
        }
    }
}

impl From<PasswordError> for AuthError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Rejected(rule) => Self::PasswordRejected(rule),
            PasswordError::Overloaded => Self::Overloaded,
            PasswordError::Failed => Self::Internal(error.into()),
        }
    }
}

impl From<SignError> for AuthError {
    fn from(error: SignError) -> Self {
        Self::Internal(error.into())
    }
}
