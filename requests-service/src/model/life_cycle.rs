//! The life cycle of a request, as one table: what may be done with it, from
//! which status, by whom, and what that writes. `LIFE_CYCLE.md` says it in words;
//! a test holds the two together.

use super::Status;
use std::fmt;

/// What may be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Staff give it to a branch of a partner.
    Assign,
    /// The partner takes it.
    Confirm,
    /// The partner refuses it.
    Reject,
    /// The partner begins to work on it.
    Start,
    /// From in progress back to confirmed.
    StepBack,
    /// The partner is done with it.
    Complete,
    /// From completed back to in progress.
    Reopen,
    /// Staff close it.
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

/// Who makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A user of the partner that has the request.
    Partner,
    /// The platform's staff.
    Staff,
}

/// A moment of a request's life that its row keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `assigned_at`.
    Assigned,
    /// `confirmed_at`.
    Confirmed,
    /// `rejected_at`.
    Rejected,
    /// `in_progress_at`.
    InProgress,
    /// `completed_at`.
    Completed,
    /// `closed_at`.
    Closed,
}

/// What becomes of the partner that has the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The same has it.
    Stays,
    /// The one named in the call gets it, with a deadline to confirm.
    Comes,
    /// Nobody has it any more.
    Goes,
}

/// What a partner said to an assignment, as `assignment_response_enum` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// It takes the request.
    Confirmed,
    /// It does not.
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
pub struct Transition {
    /// What is done.
    pub change: ChangeKind,
    /// The statuses in which it may be; `None`: the row has none.
    pub from: &'static [Option<Status>],
    /// By whom.
    pub by: Side,
    /// The permission that it takes.
    pub permission: &'static str,
    /// The status that it leads to.
    pub to: Status,
    /// Set to now.
    pub set: &'static [Moment],
    /// Set to NULL.
    pub cleared: &'static [Moment],
    /// Who has the request afterwards.
    pub holder: Holder,
    /// What is written into the newest active assignment of the caller's partner.
    pub response: Option<Response>,
    /// The status that the log gets.
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

/// What most rows share.
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
