//! The partner page, in a real Chromium: each feature in English and in Arabic, found by roles and
//! by the names that assistive technology gets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

mod account;
mod browser;
mod driver;
mod elements;
mod everybody;
mod gateways;
mod list;
mod log_in;
mod old_faults;
mod outages;
mod pictures;
#[allow(dead_code, reason = "the suite of the program uses all of it")]
#[path = "../local/process.rs"]
mod process;
mod request;
mod sessions;
mod staff;
mod tabs;
mod two_languages;
mod weight;
mod world;
