//! The status of a request.

/// The status of a request, as in `request_status_enum`. `None` stands for a row without a status,
/// or with one that another version added. The order is that of the database's type and of the
/// wire's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The customer submitted the request.
    Submitted,
    /// The request is assigned to a partner, who has not answered yet.
    Assigned,
    /// The partner confirmed the request.
    Confirmed,
    /// The partner works on the request.
    InProgress,
    /// The partner completed the request.
    Completed,
    /// Staff closed the request. This status is final.
    Closed,
    /// A partner rejected the request.
    Rejected,
    /// The request waits for a partner.
    Unassigned,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Submitted,
        Self::Assigned,
        Self::Confirmed,
        Self::InProgress,
        Self::Completed,
        Self::Closed,
        Self::Rejected,
        Self::Unassigned,
    ];

    /// The name in messages, which is the same as in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Assigned => "assigned",
            Self::Confirmed => "confirmed",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Unassigned => "unassigned",
        }
    }
}
