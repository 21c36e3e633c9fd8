//! One partner.

use contract::{
    ids::{BranchId, PartnerId},
    time::Timestamp,
};

/// A company that fulfils requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Partner {
    /// `partners.id`.
    pub id: PartnerId,
    /// Name.
    pub name: String,
    /// Whether it may work; `None`: a status that this version does not know.
    pub status: Option<PartnerStatus>,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// E-mail address.
    pub contact_email: Option<String>,
    /// Telephone number as given.
    pub contact_phone: Option<String>,
    /// When the row was made.
    pub created_at: Option<Timestamp>,
    /// When the row last changed.
    pub updated_at: Option<Timestamp>,
    /// How much there is of it, if that was asked.
    pub counts: Option<PartnerCounts>,
    /// Its live branches by name, if they were asked for.
    pub branches: Vec<Branch>,
}

/// Status of a partner, as `partner_status_enum` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartnerStatus {
    /// It may work.
    Active,
    /// It was made inactive.
    Inactive,
    /// It was suspended.
    Suspended,
}

impl PartnerStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Suspended];
}

/// How much there is of a partner: live rows only.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartnerCounts {
    /// Its branches.
    pub branches: i64,
    /// The categories that it works in.
    pub categories: i64,
    /// Requests that are its own now.
    pub requests: i64,
    /// Of these, completed or closed.
    pub completed_requests: i64,
    /// Mean of its requests' ratings; `None`: none is rated.
    pub mean_rating: Option<f64>,
}

/// A branch of a partner.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// `branches.id`.
    pub id: BranchId,
    /// Name.
    pub name: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How far it goes to serve a customer, in kilometres.
    pub radius_km: Option<f64>,
    /// Who answers there.
    pub contact_name: Option<String>,
    /// Telephone number as given.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<String>,
}
