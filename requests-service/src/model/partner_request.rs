//! One request.

use super::{Etag, Status};
use contract::{ids::PartnerRequestId, time::Timestamp};

/// A customer's service request, with the names of the rows that it refers to.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PartnerRequest {
    pub id: PartnerRequestId,
    /// The number that people read, such as `REQ-20251108-0011`.
    pub number: String,
    /// The customer, and where they are.
    pub customer: Customer,
    pub category: NamedReference,
    pub service: Option<NamedReference>,
    /// How the customer is served.
    pub pickup_option: NamedReference,
    pub partner: Option<NamedReference>,
    pub branch: Option<NamedReference>,
    pub status: Option<Status>,
    /// Until when the partner may confirm; `None` if there is no limit.
    pub sla_deadline: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub submitted_at: Option<Timestamp>,
    /// When it was last assigned.
    pub assigned_at: Option<Timestamp>,
    /// When it was last confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it was last rejected.
    pub rejected_at: Option<Timestamp>,
    /// When work on it last began.
    pub in_progress_at: Option<Timestamp>,
    /// When it was last completed.
    pub completed_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub rated_at: Option<Timestamp>,
    /// The customer's rating, 1 to 5.
    pub rating: Option<i32>,
    pub feedback: Option<String>,
    /// The etag of the row, which does not depend on the names that it refers to.
    pub etag: Etag,
}

/// The customer of a request, as entered when the request was submitted.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Customer {
    pub name: String,
    /// Telephone number as given.
    pub phone: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    pub address: String,
}

/// A reference to a row, with its names. If the row no longer exists, the id remains and the name
/// is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct NamedReference {
    pub id: i32,
    pub name: String,
    pub name_ar: Option<String>,
}

/// What identifies one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `requests.id`.
    Id(PartnerRequestId),
    /// `requests.request_number`. The match is exact.
    Number(String),
}
