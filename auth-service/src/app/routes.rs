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
    serve::{self, Calls},
    session_layer::{AccessRules, Limits, NoSessions, ServiceCredentials, SessionLayer},
};
use tonic::{service::LayerExt as _, transport::server::Router};
use tonic_health::pb::health_server::{Health, HealthServer};

/// A request of ours has a few hundred bytes; the largest that is worth an
/// answer is one with an oversized token.
const MAX_MESSAGE: usize = 1_280 * 1_024;

/// For clients: who may call is read from the proto files, and enforced before any
/// handler.
pub(super) fn public(
    sessions: Sessions,
    trusted_proxies: usize,
    calls: &Calls,
    health: HealthServer<impl Health>,
) -> Result<Router, StartError> {
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[AUTH_SERVICE])?;
    let validator = InProcessValidator::new(sessions.clone());
    let auth = AuthServiceServer::new(AuthHandlers::new(sessions, trusted_proxies))
        .max_decoding_message_size(MAX_MESSAGE);
    let auth = SessionLayer::new(rules, validator)?.named_layer(auth);
    let auth = calls.named_layer(auth);
    let router = serve::server().add_service(auth).add_service(health);
    Ok(serve::with_reflection(router, &[AUTH_SERVICE])?)
}

/// For services.
pub(super) fn internal(
    sessions: Sessions,
    services: ServiceCredentials,
    calls: &Calls,
    health: HealthServer<impl Health>,
) -> Result<Router, StartError> {
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[VALIDATION_SERVICE])?;
    let validation = SessionValidationServiceServer::new(ValidationHandlers::new(sessions))
        .max_decoding_message_size(MAX_MESSAGE);
    let validation = SessionLayer::with(rules, NoSessions, Some(services), Limits::default())?
        .named_layer(validation);
    let validation = calls.named_layer(validation);
    let router = serve::server().add_service(validation).add_service(health);
    Ok(serve::with_reflection(router, &[VALIDATION_SERVICE])?)
}
