//! What a server needs: listeners with their layers and limits, the session layer that authorizes
//! each call, health and metrics, logs and traces, the regular work of a service, a builder for
//! services, and the start and stop of a program.

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
