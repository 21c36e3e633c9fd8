//! The number of requests in one group.

use super::Status;

/// How requests are grouped in addition to their status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Group {
    Category,
    Branch,
}

/// The number of requests in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Count {
    /// The status of the requests; `None` as in [`Status`].
    pub status: Option<Status>,
    /// The category or branch of the requests; `None` if requests are grouped by status only, or
    /// have none.
    pub group: Option<i32>,
    pub count: u64,
}
