//! One partner.

use contract::{
    ids::{BranchId, PartnerId},
    time::Timestamp,
};

/// A company that fulfils requests.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Partner {
    pub id: PartnerId,
    pub name: String,
    /// Its status; `None` if this version does not know it.
    pub status: Option<PartnerStatus>,
    pub logo_url: Option<String>,
    pub contact_email: Option<String>,
    /// Telephone number as given.
    pub contact_phone: Option<String>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// Its counts, if they were requested.
    pub counts: Option<PartnerCounts>,
    /// Its branches by name, if they were requested.
    pub branches: Vec<Branch>,
}

/// The status of a partner, as in `partner_status_enum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PartnerStatus {
    Active,
    Inactive,
    Suspended,
}

impl PartnerStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Suspended];
}

/// Counts of a partner. Rows that are deleted or switched off do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PartnerCounts {
    pub branches: i64,
    pub categories: i64,
    /// Requests that are assigned to it now.
    pub requests: i64,
    /// How many of these are completed or closed.
    pub completed_requests: i64,
    /// The mean rating of its requests; `None` if none is rated.
    pub mean_rating: Option<f64>,
}

/// A branch of a partner.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Branch {
    pub id: BranchId,
    pub name: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How far from the branch a customer may be, in kilometres.
    pub radius_km: Option<f64>,
    pub contact_name: Option<String>,
    /// Telephone number as given.
    pub phone: Option<String>,
    pub address: Option<String>,
}
