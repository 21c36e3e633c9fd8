//! The session layer as a third service meets it: a real auth-service behind a
//! proxy that can be cut, a real client before it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod hostile_metadata;
mod joining;
mod outages;
mod replicas;
mod third_service;
mod tls;
