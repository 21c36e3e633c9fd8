//! Validation over the wire: ValidateSession of auth-service.

use super::{BearerToken, Deadline, Principal, ServiceTokens, ValidationError, Validator};
use crate::{errors, telemetry};
use http::HeaderMap;
use proto::auth::v1::{
    ErrorReason, ValidateSessionRequest,
    session_validation_service_client::SessionValidationServiceClient,
};
use secrecy::ExposeSecret;
use std::time::Duration;
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataMap, MetadataValue},
    transport::{Channel, Endpoint, Uri},
};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A silent connection is probed this often, and given up after as long again,
/// so that a hanging peer is left without a restart.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Asks auth-service. The connection is made at the first call and again
/// whenever it is lost.
#[derive(Clone, Debug)]
pub struct RemoteValidator {
    client: SessionValidationServiceClient<Channel>,
    tokens: ServiceTokens,
}

impl RemoteValidator {
    /// Prepares the connection to auth-service's internal listener. Nothing is
    /// sent yet.
    #[must_use]
    pub fn new(address: Uri, tokens: ServiceTokens) -> Self {
        let channel = Endpoint::from(address)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .connect_lazy();
        Self {
            client: SessionValidationServiceClient::new(channel),
            tokens,
        }
    }

    fn credential(&self) -> Option<MetadataValue<Ascii>> {
        let token = self.tokens.current()?;
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {}", token.expose_secret()).parse().ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Validator for RemoteValidator {
    async fn validate(
        &self,
        token: BearerToken,
        deadline: Deadline,
    ) -> Result<Principal, ValidationError> {
        let Some(credential) = self.credential() else {
            tracing::error!("the service token cannot be sent as metadata");
            return Err(ValidationError::Unavailable);
        };
        let mut request = Request::new(ValidateSessionRequest {
            access_token: token.expose().to_owned(),
        });
        let mut headers = HeaderMap::new();
        telemetry::propagate(&mut headers);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        request.metadata_mut().insert("authorization", credential);
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
