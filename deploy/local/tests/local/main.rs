//! What a newcomer meets: the program that `cargo run` starts, the lines that it
//! prints, the documents, the manifests; both services together; and the house, held to its plan.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

mod adopted;
mod browsers;
mod clients;
mod documents;
mod failures;
mod generated;
mod manifests;
mod observed;
mod paste;
mod process;
mod proxies;
mod rolling;
mod second_run;
mod shell;
mod stop;
mod tidy;
mod with_sessions;
