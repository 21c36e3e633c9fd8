//! Who may see which requests.

use contract::ids::PartnerId;

/// The requests that a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// The requests of one partner, while that partner is active.
    Partner(PartnerId),
    /// All requests, including those that belong to no partner.
    AllPartners,
}

/// The state of a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PartnerState {
    Active,
    /// The row does not exist, or is deleted or switched off.
    Deleted,
    Inactive,
    Suspended,
}
