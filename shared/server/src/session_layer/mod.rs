//! The session layer: an async interceptor that decides, before any handler
//! runs, who is calling and whether the call is allowed.
//!
//! It sees the method path, looks up the access rule that the method carries in
//! its proto file, validates the session where the rule asks for one, and puts
//! the [`Principal`](contract::principal::Principal) into the request's extensions. A method without a rule
//! stops the start-up; an unknown path is UNIMPLEMENTED; no answer from
//! auth-service is UNAVAILABLE, never a refusal.
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
//! A service that calls others in a session of its own keeps it alive by
//! [`client::session_client`].

mod layer;
mod service_credentials;

pub use layer::{RequireAuthorization, SessionLayer};
pub use service_credentials::ServiceCredentials;
