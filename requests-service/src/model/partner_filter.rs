//! Which partners to list.

use super::{AnyCase, PartnerStatus};
use contract::ids::CategoryId;
use std::collections::BTreeSet;

/// Which partners to list. Fields mean AND, values in a list mean OR; an empty
/// field asks nothing. Filters that list the same partners in every database are
/// equal, in whatever words they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartnerFilter {
    /// Status is one of these.
    pub statuses: BTreeSet<PartnerStatus>,
    /// Works in one of these categories.
    pub categories: BTreeSet<CategoryId>,
    /// The name contains this, in whatever case.
    pub name: Option<AnyCase>,
}
