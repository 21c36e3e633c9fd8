//! Holds the house to its plan, by reading its sources.

mod contract;
mod imports;
mod tables;
mod words;

use testing::tree::{File, files};

/// Fails with all breaches at once.
#[track_caller]
pub(crate) fn none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}
