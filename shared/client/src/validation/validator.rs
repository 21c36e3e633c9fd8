//! The trait for validating access tokens.

use contract::{bearer::BearerToken, deadline::Deadline, principal::Principal};
use proto::auth::v1::ErrorReason;

/// Validates access tokens. There are two implementations: over the network
/// ([`super::RemoteValidator`]), and within auth-service itself.
pub trait Validator: Clone + Send + Sync + 'static {
    /// Whether this validator can validate. A service whose rules require a session does not start
    /// with a validator that cannot.
    const VALIDATES: bool = true;

    /// Validates an access token, by a deadline.
    fn validate(
        &self,
        token: BearerToken,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Principal, ValidationError>> + Send;
}

/// Why a token was not validated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidationError {
    /// The token or its session is invalid: UNAUTHENTICATED.
    #[error("{message}")]
    Refused {
        /// The reason.
        reason: ErrorReason,
        /// What the caller can do.
        message: String,
    },
    /// The token could not be validated: UNAVAILABLE. An outage is never a refusal.
    #[error("sessions cannot be validated at the moment")]
    Unavailable,
}

/// The validator of a service whose methods require no session.
#[derive(Clone, Copy, Debug)]
pub struct NoSessions;

impl Validator for NoSessions {
    const VALIDATES: bool = false;

    async fn validate(&self, _: BearerToken, _: Deadline) -> Result<Principal, ValidationError> {
        Err(ValidationError::Unavailable)
    }
}
