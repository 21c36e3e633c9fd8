//! Validation of access tokens.

mod remote;
mod service_token;
mod validator;

pub use remote::RemoteValidator;
pub use service_token::{InvalidServiceTokens, ServiceTokens};
pub use validator::{NoSessions, ValidationError, Validator};
