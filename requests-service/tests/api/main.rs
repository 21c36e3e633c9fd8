//! The RPCs of requests-service, over a real server and a real client, on real
//! databases. The validation of sessions is a stand-in, except where auth-service stands beside it
//! (`testing::pair`).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod access_rules;
mod changes;
mod count;
mod dead_connections;
mod detail;
mod error_details;
mod filters;
mod get;
mod hostile;
mod inactive_partners;
mod json;
mod letters;
mod list;
mod old_rows;
mod outage;
mod page_tokens;
mod partner_counts;
mod partner_old_rows;
mod partner_refusals;
mod partners;
mod partners_walk;
mod random_filters;
mod refusals;
mod search;
mod shed;
mod stop;
mod strangers;
mod support;
mod tls;
mod walk;
mod walk_among_changes;
mod web;
