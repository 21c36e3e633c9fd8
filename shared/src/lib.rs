//! What both services, and any third one that wants sessions, need: time and
//! ids, what a character is to its reader, the way to either database, configuration,
//! the life of a program, telemetry, the server
//! bootstrap, TLS, channels to other services, housekeeping, the addresses of clients, error details,
//! fingerprints of lists, the session layer, and the client of a session.

pub mod channel;
pub mod client_address;
pub mod config;
pub mod database;
pub mod errors;
pub mod fingerprint;
pub mod housekeeping;
pub mod ids;
pub mod program;
pub mod serve;
pub mod session_client;
pub mod session_layer;
pub mod telemetry;
pub mod text;
pub mod time;
mod timeout;
pub mod tls;
