//! One request.

use super::{Etag, Status};
use contract::{ids::PartnerRequestId, time::Timestamp};

/// A customer's service request, with the names of the rows that it refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerRequest {
    /// `requests.id`.
    pub id: PartnerRequestId,
    /// The number as printed.
    pub number: String,
    /// The customer, and where they are.
    pub customer: Customer,
    /// The category of the service.
    pub category: NamedReference,
    /// The service within the category.
    pub service: Option<NamedReference>,
    /// How the customer is served.
    pub pickup_option: NamedReference,
    /// The partner that the request is assigned to.
    pub partner: Option<NamedReference>,
    /// The branch of the partner.
    pub branch: Option<NamedReference>,
    /// The status.
    pub status: Option<Status>,
    /// Until when the partner may confirm; `None`: no limit.
    pub sla_deadline: Option<Timestamp>,
    /// When the row was made.
    pub created_at: Option<Timestamp>,
    /// When the row last changed.
    pub updated_at: Option<Timestamp>,
    /// When the customer submitted it.
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
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When the customer rated it.
    pub rated_at: Option<Timestamp>,
    /// The customer's rating, 1 to 5.
    pub rating: Option<i32>,
    /// The customer's comment.
    pub feedback: Option<String>,
    /// The etag of the row, which does not depend on the names that it refers to.
    pub etag: Etag,
}

/// The customer of a request, as entered when the request was submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Name.
    pub name: String,
    /// Telephone number as given.
    pub phone: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Postal address.
    pub address: String,
}

/// A reference to a row, with its names. If the row no longer exists, the id remains and the name
/// is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedReference {
    /// The row's id.
    pub id: i32,
    /// English name.
    pub name: String,
    /// Arabic name.
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
