//! What proxies ask before they pass a request of their client on: whose it is, and whether it may
//! pass. Envoy asks by its own gRPC method, and nginx and Traefik by `GET /authorize`. The look-up is
//! that of ValidateSession.
//!
//! A request passes only with an answer that says so. If there is no answer, the call fails, and the
//! proxy refuses the request.

mod authorize;
mod envoy;
mod identity;
mod route_rule;

pub use authorize::authorize;
pub use envoy::EnvoyHandlers;

use self::route_rule::RouteRule;
use super::{render, status::to_status};
use crate::domain::Validations;
use contract::{
    access_rules::require,
    bearer::{BearerToken, unauthenticated},
    principal::Principal,
};
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status};

/// Answers proxies.
#[derive(Clone, Debug)]
pub struct ProxyQuestions {
    validations: Validations,
}

impl ProxyQuestions {
    /// By this domain.
    #[must_use]
    pub fn new(validations: Validations) -> Self {
        Self { validations }
    }

    /// The user of a request that may pass. UNAUTHENTICATED and PERMISSION_DENIED refuse the
    /// request; any other error is no answer.
    async fn ask(
        &self,
        token: Result<BearerToken, ErrorReason>,
        rule: &RouteRule,
    ) -> Result<Principal, Status> {
        let token = token.map_err(unauthenticated)?;
        let validated = self.validations.validate(&token).await.map_err(to_status)?;
        let principal = render::principal(validated);
        require(&principal, rule.permission.as_deref(), &rule.user_types)?;
        Ok(principal)
    }
}

/// Whether a status refuses the request. Otherwise it says nothing about the request.
fn is_refusal(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied
    )
}
