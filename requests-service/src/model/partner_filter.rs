//! Filters of partners.

use super::{AnyCase, PartnerStatus};
use contract::ids::CategoryId;
use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
};

/// A filter of partners. A partner must match all fields, and one of the values of each field. An
/// empty field matches every partner. Filters that match the same partners in every database are
/// equal, however they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PartnerFilter {
    pub statuses: BTreeSet<PartnerStatus>,
    /// Works in one of these categories.
    pub categories: BTreeSet<CategoryId>,
    /// The name contains this, in whatever case.
    pub name: Option<AnyCase>,
}

/// Page tokens contain this hash. A field that is added goes below the tuple, with its name, and
/// only if it is set.
impl Hash for PartnerFilter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            statuses,
            categories,
            name,
        } = self;
        (statuses, categories, name).hash(state);
    }
}
