//! The services and layers of each listener.

use super::{AUTH_SERVICE, VALIDATION_SERVICE};
use crate::{
    domain::Validations,
    grpc::{
        AuthHandlers, EnvoyHandlers, InProcessValidator, Introspection, ProxyQuestions,
        ValidationHandlers, authorize, key_set,
    },
    tokens::Tokens,
};
use axum::routing::MethodFilter;
use client::validation::NoSessions;
use contract::{
    access_rules::{AccessRule, AccessRules, InvalidRules, PathRules},
    deadline::Limits,
};
use envoy_types::ext_authz::v3::pb::AuthorizationServer;
use proto::auth::v1::{
    auth_service_server::AuthServiceServer,
    session_validation_service_server::SessionValidationServiceServer,
};
use server::{
    serve::{LoadShedLayer, Priority, add_path},
    session_layer::{ServiceCredentials, SessionLayer},
};
use std::sync::Arc;
use tonic::service::{LayerExt as _, Routes};

/// The path of the keys that verify tokens, for everybody.
const KEYS: &str = "/.well-known/jwks.json";
/// The path by which services check a token.
const INTROSPECTION: &str = "/oauth2/introspect";
/// The path by which proxies such as nginx and Traefik ask about a request of their client.
const AUTHORIZE: &str = "/authorize";
/// The method by which Envoy asks the same.
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// The access rules of the paths that are served without gRPC. A path that is not here is not
/// served.
pub const PATHS: PathRules = &[
    (KEYS, AccessRule::Public),
    (INTROSPECTION, AccessRule::Service),
    (AUTHORIZE, AccessRule::Proxy),
];

/// The access rules of the gRPC methods that no proto file of ours has.
pub const METHODS: PathRules = &[(CHECK, AccessRule::Service)];

/// Which calls are served first where there is not enough capacity for all.
pub(super) fn priority(path: &str) -> Priority {
    let (service, method) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or_default();
    match (service, method) {
        (VALIDATION_SERVICE, _) => Priority::First,
        _ if [INTROSPECTION, AUTHORIZE, CHECK].contains(&path) => Priority::First,
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
    let rules = rules.with_paths(PATHS, &[KEYS])?;
    let tokens = Arc::clone(&handlers.tokens);
    let validator = InProcessValidator::new(validations);
    let layer = SessionLayer::with(rules, validator, None, limits)?;
    let auth = AuthServiceServer::new(handlers);
    let routes = Routes::new(load_shed.named_layer(layer.named_layer(auth)));
    let keys = move |_| std::future::ready(key_set(&tokens));
    add_path(routes, KEYS, MethodFilter::GET, (load_shed, &layer), keys)
}

/// The routes of the internal listener, for services.
pub(super) fn internal(
    validations: Validations,
    tokens: Arc<Tokens>,
    callers: ServiceCredentials,
    limits: Limits,
    load_shed: &LoadShedLayer,
) -> Result<Routes, InvalidRules> {
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[VALIDATION_SERVICE])?;
    let rules = rules.with_paths(PATHS, &[INTROSPECTION, AUTHORIZE])?;
    let rules = rules.with_paths(METHODS, &[CHECK])?;
    let introspection = Introspection::new(validations.clone(), tokens);
    let proxies = ProxyQuestions::new(validations.clone());
    let layer = SessionLayer::with(rules, NoSessions, Some(callers), limits)?;
    let validation = SessionValidationServiceServer::new(ValidationHandlers::new(validations));
    let envoy = AuthorizationServer::new(EnvoyHandlers::new(proxies.clone()));
    let routes = Routes::new(load_shed.named_layer(layer.named_layer(validation)))
        .add_service(load_shed.named_layer(layer.named_layer(envoy)));
    let through = (load_shed, &layer);
    let introspect = move |request| introspection.clone().answer(request);
    let routes = add_path(
        routes,
        INTROSPECTION,
        MethodFilter::POST,
        through,
        introspect,
    )?;
    let authorize = move |request| authorize(proxies.clone(), request);
    add_path(routes, AUTHORIZE, MethodFilter::GET, through, authorize)
}
