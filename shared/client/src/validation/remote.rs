//! Validation by auth-service: ValidateSession.

use super::{ServiceTokens, ValidationError, Validator};
use crate::channel::{
    AttemptFailure, Balanced, CallFailure, GaveUp, Policy, Replica, Resolver, RetryThrottle, Target,
};
use contract::{bearer::BearerToken, deadline::Deadline, principal::Principal};
use contract::{errors, served_call};
use http::HeaderMap;
use proto::auth::v1::{
    ErrorReason, ValidateSessionRequest, ValidateSessionResponse,
    session_validation_service_client::SessionValidationServiceClient,
};
use secrecy::ExposeSecret;
use std::{sync::Arc, time::Duration};
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataMap, MetadataValue},
};

/// Validates tokens by calling auth-service, at whichever of its replicas answers.
#[derive(Clone, Debug)]
pub struct RemoteValidator {
    auth: Balanced,
    policy: Arc<Policy>,
    tokens: Option<ServiceTokens>,
}

impl RemoteValidator {
    /// Calls the replicas of auth-service behind the name of its internal listener. Without service
    /// tokens, the target's client certificate identifies the caller.
    #[must_use]
    pub fn new(target: Target, tokens: Option<ServiceTokens>) -> Self {
        Self::over(Balanced::new(target, Resolver::system()), tokens)
    }

    /// Calls auth-service over a channel.
    #[must_use]
    pub fn over(auth: Balanced, tokens: Option<ServiceTokens>) -> Self {
        // a validation may be processed twice
        let policy = Policy {
            attempts: 3,
            is_idempotent: true,
            throttle: Some(RetryThrottle::default()),
        };
        Self {
            auth,
            policy: Arc::new(policy),
            tokens,
        }
    }

    /// Calls one replica, and another one if it does not answer.
    async fn send(
        &self,
        message: &ValidateSessionRequest,
        deadline: Deadline,
    ) -> Result<ValidateSessionResponse, ValidationError> {
        let mut headers = HeaderMap::new();
        served_call::propagate(&mut headers);
        let mut metadata = MetadataMap::from_headers(headers);
        if let Some(tokens) = &self.tokens {
            let Some(credential) = credential(tokens).await else {
                tracing::error!("the service token cannot be sent as metadata");
                return Err(ValidationError::Unavailable);
            };
            metadata.insert("authorization", credential);
        }
        let attempt = |replica: Replica, time: Option<Duration>| {
            let mut request = Request::new(message.clone());
            *request.metadata_mut() = metadata.clone();
            // the call passes on what is left of the caller's deadline
            request.set_timeout(time.unwrap_or_default());
            async move {
                let mut client = SessionValidationServiceClient::new(replica);
                let answer = client.validate_session(request).await;
                answered(answer.map(Response::into_inner)).map_err(|failure| (failure, ()))
            }
        };
        match self
            .auth
            .call_by(&self.policy, Some(deadline), attempt)
            .await
        {
            Ok(answer) => return answer.map_err(|status| refusal(&status)),
            Err(GaveUp::OutOfTime) => tracing::warn!("auth-service did not answer in time"),
            Err(GaveUp::Throttled) => {
                tracing::warn!("auth-service fails too often; not retrying");
            }
            Err(GaveUp::NoReplica | GaveUp::MayBeProcessed(())) => {
                tracing::warn!("no replica of auth-service gave an answer");
            }
        }
        Err(ValidationError::Unavailable)
    }
}

/// The answer of a replica, which may be a refusal; or why there is no answer.
fn answered(
    answer: Result<ValidateSessionResponse, Status>,
) -> Result<Result<ValidateSessionResponse, Status>, AttemptFailure> {
    let status = match answer {
        Ok(answer) => return Ok(Ok(answer)),
        Err(status) => status,
    };
    // a status that was made by the transport here, not by the other side
    let is_ours = std::error::Error::source(&status).is_some();
    let failure = CallFailure::of(&status);
    if is_ours && failure.is_unprocessed() {
        return Err(AttemptFailure::of(failure));
    }
    let reason = errors::reason_of(&status).and_then(|name| errors::auth_reason(&name));
    match (status.code(), reason) {
        (Code::Cancelled | Code::DeadlineExceeded, None) if is_ours => {
            Err(AttemptFailure::TimedOut)
        }
        (Code::ResourceExhausted, Some(ErrorReason::Overloaded))
        | (Code::Unavailable, Some(ErrorReason::DeadlineReached)) => Err(AttemptFailure::TimedOut),
        // a proxy reports that no replica is there
        (Code::Unavailable, None) => Err(AttemptFailure::ConnectionLost),
        _ if is_ours => Err(AttemptFailure::ConnectionLost),
        _ => Ok(Err(status)),
    }
}

async fn credential(tokens: &ServiceTokens) -> Option<MetadataValue<Ascii>> {
    let token = tokens.current().await?;
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
        let message = ValidateSessionRequest {
            access_token: token.expose().to_owned(),
        };
        let response = self.send(&message, deadline).await?;
        let principal = response.principal.and_then(Principal::from_wire);
        principal.ok_or_else(|| {
            tracing::error!("auth-service answered without a principal");
            ValidationError::Unavailable
        })
    }
}

/// Only UNAUTHENTICATED with a reason about the token or its session is a refusal of the caller.
/// Everything else is an outage: no connection, a timeout, an overload, a refusal of our own
/// credential, another server at that address.
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
            // the message may come from anywhere, so only code and reason are logged
            tracing::warn!(code = ?status.code(), ?reason, "auth-service gave no answer");
            ValidationError::Unavailable
        }
    }
}
