//! `ticketing.auth.v1.SessionValidationService`.

use super::{parse, render, status::to_status};
use crate::domain::Validations;
use proto::auth::v1::{
    ValidateSessionRequest, ValidateSessionResponse,
    session_validation_service_server::SessionValidationService,
};
use tonic::{Request, Response, Status};

/// The handlers of the internal listener.
#[derive(Clone, Debug)]
pub struct ValidationHandlers {
    validations: Validations,
}

impl ValidationHandlers {
    /// Handlers that call this domain.
    #[must_use]
    pub fn new(validations: Validations) -> Self {
        Self { validations }
    }
}

#[tonic::async_trait]
impl SessionValidationService for ValidationHandlers {
    async fn validate_session(
        &self,
        request: Request<ValidateSessionRequest>,
    ) -> Result<Response<ValidateSessionResponse>, Status> {
        let token = parse::token("access_token", request.into_inner().access_token)?;
        let validated = self.validations.validate(&token).await.map_err(to_status)?;
        Ok(Response::new(ValidateSessionResponse {
            access_token_expire_time: Some(validated.claims.expires_at.into()),
            session_expire_time: Some(validated.session_expires_at.into()),
            principal: Some(render::principal(validated).into()),
        }))
    }
}
