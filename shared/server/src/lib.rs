//! The serving side: listeners with their layers and limits, the session layer that authorizes
//! each call, health and metrics, logs and traces, the work that a service does regularly, how a
//! service is put together of them, and the life of a program.

pub mod housekeeping;
pub mod program;
pub mod serve;
pub mod service;
pub mod session_layer;
pub mod telemetry;

/// The README of the crates under `shared`, so that its code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
