//! The gRPC services: read the request, call the domain, write the response. Only this folder uses
//! `tonic` and `proto`.

mod account_text;
mod audit;
mod auth_service;
mod device_info;
mod http;
mod in_process;
mod parse;
mod parse_endings;
mod proxies;
mod render;
mod session_validation;
mod status;

pub use auth_service::AuthHandlers;
pub use device_info::MAX_DEVICE_CHARACTERS;
pub use http::{Introspection, key_set};
pub use in_process::InProcessValidator;
pub use parse_endings::MAX_REASON;
pub use proxies::{EnvoyHandlers, ProxyQuestions, authorize};
pub use session_validation::ValidationHandlers;
