//! How many requests there are of one kind.

use super::Status;

/// By what requests are counted besides their status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// By category.
    Category,
    /// By branch.
    Branch,
}

/// How many requests there are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Their status; `None` as in [`Status`].
    pub status: Option<Status>,
    /// Their category or branch, as asked for; `None` also where there is none.
    pub group: Option<i32>,
    /// How many.
    pub count: u64,
}
