//! What each listener serves, and through which layers. Health and reflection stand
//! beside them, open to all.

use super::{AUTH_SERVICE, StartError, VALIDATION_SERVICE};
use crate::{
    domain::Sessions,
    grpc::{AuthHandlers, InProcessValidator, ValidationHandlers},
};
use client::validation::NoSessions;
use contract::{access_rules::AccessRules, deadline::Limits};
use proto::auth::v1::{
    auth_service_server::AuthServiceServer,
    session_validation_service_server::SessionValidationServiceServer,
};
use server::{
    serve::{self, Priority, Shedding},
    session_layer::{ServiceCredentials, SessionLayer},
};
use tonic::service::{LayerExt as _, Routes};
use tonic_health::pb::health_server::{Health, HealthServer};

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
    limits: Limits,
    ending_share: f64,
    shedding: &Shedding,
    health: HealthServer<impl Health>,
) -> Result<Routes, StartError> {
    let validator = InProcessValidator::new(sessions.clone());
    let handlers = AuthHandlers::new(sessions, ending_share);
    let auth = AuthServiceServer::new(handlers);
    let auth = SessionLayer::with(rules, validator, None, limits)?.named_layer(auth);
    let auth = shedding.named_layer(auth);
    let routes = Routes::new(auth).add_service(health);
    Ok(serve::with_reflection(routes, &[AUTH_SERVICE])?)
}

/// For services.
pub(super) fn internal(
    rules: AccessRules,
    sessions: Sessions,
    services: ServiceCredentials,
    limits: Limits,
    shedding: &Shedding,
    health: HealthServer<impl Health>,
) -> Result<Routes, StartError> {
    let validation = SessionValidationServiceServer::new(ValidationHandlers::new(sessions));
    let validation =
        SessionLayer::with(rules, NoSessions, Some(services), limits)?.named_layer(validation);
    let validation = shedding.named_layer(validation);
    let routes = Routes::new(validation).add_service(health);
    Ok(serve::with_reflection(routes, &[VALIDATION_SERVICE])?)
}
