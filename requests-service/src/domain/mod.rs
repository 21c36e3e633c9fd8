//! What can be asked about partner requests, and who may ask it.
//!
//! Every question takes the caller: what it may see is decided here, anew each
//! time, and becomes a condition of the statement. Neither the wire nor the
//! database is known by name.

mod count;
mod error;
mod get;
mod list;
mod search;
mod visibility;

pub use count::CountQuery;
pub use error::Error;
pub use list::ListQuery;

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
