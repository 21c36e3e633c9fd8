//! Real parts for the workspace's tests: databases of both kinds, one for each
//! test and cloned from a template, and those of the old application; auth-service as it is
//! served, with users, and requests-service beside it; a
//! third service's contract; certificates; a proxy that takes a server away; a program as a
//! container runs it; a service's program as it is deployed; hostile input; callers that do
//! not pause; what the contract says of refusals; the documents and the commands in them; and
//! the outside tools that some tests run.
//!
//! Each test has a tokio runtime of its own, so nothing here that outlives a test
//! holds a connection: what is shared are processes, files, ports and URLs.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that lacks its parts fails where they are missing"
)]

pub mod auth;
pub mod certificates;
mod cluster;
pub mod curl;
mod database;
pub mod dead_connections;
pub mod disk;
pub mod documents;
pub mod fingerprint;
pub mod first_process;
pub mod fuzz;
pub mod http2;
mod listening;
pub mod load;
pub mod metrics;
pub mod old_database;
pub mod pages;
pub mod pair;
mod patience;
pub mod pooler;
pub mod program;
pub mod proxy;
mod random;
pub mod refusals;
pub mod rows;
pub mod service;
mod suite;
mod supervisor;
pub mod tap;
mod template;
pub mod third;
pub mod tls;
pub mod tools;
pub mod tree;

pub use cluster::{Cluster, Role, port_that_stays_free};
pub use database::{Kind, TestDatabase};
pub use listening::listening;
pub use patience::{PATIENCE, be_patient, patient_limits};
pub use random::random;
#[doc(hidden)]
pub use suite::within_the_limit;
pub use template::migrate_at;
