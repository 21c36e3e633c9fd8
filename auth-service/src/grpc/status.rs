//! Converts the domain's errors into statuses, with one exhaustive match.

use crate::domain::AuthError;
use contract::errors::{InvalidField, chain, invalid_fields, refuse, refuse_for};
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status};

/// The status of a call that is not served. A fault of the service is logged here, once, with its
/// causes, and the caller does not see them.
#[allow(clippy::needless_pass_by_value, reason = "the end of the error's way")]
pub(super) fn to_status(error: AuthError) -> Status {
    match error {
        AuthError::Refused(refusal) => {
            let (reason, message) = refusal.told();
            refuse(Code::Unauthenticated, reason, message)
        }
        AuthError::CredentialsInvalid => refuse(
            Code::Unauthenticated,
            ErrorReason::CredentialsInvalid,
            "the e-mail or the password is wrong",
        ),
        AuthError::PasswordRejected(rule) => invalid_fields(
            ErrorReason::FieldInvalid,
            vec![InvalidField::new("password", rule)],
        ),
        AuthError::NewPasswordRejected(rule) => invalid_fields(
            ErrorReason::FieldInvalid,
            vec![InvalidField::new("new_password", rule)],
        ),
        AuthError::CurrentPasswordWrong => refuse(
            Code::PermissionDenied,
            ErrorReason::CurrentPasswordWrong,
            "the current password is wrong; the session continues",
        ),
        AuthError::EmailTaken => refuse(
            Code::AlreadyExists,
            ErrorReason::EmailTaken,
            "an account with this e-mail exists; log in",
        ),
        AuthError::OwnSessionNotFound => refuse(
            Code::NotFound,
            ErrorReason::OwnSessionNotFound,
            "you have no session with this id; list your sessions",
        ),
        AuthError::SessionsLeft => refuse(
            Code::Unavailable,
            ErrorReason::DeadlineReached,
            "the time was over before all sessions were ended; repeat the call to end the others",
        ),
        AuthError::RefreshConflict => refuse(
            Code::Unavailable,
            ErrorReason::RefreshConflict,
            "another refresh of this session succeeded first; present the same token again",
        ),
        AuthError::TooManyAttempts(wait) => refuse_for(
            wait,
            Code::ResourceExhausted,
            ErrorReason::TooManyAttempts,
            "too many attempts; wait for the time in the retry info",
        ),
        AuthError::Overloaded => refuse(
            Code::ResourceExhausted,
            ErrorReason::Overloaded,
            "this replica is overloaded; try again after a moment",
        ),
        AuthError::Unavailable(_) => {
            tracing::warn!(cause = chain(&error), "the database does not answer");
            refuse(
                Code::Unavailable,
                ErrorReason::DatabaseUnavailable,
                "the database does not answer at the moment; try again",
            )
        }
        AuthError::Internal(_) => {
            tracing::error!(cause = chain(&error), "internal error");
            refuse(Code::Internal, ErrorReason::Internal, "internal error")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tonic_types::StatusExt as _;

    #[test]
    fn a_throttled_caller_is_told_how_long_to_wait_to_the_microsecond() {
        for wait in [1, 999_999, 1_000_000, 300_000_000].map(Duration::from_micros) {
            let status = to_status(AuthError::TooManyAttempts(wait));
            let told = status.get_details_retry_info().unwrap().retry_delay;
            assert_eq!(told, Some(wait));
        }
    }
}
