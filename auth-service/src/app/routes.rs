//! The services and layers of each listener.

use super::{AUTH_SERVICE, VALIDATION_SERVICE};
use crate::{
    domain::Validations,
    grpc::{AuthHandlers, InProcessValidator, ValidationHandlers},
};
use client::validation::NoSessions;
use contract::{
    access_rules::{AccessRules, InvalidRules},
    deadline::Limits,
};
use proto::auth::v1::{
    auth_service_server::AuthServiceServer,
    session_validation_service_server::SessionValidationServiceServer,
};
use server::{
    serve::{LoadShedLayer, Priority},
    session_layer::{ServiceCredentials, SessionLayer},
};
use tonic::service::{LayerExt as _, Routes};

/// Which calls are served first where there is not enough capacity for all.
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

/// The routes of the public listener, for clients.
pub(super) fn public(
    handlers: AuthHandlers,
    validations: Validations,
    limits: Limits,
    load_shed: &LoadShedLayer,
) -> Result<Routes, InvalidRules> {
    // the access rules are read from the proto files, and enforced before any handler runs
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[AUTH_SERVICE])?;
    let validator = InProcessValidator::new(validations);
    let layer = SessionLayer::with(rules, validator, None, limits)?;
    let auth = AuthServiceServer::new(handlers);
    Ok(Routes::new(load_shed.named_layer(layer.named_layer(auth))))
}

/// The routes of the internal listener, for services.
pub(super) fn internal(
    validations: Validations,
    callers: ServiceCredentials,
    limits: Limits,
    load_shed: &LoadShedLayer,
) -> Result<Routes, InvalidRules> {
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[VALIDATION_SERVICE])?;
    let layer = SessionLayer::with(rules, NoSessions, Some(callers), limits)?;
    let validation = SessionValidationServiceServer::new(ValidationHandlers::new(validations));
    Ok(Routes::new(
        load_shed.named_layer(layer.named_layer(validation)),
    ))
}
