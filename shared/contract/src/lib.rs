//! What every other crate of the workspace uses: ids, time, text, lists in pages, the errors that
//! callers read, access rules and principals, the data that travels with a call (its deadline,
//! bearer token, request id and trace), and how configuration is read. This crate knows no server,
//! no client and no database.

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
