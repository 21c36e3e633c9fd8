//! What every other crate of the workspace agrees on: ids, time, text, lists in pages, the errors
//! that callers read, who may call what and as whom, what travels with a call (its deadline, its
//! bearer token, its request id, its trace), and how configuration is read. It knows no server, no
//! client and no database.

pub mod access_rules;
pub mod bearer;
pub mod client_address;
pub mod config;
pub mod deadline;
pub mod errors;
pub mod fields;
pub mod fingerprint;
pub mod ids;
pub mod page_tokens;
pub mod pages;
pub mod principal;
pub mod request_id;
pub mod reread;
pub mod served_call;
pub mod text;
pub mod time;
#[cfg(feature = "database")]
mod timestamp_column;
pub mod trace_context;
