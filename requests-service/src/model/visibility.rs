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
pub enum PartnerState {
    /// The partner is active.
    Active,
    /// The row does not exist, or is deleted or switched off.
    Deleted,
    /// The partner is inactive.
    Inactive,
    /// The partner is suspended.
    Suspended,
}
