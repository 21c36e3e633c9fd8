//! The question behind a rule that asks for a session.

use contract::{bearer::BearerToken, deadline::Deadline, principal::Principal};
use proto::auth::v1::ErrorReason;

/// Answers whose session an access token belongs to. There are two: over the
/// wire ([`super::RemoteValidator`]), and auth-service's own, in process.
pub trait Validator: Clone + Send + Sync + 'static {
    /// Whether this validator can answer at all; a service whose rules ask for
    /// a session does not start with one that cannot.
    const VALIDATES: bool = true;

    /// Validates an access token, by a deadline.
    fn validate(
        &self,
        token: BearerToken,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Principal, ValidationError>> + Send;
}

/// Why there is no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidationError {
    /// The token or its session does not hold: UNAUTHENTICATED.
    #[error("{message}")]
    Refused {
        /// Why.
        reason: ErrorReason,
        /// What the caller can do.
        message: String,
    },
    /// There is no answer: UNAVAILABLE. An outage is never a refusal.
    #[error("sessions cannot be validated at the moment")]
    Unavailable,
}

/// The validator of a service none of whose methods asks for a session.
#[derive(Clone, Copy, Debug)]
pub struct NoSessions;

impl Validator for NoSessions {
    const VALIDATES: bool = false;

    async fn validate(&self, _: BearerToken, _: Deadline) -> Result<Principal, ValidationError> {
        Err(ValidationError::Unavailable)
    }
}
