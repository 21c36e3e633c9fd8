//! A client of auth-service that keeps a session alive as the service asks its
//! clients to: for other services, and for tools.
//!
//! It refreshes ahead of the access token's end, one refresh at a time; keeps each
//! pair before it uses it, never over a newer one; reads its store anew for each
//! attempt, and presents what it read within the overlap; and repeats only what may
//! be repeated. So no refresh logs it out.
//!
//! ```no_run
//! # use client::session_client::{FileStore, SessionClient};
//! # use proto::{auth::v1::CreateSessionRequest, requests::v1::partner_requests_service_client::PartnerRequestsServiceClient};
//! # async fn run(auth: tonic::transport::Channel, requests: tonic::transport::Channel) -> Result<(), Box<dyn std::error::Error>> {
//! let session = SessionClient::new(auth, FileStore::new("session"));
//! session.log_in(CreateSessionRequest {
//!     email: "partner@swift.example".to_owned(),
//!     password: "demo password".to_owned(),
//!     ..CreateSessionRequest::default()
//! }).await?;
//! let mut client = PartnerRequestsServiceClient::new(session.over(requests));
//! client.list_partner_requests(proto::requests::v1::ListPartnerRequestsRequest::default()).await?;
//! session.log_out().await?;
//! # Ok(()) }
//! ```
//!
//! Clients that use one store share one session. A client that cannot reach the store
//! logs in for a session of its own.

mod channel;
mod client;
mod error;
mod file;
mod flight;
mod pair;
mod refresh;
mod schedule;
mod store;

pub use channel::WithAccessToken;
pub use client::{SessionClient, Settings};
pub use error::SessionError;
pub use file::FileStore;
pub use pair::Pair;
pub use store::{MemoryStore, PairStore, StoreError};
