//! Who may see which requests.

use contract::ids::PartnerId;

/// The requests that exist for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Those of one partner, as long as the partner may work.
    Partner(PartnerId),
    /// Those of all partners, and of none.
    AllPartners,
}

/// Whether a partner may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerState {
    /// It may.
    Active,
    /// Its row is gone, deleted, or not live.
    Deleted,
    /// It was made inactive.
    Inactive,
    /// It was suspended.
    Suspended,
}
