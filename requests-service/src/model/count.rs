//! The number of requests in one group.

use super::Status;

/// How requests are grouped in addition to their status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// By category.
    Category,
    /// By branch.
    Branch,
}

/// The number of requests in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The status of the requests; `None` as in [`Status`].
    pub status: Option<Status>,
    /// The category or branch of the requests; `None` if requests are grouped by status only, or
    /// have none.
    pub group: Option<i32>,
    /// The number of requests.
    pub count: u64,
}
