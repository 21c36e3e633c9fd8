//! Validation over the wire: ValidateSession of auth-service.

use super::{BearerToken, Deadline, Principal, ServiceTokens, ValidationError, Validator};
use crate::{
    channel::{self, Target},
    errors, telemetry,
};
use http::HeaderMap;
use proto::auth::v1::{
    ErrorReason, ValidateSessionRequest,
    session_validation_service_client::SessionValidationServiceClient,
};
use secrecy::ExposeSecret;
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataMap, MetadataValue},
    transport::Channel,
};

/// Asks auth-service. The connection is made at the first call and again
/// whenever it is lost.
#[derive(Clone, Debug)]
pub struct RemoteValidator {
    client: SessionValidationServiceClient<Channel>,
    tokens: Option<ServiceTokens>,
}

impl RemoteValidator {
    /// Prepares the connection to auth-service's internal listener. Nothing is
    /// sent yet. Without service tokens, the client certificate of the target is what
    /// shows who asks.
    #[must_use]
    pub fn new(target: Target, tokens: Option<ServiceTokens>) -> Self {
        Self {
            client: SessionValidationServiceClient::new(channel::connect(target)),
            tokens,
        }
    }
}

fn credential(tokens: &ServiceTokens) -> Option<MetadataValue<Ascii>> {
    let token = tokens.current()?;
    let mut value: MetadataValue<Ascii> =
        format!("Bearer {}", token.expose_secret()).parse().ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Validator for RemoteValidator {
    async fn validate(
        &self,
        token: BearerToken,
        deadline: Deadline,
    ) -> Result<Principal, ValidationError> {
        let mut request = Request::new(ValidateSessionRequest {
            access_token: token.expose().to_owned(),
        });
        let mut headers = HeaderMap::new();
        telemetry::propagate(&mut headers);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        if let Some(tokens) = &self.tokens {
            let Some(credential) = credential(tokens) else {
                tracing::error!("the service token cannot be sent as metadata");
                return Err(ValidationError::Unavailable);
            };
            request.metadata_mut().insert("authorization", credential);
        }
        // what is left of the caller's deadline goes along
        request.set_timeout(deadline.remaining());

        let mut client = self.client.clone();
        let response =
            tokio::time::timeout_at(deadline.instant(), client.validate_session(request))
                .await
                .map_err(|_elapsed| {
                    tracing::warn!("auth-service did not answer in time");
                    ValidationError::Unavailable
                })?
                .map_err(|status| refusal(&status))?;
        let principal = response
            .into_inner()
            .principal
            .and_then(Principal::from_wire);
        principal.ok_or_else(|| {
            tracing::error!("auth-service answered without a principal");
            ValidationError::Unavailable
        })
    }
}

/// Only UNAUTHENTICATED with a reason about the token or its session is an
/// answer about the caller. Everything else (no connection, a timeout, shedding,
/// our own credential refused, another server on that address) is an outage.
fn refusal(status: &Status) -> ValidationError {
    let reason = errors::reason_of(status).and_then(|name| errors::auth_reason(&name));
    match reason {
        Some(reason)
            if status.code() == Code::Unauthenticated
                && reason != ErrorReason::ServiceTokenInvalid =>
        {
            ValidationError::Refused {
                reason,
                message: status.message().to_owned(),
            }
        }
        _ => {
            // the message may come from anywhere: code and reason are enough
            tracing::warn!(code = ?status.code(), ?reason, "auth-service gave no answer");
            ValidationError::Unavailable
        }
    }
}
