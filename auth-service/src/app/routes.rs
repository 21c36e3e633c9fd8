//! What each listener serves, and through which layers. Health and reflection stand
//! beside them, open to all.

use super::{AUTH_SERVICE, StartError, VALIDATION_SERVICE};
use crate::{
    domain::Sessions,
    grpc::{AuthHandlers, InProcessValidator, ValidationHandlers},
};
use proto::auth::v1::{
    auth_service_server::AuthServiceServer,
    session_validation_service_server::SessionValidationServiceServer,
};
use shared::{
    serve::{self, Calls, Priority, PublicAccess, Shedding},
    session_layer::{AccessRules, Limits, NoSessions, ServiceCredentials, SessionLayer},
};
use tonic::service::{LayerExt as _, Routes};
use tonic_health::pb::health_server::{Health, HealthServer};
use tower::layer::util::Stack;

/// A request of ours has a few hundred bytes; the largest that is worth an
/// answer is one with an oversized token.
const MAX_MESSAGE: usize = 1_280 * 1_024;

/// Around each service: what is counted, and what is refused before it costs anything.
pub(super) type Layers = Stack<Shedding, Calls>;

/// Who comes first where there is not room for all.
pub(super) fn priority(path: &str) -> Priority {
    let (service, method) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or_default();
    match (service, method) {
        (VALIDATION_SERVICE, _) => Priority::First,
        (_, "RefreshSession" | "RevokeSession") => Priority::Second,
        _ => Priority::Last,
    }
}

/// For clients.
pub(super) fn public(
    rules: AccessRules,
    sessions: Sessions,
    access: &PublicAccess,
    limits: Limits,
    ending_share: f64,
    layers: &Layers,
    health: HealthServer<impl Health>,
) -> Result<Routes, StartError> {
    let validator = InProcessValidator::new(sessions.clone());
    let handlers = AuthHandlers::new(sessions, access.trusted_proxies, ending_share);
    let auth = AuthServiceServer::new(handlers).max_decoding_message_size(MAX_MESSAGE);
    let auth = SessionLayer::with(rules, validator, None, limits)?.named_layer(auth);
    let auth = layers.named_layer(auth);
    let routes = Routes::new(auth).add_service(health);
    Ok(serve::with_reflection(routes, &[AUTH_SERVICE])?)
}

/// For services.
pub(super) fn internal(
    rules: AccessRules,
    sessions: Sessions,
    services: ServiceCredentials,
    limits: Limits,
    layers: &Layers,
    health: HealthServer<impl Health>,
) -> Result<Routes, StartError> {
    let validation = SessionValidationServiceServer::new(ValidationHandlers::new(sessions))
        .max_decoding_message_size(MAX_MESSAGE);
    let validation =
        SessionLayer::with(rules, NoSessions, Some(services), limits)?.named_layer(validation);
    let validation = layers.named_layer(validation);
    let routes = Routes::new(validation).add_service(health);
    Ok(serve::with_reflection(routes, &[VALIDATION_SERVICE])?)
}
