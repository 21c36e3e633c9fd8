//! Filters of partners.

use super::{AnyCase, PartnerStatus};
use contract::ids::CategoryId;
use std::collections::BTreeSet;

/// A filter of partners. A partner must match all fields, and one of the values of each field. An
/// empty field matches every partner. Filters that match the same partners in every database are
/// equal, however they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartnerFilter {
    /// Status is one of these.
    pub statuses: BTreeSet<PartnerStatus>,
    /// Works in one of these categories.
    pub categories: BTreeSet<CategoryId>,
    /// The name contains this, in whatever case.
    pub name: Option<AnyCase>,
}
