//! Where a request stands.

/// Status of a request, as `request_status_enum` has it. A row without one, or
/// with one that another version added, is `None` wherever this is optional. They
/// are in the order of that type, and of the wire's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The customer sent it.
    Submitted,
    /// A partner has it and has not answered.
    Assigned,
    /// The partner took it.
    Confirmed,
    /// The partner works on it.
    InProgress,
    /// The partner is done.
    Completed,
    /// Staff closed it; final.
    Closed,
    /// A partner refused it.
    Rejected,
    /// It waits for a partner.
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

    /// Its name, as messages have it; the same as in the database.
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
