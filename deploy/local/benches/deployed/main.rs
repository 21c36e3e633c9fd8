//! What the two programs take, each a process of its own as it is deployed, beside a
//! PostgreSQL with 100,000 requests and as many sessions: from their start to ready, in
//! memory at full load, and with ten times as many callers as there is capacity for.
//!
//! ```sh
//! cargo bench -p local --bench deployed
//! ```
//!
//! Memory and ratios hold on another machine, times do not.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

mod calls;
mod deployment;
mod distant;
mod memory;
mod overload;
mod ready;

use deployment::Deployment;
use testing::service;
use tokio::runtime::Runtime;

/// The programs', which is this one's, too.
const PROFILE: &str = "release";

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    service::build(PROFILE, &["-p", "auth-service", "-p", "requests-service"]);
    Runtime::new().expect("threads").block_on(async {
        let deployment = Deployment::new().await;
        ready::measure(&deployment).await;
        memory::measure(&deployment).await;
        overload::measure(&deployment).await;
    });
}
