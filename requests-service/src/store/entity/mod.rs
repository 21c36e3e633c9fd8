//! SeaORM entities. They contain only the columns that this service reads, so that they work with
//! any database of the application. Enums are read as text, because a database may contain values
//! that another version added.

pub mod assignment;
pub mod branch;
pub mod category;
pub mod configuration;
pub mod enums;
pub mod idempotency_key;
pub mod partner;
pub mod partner_category;
pub mod partner_request;
pub mod pickup_option;
pub mod service;
pub mod status_log;
pub mod user;
