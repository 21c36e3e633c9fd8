//! The session layer: an async interceptor that authorizes each call before its handler runs.
//!
//! It looks up the access rule that the method has in its proto file, validates the session if the
//! rule requires one, and puts the [`Principal`](contract::principal::Principal) into the request's
//! extensions. If a method has no rule, the service does not start. A call of an unknown method is
//! UNIMPLEMENTED. If auth-service does not answer, the call is UNAVAILABLE, and never refused as
//! unauthenticated.
//!
//! A service joins like this:
//!
//! ```no_run
//! # use client::{channel::Target, validation::{RemoteValidator, ServiceTokens, Validator}};
//! # use contract::access_rules::AccessRules;
//! # use server::session_layer::SessionLayer;
//! # use proto::requests::v1::partner_requests_service_server::{PartnerRequestsService, PartnerRequestsServiceServer};
//! # fn join<S: PartnerRequestsService>(handlers: S) -> Result<(), Box<dyn std::error::Error>> {
//! use tonic::service::LayerExt as _;
//!
//! let rules = AccessRules::read(
//!     proto::FILE_DESCRIPTOR_SET,
//!     &["ticketing.requests.v1.PartnerRequestsService"],
//! )?;
//! let tokens = ServiceTokens::open("/etc/ticketing/service-token/token")?;
//! let auth = Target::new(&"http://auth-service-internal:50052".parse()?, None)?;
//! let validator = RemoteValidator::new(auth, Some(tokens));
//! let service = SessionLayer::new(rules, validator)?
//!     .named_layer(PartnerRequestsServiceServer::new(handlers));
//! # Ok(()) }
//! ```
//!
//! A service that calls others with a session of its own keeps that session alive with
//! [`client::session_client`].

mod layer;
mod service_credentials;

pub use layer::{RequireAuthorization, SessionLayer};
pub use service_credentials::ServiceCredentials;
