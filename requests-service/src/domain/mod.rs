//! The logic of requests-service: lists, counts and changes of requests, lists of partners, and who
//! may see and do what.
//!
//! Every function takes the caller. The domain decides each time what the caller may see, and this
//! becomes a condition of the statement. The domain depends neither on gRPC nor on the database.

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

/// The requests of partners.
#[derive(Clone, Debug)]
pub struct PartnerRequests {
    store: Store,
}

impl PartnerRequests {
    /// The requests in a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}
