//! One request with its timeline and permitted changes.

use super::{ChangeKind, PartnerRequest, Status};
use contract::{
    ids::{PartnerId, UserId},
    time::Timestamp,
};
use std::time::Duration;

/// A request with its timeline and permitted changes.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Detail {
    pub request: PartnerRequest,
    /// What happened to it, newest first.
    pub timeline: Vec<TimelineEntry>,
    pub branch_contact: Option<BranchContact>,
    /// How much time is left until the SLA deadline; `None` if the request is not assigned, or has
    /// no deadline.
    pub time_left: Option<Duration>,
    /// The changes that the caller may make now.
    pub permitted: Vec<ChangeKind>,
}

/// A request as it was read, with the time of reading.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Read {
    pub request: PartnerRequest,
    pub branch_contact: Option<BranchContact>,
    /// Whether the row has a status that this version does not know; `request.status` is then
    /// `None`.
    pub has_unknown_status: bool,
    /// The database's time of reading.
    pub now: Timestamp,
}

/// The contact of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct BranchContact {
    pub address: Option<String>,
    /// Telephone number as entered.
    pub phone: Option<String>,
}

/// An event in the history of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct TimelineEntry {
    /// The status that it led to; `None` if this version does not know it.
    pub status: Option<Status>,
    pub at: Option<Timestamp>,
    /// Who did it; `None` if the caller may not know.
    pub actor: Option<Actor>,
    pub notes: Option<String>,
}

/// The user who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `users.id`.
    pub id: UserId,
    /// Name; empty if the user no longer exists.
    pub name: String,
}

/// An assignment of the request to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Assignment {
    pub partner: PartnerId,
    /// When it was made; `None` if the row has no time.
    pub at: Option<Timestamp>,
}
