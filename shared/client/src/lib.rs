//! The calling side: TLS, connections to all replicas of another service, the validation of
//! sessions by auth-service, and a session of one's own that is kept alive. [`tls`] has the
//! listeners' half as well.

pub mod channel;
pub mod session_client;
pub mod tls;
pub mod validation;
