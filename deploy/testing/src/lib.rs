//! Helpers for the workspace's tests, all of them real: databases of both kinds, one for each test
//! and copied from a template, and databases of the old application; both services with users; the
//! contract of a third service; certificates; a proxy that cuts a server off; a program as a
//! container runs it; a service's program as a separate process; hostile input; load; the contract
//! of refusals; lists in pages; the documents and their commands; and the external tools of some
//! tests.
//!
//! Each test has a tokio runtime of its own. So nothing here that outlives a test holds a
//! connection; only processes, files, ports and URLs are shared.

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
pub mod later_migrations;
mod listening;
pub mod load;
pub mod metrics;
pub mod nginx;
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
