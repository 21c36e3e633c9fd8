//! Which partners to list.

use super::PartnerStatus;
use shared::ids::CategoryId;

/// Which partners to list. Fields mean AND, values in a list mean OR; an empty
/// field asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartnerFilter {
    /// Status is one of these.
    pub statuses: Vec<PartnerStatus>,
    /// Works in one of these categories.
    pub categories: Vec<CategoryId>,
    /// The name contains this, in whatever case.
    pub name: Option<String>,
}
