//! The session layer's validator for auth-service's own methods. It calls the domain directly.

use super::render;
use crate::domain::{AuthError, Validations};
use client::validation::{ValidationError, Validator};
use contract::{bearer::BearerToken, deadline::Deadline, principal::Principal};

/// Validates in this process.
#[derive(Clone, Debug)]
pub struct InProcessValidator {
    validations: Validations,
}

impl InProcessValidator {
    /// A validator that calls this domain.
    #[must_use]
    pub fn new(validations: Validations) -> Self {
        Self { validations }
    }
}

impl Validator for InProcessValidator {
    async fn validate(
        &self,
        token: BearerToken,
        deadline: Deadline,
    ) -> Result<Principal, ValidationError> {
        let validating = self.validations.validate(&token);
        match tokio::time::timeout_at(deadline.instant(), validating).await {
            Ok(Ok(validated)) => Ok(render::principal(validated)),
            Ok(Err(AuthError::Refused(refusal))) => {
                let (reason, message) = refusal.told();
                Err(ValidationError::Refused {
                    reason,
                    message: message.to_owned(),
                })
            }
            Ok(Err(_)) | Err(_) => Err(ValidationError::Unavailable),
        }
    }
}
