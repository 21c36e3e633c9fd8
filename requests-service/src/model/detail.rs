//! One request with all that its page shows.

use super::{ChangeKind, PartnerRequest, Status};
use contract::{
    ids::{PartnerId, UserId},
    time::Timestamp,
};
use std::time::Duration;

/// A request with all that its page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The request.
    pub request: PartnerRequest,
    /// What happened to it, newest first.
    pub timeline: Vec<TimelineEntry>,
    /// How to reach its branch.
    pub branch_contact: Option<BranchContact>,
    /// How long its partner still has to confirm it; `None`: it need not, or
    /// there is no limit.
    pub time_left: Option<Duration>,
    /// What the caller may do with it now.
    pub permitted: Vec<ChangeKind>,
}

/// A request as it was read, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The request.
    pub request: PartnerRequest,
    /// How to reach its branch.
    pub branch_contact: Option<BranchContact>,
    /// Its status is one that this version does not know; `request.status` is none
    /// then, too.
    pub has_unknown_status: bool,
    /// The database's time of this reading.
    pub now: Timestamp,
}

/// How to reach a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchContact {
    /// Postal address.
    pub address: Option<String>,
    /// Telephone number as given.
    pub phone: Option<String>,
}

/// Something that happened to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The status that it led to; `None`: one that this version does not know.
    pub status: Option<Status>,
    /// When.
    pub at: Option<Timestamp>,
    /// Who did it; `None`: not for the caller to know.
    pub actor: Option<Actor>,
    /// What was noted.
    pub notes: Option<String>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `users.id`.
    pub id: UserId,
    /// Name; empty: the user is gone.
    pub name: String,
}

/// That a partner was given a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// To whom.
    pub partner: PartnerId,
    /// When; `None`: the row does not say.
    pub at: Option<Timestamp>,
}
