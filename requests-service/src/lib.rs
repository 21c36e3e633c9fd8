//! Partner requests: customers' service requests as the partners that work
//! them off, and the platform's staff, see them. This service owns the tables
//! of partners, what they offer, and requests; sessions are auth-service's, and
//! it asks for them.

pub mod app;
pub mod config;
pub mod domain;
pub mod grpc;
pub mod model;
pub mod store;
