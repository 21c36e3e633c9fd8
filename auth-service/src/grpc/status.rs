//! From the domain's error to the wire: one exhaustive match.

use crate::{domain::AuthError, model::Refusal};
use contract::errors::{InvalidField, chain, invalid_fields, refuse, refuse_for};
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status};

/// The status of a call that is not served. What is our fault is logged here,
/// once, with its sources, and nothing of it goes out.
#[allow(clippy::needless_pass_by_value, reason = "the end of the error's way")]
pub(super) fn to_status(error: AuthError) -> Status {
    match error {
        AuthError::Refused(refused) => {
            let (reason, message) = refusal(refused);
            refuse(Code::Unauthenticated, reason, message)
        }
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
            "the current password is wrong; the session goes on",
        ),
        AuthError::EmailTaken => refuse(
            Code::AlreadyExists,
            ErrorReason::EmailTaken,
            "an account with this e-mail exists; log in",
        ),
        AuthError::OwnSessionNotFound => refuse(
            Code::NotFound,
            ErrorReason::OwnSessionNotFound,
            "you have no session of this id; list them",
        ),
        AuthError::SessionsLeft => refuse(
            Code::Unavailable,
            ErrorReason::DeadlineReached,
            "time was over before all sessions were ended; call again to end the others",
        ),
        AuthError::RefreshConflict => refuse(
            Code::Unavailable,
            ErrorReason::RefreshConflict,
            "another refresh of this session won; present the same token again",
        ),
        AuthError::TooManyAttempts(wait) => refuse_for(
            wait,
            Code::ResourceExhausted,
            ErrorReason::TooManyAttempts,
            "too many attempts; wait as long as the retry info says",
        ),
        AuthError::Overloaded => refuse(
            Code::ResourceExhausted,
            ErrorReason::Overloaded,
            "too much to do at the moment; try again",
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

/// The wire's reason for a refusal, and what the caller can do.
pub(super) fn refusal(refusal: Refusal) -> (ErrorReason, &'static str) {
    match refusal {
        Refusal::TokenMalformed => (
            ErrorReason::TokenMalformed,
            "the token is not one of ours; log in",
        ),
        Refusal::TokenAlgorithm => (
            ErrorReason::TokenAlgorithmNotAllowed,
            "the token's algorithm is not allowed; log in",
        ),
        Refusal::TokenKeyUnknown => (
            ErrorReason::TokenKeyUnknown,
            "the token names a key that does not exist; log in",
        ),
        Refusal::TokenSignature => (
            ErrorReason::TokenSignatureInvalid,
            "the token's signature does not hold; log in",
        ),
        Refusal::TokenType => (
            ErrorReason::TokenTypeMismatch,
            "an access token where a refresh token is asked for, or the reverse; send the other one",
        ),
        Refusal::TokenIssuer => (
            ErrorReason::TokenIssuerMismatch,
            "the token was issued by someone else; log in",
        ),
        Refusal::TokenAudience => (
            ErrorReason::TokenAudienceMismatch,
            "the token was issued for someone else; log in",
        ),
        Refusal::TokenExpired => (
            ErrorReason::TokenExpired,
            "the token has expired; refresh the session, or log in",
        ),
        Refusal::SessionEnded => (ErrorReason::SessionEnded, "the session was ended; log in"),
        Refusal::SessionExpired => (
            ErrorReason::SessionExpired,
            "the session has expired; log in",
        ),
        Refusal::SessionNotFound => (
            ErrorReason::SessionNotFound,
            "there is no such session; log in",
        ),
        Refusal::SessionUserInvalid => (
            ErrorReason::SessionUserInvalid,
            "the user or the password changed since this session began; log in",
        ),
        Refusal::ReuseDetected => (
            ErrorReason::ReuseDetected,
            "the refresh token was used before, so the session was ended; log in",
        ),
        Refusal::SessionRowBehind => (
            ErrorReason::SessionRowBehind,
            "the session is older than this token; log in",
        ),
        Refusal::CredentialsInvalid => (
            ErrorReason::CredentialsInvalid,
            "the e-mail or the password is wrong",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tonic_types::StatusExt as _;

    #[test]
    fn who_has_to_wait_is_told_how_long_to_the_microsecond() {
        for wait in [1, 999_999, 1_000_000, 300_000_000].map(Duration::from_micros) {
            let status = to_status(AuthError::TooManyAttempts(wait));
            let told = status.get_details_retry_info().unwrap().retry_delay;
            assert_eq!(told, Some(wait));
        }
    }
}
