//! Validation over the wire: ValidateSession of auth-service.

use super::{ServiceTokens, ValidationError, Validator};
use crate::channel::{Balanced, Loss, Replica, Resolver, RetryThrottle, Target};
use contract::{bearer::BearerToken, deadline::Deadline, principal::Principal};
use contract::{errors, trace_context};
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

/// Times that a validation is asked for at most. It changes nothing that asking twice
/// would change twice.
const ATTEMPTS: u32 = 3;

/// Asks auth-service, whichever of its replicas answers.
#[derive(Clone, Debug)]
pub struct RemoteValidator {
    auth: Balanced,
    throttle: Arc<RetryThrottle>,
    tokens: Option<ServiceTokens>,
}

impl RemoteValidator {
    /// Asks the replicas of auth-service behind the name of its internal listener.
    /// Without service tokens, the client certificate of the target is what shows who
    /// asks.
    #[must_use]
    pub fn new(target: Target, tokens: Option<ServiceTokens>) -> Self {
        Self::over(Balanced::new(target, Resolver::system()), tokens)
    }

    /// Asks over a channel.
    #[must_use]
    pub fn over(auth: Balanced, tokens: Option<ServiceTokens>) -> Self {
        Self {
            auth,
            throttle: Arc::default(),
            tokens,
        }
    }

    /// Asks one replica, and another where it gives no answer. All of it is in the
    /// caller's future: who gives up leaves nothing running.
    async fn ask(
        &self,
        message: &ValidateSessionRequest,
        deadline: Deadline,
    ) -> Result<ValidateSessionResponse, ValidationError> {
        let mut asked = Vec::new();
        let mut ask_again = true;
        for left in (0..ATTEMPTS).rev() {
            if ask_again && !self.auth.has_another(&asked) {
                asked.clear();
            }
            let Some(replica) = self.auth.pick(&asked).await else {
                break;
            };
            asked.push(replica.address());
            // a replica that says nothing must leave time for another
            let patience = if left > 0 && self.auth.has_another(&asked) {
                deadline.attempt(left + 1)
            } else {
                deadline.remaining()
            };
            match self.attempt(replica, message, patience).await? {
                Attempt::Answered(answer) => {
                    self.throttle.succeeded();
                    return answer.map_err(|status| refusal(&status));
                }
                // nothing fails; it is not the throttle's
                Attempt::Unseen => {
                    ask_again = true;
                    continue;
                }
                Attempt::Lost => ask_again = true,
                Attempt::Late => ask_again = false,
            }
            if !self.throttle.failed() {
                tracing::warn!("too much fails to ask auth-service again");
                break;
            }
        }
        tracing::warn!("no replica of auth-service gave an answer");
        Err(ValidationError::Unavailable)
    }

    async fn attempt(
        &self,
        replica: Replica,
        message: &ValidateSessionRequest,
        patience: Duration,
    ) -> Result<Attempt, ValidationError> {
        let mut request = Request::new(message.clone());
        let mut headers = HeaderMap::new();
        trace_context::propagate(&mut headers);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        if let Some(tokens) = &self.tokens {
            let Some(credential) = credential(tokens) else {
                tracing::error!("the service token cannot be sent as metadata");
                return Err(ValidationError::Unavailable);
            };
            request.metadata_mut().insert("authorization", credential);
        }
        // what is left of the caller's deadline goes along
        request.set_timeout(patience);
        let mut client = SessionValidationServiceClient::new(replica.clone());
        let answer = tokio::time::timeout(patience, client.validate_session(request)).await;
        let Ok(answer) = answer else {
            replica.avoid();
            return Ok(Attempt::Late);
        };
        Ok(Attempt::of(answer.map(Response::into_inner)))
    }
}

/// What became of asking one replica.
enum Attempt {
    /// It answered, be it with a refusal.
    Answered(Result<ValidateSessionResponse, Status>),
    /// Its connection was closed before the replica looked at it, as happens to each
    /// connection when it is old.
    Unseen,
    /// No connection, or a lost one: the same replica may answer by another.
    Lost,
    /// It has no time, or sheds load: to be asked again is what it can do without.
    Late,
}

impl Attempt {
    fn of(answer: Result<ValidateSessionResponse, Status>) -> Self {
        let status = match answer {
            Ok(answer) => return Self::Answered(Ok(answer)),
            Err(status) => status,
        };
        // a status of the transport's, not of the other side's
        let is_ours = std::error::Error::source(&status).is_some();
        match Loss::of(&status) {
            Loss::Closed if is_ours => return Self::Unseen,
            loss if is_ours && loss.is_of_nothing_done() => return Self::Lost,
            _ => {}
        }
        let reason = errors::reason_of(&status).and_then(|name| errors::auth_reason(&name));
        match (status.code(), reason) {
            (Code::Cancelled | Code::DeadlineExceeded, None) if is_ours => Self::Late,
            (Code::ResourceExhausted, Some(ErrorReason::Overloaded))
            | (Code::Unavailable, Some(ErrorReason::DeadlineReached)) => Self::Late,
            // a proxy says that there is nobody
            (Code::Unavailable, None) => Self::Lost,
            _ if is_ours => Self::Lost,
            _ => Self::Answered(Err(status)),
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
        let message = ValidateSessionRequest {
            access_token: token.expose().to_owned(),
        };
        let response = tokio::time::timeout_at(deadline.instant(), self.ask(&message, deadline))
            .await
            .map_err(|_elapsed| {
                tracing::warn!("auth-service did not answer in time");
                ValidationError::Unavailable
            })??;
        let principal = response.principal.and_then(Principal::from_wire);
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
