//! What a caller of other services needs: TLS, connections to all replicas of a service, the
//! validation of sessions by auth-service, and a client that keeps a session of its own alive.
//! [`tls`] also has the listener's part.

pub mod channel;
pub mod session_client;
pub mod tls;
pub mod validation;
