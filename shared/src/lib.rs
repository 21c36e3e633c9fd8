//! What both services, and any third one that wants sessions, need: time and
//! ids, the way to either database, configuration, telemetry, the server
//! bootstrap, error details, and the session layer.

pub mod database;
pub mod ids;
pub mod time;
