//! auth-service over the wire, on both databases: a module for each RPC, and one
//! for each promise that several of them keep together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod forge;
mod life;
mod odd_rows;
mod outages;
mod process;
mod rows;
mod served;
mod traces;

mod access_rules;
mod adopted;
mod audit_events;
mod certificates;
mod change_password;
mod changed_users;
mod clocks;
mod counted_attempts;
mod create_session;
mod dead_connections;
mod floods;
mod full_disk;
mod fuzz;
mod health;
mod history;
mod housekeeping;
mod jwks;
mod key_directory;
mod key_rotation;
mod keys;
mod keys_command;
mod list_audit_events;
mod list_sessions;
mod logged;
mod many_sessions;
mod metrics;
mod old_application;
mod our_failures;
mod refresh_model;
mod refresh_races;
mod refresh_session;
mod refused_log_ins;
mod refused_sessions;
mod register;
mod restored;
mod revoke_all_sessions;
mod revoke_own_session;
mod revoke_session;
mod revoke_user_sessions;
mod secrets_at_rest;
mod secrets_in_logs;
mod shed;
mod start_up;
mod statements;
mod stop;
mod stronger_hash;
mod taken_back_once;
mod throttle;
mod throttled_registrations;
mod tokens;
mod unserved;
mod watched;
mod wire;
