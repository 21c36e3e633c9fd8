//! requests-service serves the service requests of customers to the partners that fulfil them, and
//! to the platform's staff. It owns the tables of partners, of their services, and of requests. It
//! asks auth-service about sessions.

pub mod app;
pub mod config;
pub mod domain;
pub mod grpc;
pub mod model;
pub mod store;
