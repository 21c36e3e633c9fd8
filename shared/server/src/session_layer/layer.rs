//! The session layer itself. For each call, it applies the deadline, the access rule and the
//! session, in this order, before it calls the handler.

use super::ServiceCredentials;
use crate::serve::{Peer, Permit, late, method_unknown, overloaded};
use client::validation::{ValidationError, Validator};
use contract::{
    access_rules::{AccessRule, AccessRules, InvalidRules, require},
    bearer::{BearerToken, unauthenticated},
    deadline::{self, Deadline, Limits},
    errors,
    principal::Principal,
};
use http::{Request, Response};
use proto::auth::v1::ErrorReason;
use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{Code, Status, body::Body, metadata::MetadataMap};
use tower::{Layer, Service, ServiceExt as _};
use tracing::Instrument;

/// Wraps one gRPC service, by `named_layer`. Health and reflection stay outside.
#[derive(Clone, Debug)]
pub struct SessionLayer<V> {
    authorizer: Arc<Authorizer<V>>,
}

#[derive(Debug)]
struct Authorizer<V> {
    rules: AccessRules,
    validator: V,
    services: Option<ServiceCredentials>,
    limits: Limits,
}

impl<V: Validator> SessionLayer<V> {
    /// A layer for methods that anybody or any session may call. Fails if a rule requires something
    /// that the layer does not have.
    pub fn new(rules: AccessRules, validator: V) -> Result<Self, InvalidRules> {
        Self::with(rules, validator, None, Limits::default())
    }

    /// A layer with all settings: how services identify themselves, and limits.
    pub fn with(
        rules: AccessRules,
        validator: V,
        services: Option<ServiceCredentials>,
        limits: Limits,
    ) -> Result<Self, InvalidRules> {
        for (path, rule) in rules.iter() {
            match rule {
                AccessRule::Session { .. } if !V::VALIDATES => {
                    return Err(InvalidRules::NoValidator(path.to_owned()));
                }
                AccessRule::Service | AccessRule::Proxy if services.is_none() => {
                    return Err(InvalidRules::NoServiceCredentials(path.to_owned()));
                }
                AccessRule::Public
                | AccessRule::Session { .. }
                | AccessRule::Service
                | AccessRule::Proxy => {}
            }
        }
        let authorizer = Authorizer {
            rules,
            validator,
            services,
            limits,
        };
        Ok(Self {
            authorizer: Arc::new(authorizer),
        })
    }
}

impl<V> SessionLayer<V> {
    /// Whether a path has an access rule.
    pub(crate) fn has_rule(&self, path: &str) -> bool {
        self.authorizer.rules.of(path).is_some()
    }
}

impl<V: Validator> Authorizer<V> {
    /// Authorizes a call. Returns the principal if the rule requires a session.
    async fn authorize(
        &self,
        path: &str,
        metadata: &MetadataMap,
        peer: Option<&Peer>,
        deadline: Deadline,
    ) -> Result<Option<Principal>, Status> {
        match self.rules.of(path) {
            None => Err(method_unknown()),
            Some(AccessRule::Public) => Ok(None),
            Some(AccessRule::Service) => {
                let token = BearerToken::from_metadata(metadata);
                self.authorize_service(token, peer).await.map(|()| None)
            }
            Some(AccessRule::Proxy) => {
                let token = BearerToken::of_proxy(metadata);
                let authorized = self.authorize_service(token, peer).await;
                authorized.map(|()| None).map_err(|_| {
                    errors::refuse(
                        Code::Unavailable,
                        ErrorReason::ProxyNotAuthenticated,
                        "the proxy has not identified itself: it sends its service token in \
                         x-ticketing-service-token, or a certificate that names a service",
                    )
                })
            }
            Some(AccessRule::Session {
                permission,
                user_types,
            }) => {
                let principal = self.validate(metadata, deadline).await?;
                require(&principal, permission.as_deref(), user_types)?;
                Ok(Some(principal))
            }
        }
    }

    async fn authorize_service(
        &self,
        token: Result<BearerToken, ErrorReason>,
        peer: Option<&Peer>,
    ) -> Result<(), Status> {
        match &self.services {
            Some(services) => services.authorize(token, peer).await,
            // a layer without service credentials does not accept such rules
            None => Err(unauthenticated(ErrorReason::ServiceTokenInvalid)),
        }
    }

    async fn validate(
        &self,
        metadata: &MetadataMap,
        deadline: Deadline,
    ) -> Result<Principal, Status> {
        let token = BearerToken::from_metadata(metadata).map_err(unauthenticated)?;
        // a validation must leave time for the answer
        let deadline = deadline.part(self.limits.validation);
        let validating = self.validator.validate(token, deadline);
        match validating.instrument(tracing::info_span!("validate")).await {
            Ok(principal) => Ok(principal),
            Err(ValidationError::Refused { reason, message }) => {
                Err(errors::refuse(Code::Unauthenticated, reason, message))
            }
            Err(ValidationError::Unavailable) => Err(errors::refuse(
                Code::Unavailable,
                ErrorReason::ValidationUnavailable,
                "the session could not be validated at the moment; try again",
            )),
        }
    }
}

impl<S, V> Layer<S> for SessionLayer<V> {
    type Service = RequireAuthorization<S, V>;

    fn layer(&self, inner: S) -> RequireAuthorization<S, V> {
        RequireAuthorization {
            inner,
            authorizer: Arc::clone(&self.authorizer),
        }
    }
}

/// A gRPC service whose calls are authorized before its handlers run.
#[derive(Debug)]
pub struct RequireAuthorization<S, V> {
    inner: S,
    authorizer: Arc<Authorizer<V>>,
}

impl<S: Clone, V> Clone for RequireAuthorization<S, V> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            authorizer: Arc::clone(&self.authorizer),
        }
    }
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S, V> Service<Request<Body>> for RequireAuthorization<S, V>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    V: Validator,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.inner.clone();
        let authorizer = Arc::clone(&self.authorizer);
        let path = request.uri().path().to_owned();
        let answer = async move {
            let deadline = Deadline::of_call(request.headers(), authorizer.limits.call);
            let (mut parts, body) = request.into_parts();
            let metadata = MetadataMap::from_headers(mem::take(&mut parts.headers));
            let served = async {
                let peer = parts.extensions.get();
                let principal = authorizer
                    .authorize(&path, &metadata, peer, deadline)
                    .await?;
                parts.headers = metadata.into_headers();
                parts.extensions.insert(deadline);
                if let Some(principal) = principal {
                    let permit = parts.extensions.get::<Arc<Permit>>();
                    if permit.is_some_and(|permit| !permit.has_capacity_for(principal.user_id)) {
                        return Err(overloaded());
                    }
                    parts.extensions.insert(principal);
                }
                let Ok(response) = inner.oneshot(Request::from_parts(parts, body)).await;
                Ok::<_, Status>(response)
            };
            // a call that is late is cancelled by being dropped
            let outcome = deadline::until(deadline.instant(), served).await;
            Ok(match outcome {
                Some(Ok(response)) => response,
                Some(Err(status)) => {
                    tracing::debug!(code = ?status.code(), "refused");
                    status.into_http()
                }
                None => {
                    tracing::warn!("not served before its deadline");
                    late().into_http()
                }
            })
        };
        Box::pin(answer)
    }
}
