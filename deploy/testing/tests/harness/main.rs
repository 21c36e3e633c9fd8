//! The harness keeps its own promises: nothing outlives the test process, and the
//! proxy takes a server away and gives it back.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails where it meets what it did not expect"
)]

mod databases;
mod end_of_process;
mod page_tokens;
mod proxy;
