//! What can be asked about partner requests and partners, what can be done with
//! requests, and by whom.
//!
//! Every question takes the caller: what it may see is decided here, anew each
//! time, and becomes a condition of the statement. Neither the wire nor the
//! database is known by name.

mod change;
mod count;
mod error;
mod get;
mod handover;
mod life_cycle;
mod list;
mod partners;
mod timeline;
mod visibility;

pub use count::CountQuery;
pub use error::Error;
pub use list::ListQuery;
pub use partners::{Partners, PartnersQuery, With};

use crate::store::Store;

/// The partner requests that exist.
#[derive(Clone, Debug)]
pub struct PartnerRequests {
    store: Store,
}

impl PartnerRequests {
    /// Those in a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}
