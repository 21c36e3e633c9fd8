//! The life cycle of a request as one table: for each change, the statuses that allow it, who may
//! make it, and what it writes. `LIFE_CYCLE.md` describes it in words, and a test keeps the two
//! equal.

use super::Status;
use std::fmt;

/// A change of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table below says it")]
pub enum ChangeKind {
    Assign,
    Confirm,
    Reject,
    Start,
    /// From in progress back to confirmed.
    StepBack,
    Complete,
    /// From completed back to in progress.
    Reopen,
    Close,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assign => "assign",
            Self::Confirm => "confirm",
            Self::Reject => "reject",
            Self::Start => "start",
            Self::StepBack => "step back",
            Self::Complete => "complete",
            Self::Reopen => "reopen",
            Self::Close => "close",
        })
    }
}

/// Who may make a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A user of the partner that has the request.
    Partner,
    /// The platform's staff.
    Staff,
}

/// A time of a change, which a column of the request's row keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "`Confirmed` is `confirmed_at`, and so on")]
pub enum Moment {
    Assigned,
    Confirmed,
    Rejected,
    InProgress,
    Completed,
    Closed,
}

/// The partner that the request belongs to after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The same partner.
    Stays,
    /// The partner named in the call, with a deadline to confirm.
    Comes,
    /// No partner.
    Goes,
}

/// A partner's response to an assignment, as in `assignment_response_enum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Response {
    Confirmed,
    Rejected,
}

impl Response {
    /// Its name, the same as in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Transition {
    pub change: ChangeKind,
    /// The statuses that allow the change; `None` stands for a row without a status.
    pub from: &'static [Option<Status>],
    /// Who may make it.
    pub by: Side,
    /// The required permission.
    pub permission: &'static str,
    /// The status that it leads to.
    pub to: Status,
    /// The times that are set to now.
    pub set: &'static [Moment],
    /// The times that are set to NULL.
    pub cleared: &'static [Moment],
    /// The partner that the request belongs to afterwards.
    pub holder: Holder,
    /// The response that is written into the newest active assignment of the caller's partner.
    pub response: Option<Response>,
    /// The status that is written into the status log.
    pub logged: Status,
}

/// The table.
pub const LIFE_CYCLE: [Transition; 8] = [
    Transition {
        change: ChangeKind::Assign,
        from: &[
            Some(Status::Submitted),
            Some(Status::Assigned),
            Some(Status::Confirmed),
            Some(Status::InProgress),
            Some(Status::Rejected),
            Some(Status::Unassigned),
            None,
        ],
        by: Side::Staff,
        permission: "request_assign",
        to: Status::Assigned,
        set: &[Moment::Assigned],
        cleared: &[Moment::Rejected, Moment::Confirmed, Moment::InProgress],
        holder: Holder::Comes,
        response: None,
        logged: Status::Assigned,
    },
    Transition {
        change: ChangeKind::Confirm,
        from: &[Some(Status::Assigned)],
        to: Status::Confirmed,
        set: &[Moment::Confirmed],
        response: Some(Response::Confirmed),
        logged: Status::Confirmed,
        ..USUAL
    },
    Transition {
        change: ChangeKind::Reject,
        from: &[Some(Status::Assigned)],
        to: Status::Unassigned,
        set: &[Moment::Rejected],
        cleared: &[Moment::Assigned],
        holder: Holder::Goes,
        response: Some(Response::Rejected),
        logged: Status::Rejected,
        ..USUAL
    },
    Transition {
        change: ChangeKind::Start,
        from: &[Some(Status::Confirmed)],
        to: Status::InProgress,
        set: &[Moment::InProgress],
        logged: Status::InProgress,
        ..USUAL
    },
    Transition {
        change: ChangeKind::StepBack,
        from: &[Some(Status::InProgress)],
        to: Status::Confirmed,
        set: &[Moment::Confirmed],
        logged: Status::Confirmed,
        ..USUAL
    },
    Transition {
        change: ChangeKind::Complete,
        from: &[Some(Status::InProgress)],
        to: Status::Completed,
        set: &[Moment::Completed],
        logged: Status::Completed,
        ..USUAL
    },
    Transition {
        change: ChangeKind::Reopen,
        from: &[Some(Status::Completed)],
        to: Status::InProgress,
        set: &[Moment::InProgress],
        logged: Status::InProgress,
        ..USUAL
    },
    Transition {
        change: ChangeKind::Close,
        from: &[Some(Status::Completed)],
        by: Side::Staff,
        permission: "request_close",
        to: Status::Closed,
        set: &[Moment::Closed],
        logged: Status::Closed,
        ..USUAL
    },
];

/// The values that most rows share.
const USUAL: Transition = Transition {
    change: ChangeKind::Confirm,
    from: &[],
    by: Side::Partner,
    permission: "request_update",
    to: Status::Confirmed,
    set: &[],
    cleared: &[],
    holder: Holder::Stays,
    response: None,
    logged: Status::Confirmed,
};
