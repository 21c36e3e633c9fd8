//! Pages of partners: their order, size and position.

use super::{Direction, Partner};
use contract::{ids::PartnerId, page_tokens::Position, pages::PageSize, time::Timestamp};

/// The order of a list. Partners without the value come last in both directions. Partners with the
/// same value are ordered by id, in the same direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PartnerOrder {
    pub field: PartnerOrderField,
    pub direction: Direction,
}

/// What to order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PartnerOrderField {
    #[default]
    Created,
    Updated,
    /// The name, in the order of Unicode code points.
    Name,
}

impl PartnerOrderField {
    /// A partner's value in this field.
    #[must_use]
    pub fn of(self, partner: &Partner) -> Option<PartnerSort> {
        match self {
            Self::Created => partner.created_at.map(PartnerSort::Time),
            Self::Updated => partner.updated_at.map(PartnerSort::Time),
            Self::Name => Some(PartnerSort::Name(partner.name.clone())),
        }
    }

    /// The position after a partner.
    #[must_use]
    pub fn position(self, partner: &Partner) -> PartnerPosition {
        PartnerPosition {
            sort: self.of(partner),
            id: partner.id,
        }
    }
}

/// A value that partners are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PartnerSort {
    Time(Timestamp),
    Name(String),
}

/// The position where a page of partners begins.
pub type PartnerPosition = Position<Option<PartnerSort>, PartnerId>;

/// The largest number of partners in a page.
pub type PartnerPageSize = PageSize<12, 1_000>;
