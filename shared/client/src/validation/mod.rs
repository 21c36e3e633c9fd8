//! Whose session a token belongs to, as auth-service answers it.

mod remote;
mod service_token;
mod validator;

pub use remote::RemoteValidator;
pub use service_token::{InvalidServiceTokens, ServiceTokens};
pub use validator::{NoSessions, ValidationError, Validator};
