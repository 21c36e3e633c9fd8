//! Pages of requests: their order, size and position.

use super::PartnerRequest;
use contract::{ids::PartnerRequestId, page_tokens, pages, time::Timestamp};

/// The order of a list. Requests without the value come last in both directions. Requests with the
/// same value are ordered by id, in the same direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Order {
    pub field: OrderField,
    pub direction: Direction,
}

/// The value to order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum OrderField {
    #[default]
    Created,
    /// When the row last changed.
    Updated,
    Submitted,
    /// When it was last assigned.
    Assigned,
    /// When it was last completed.
    Completed,
}

impl OrderField {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Created,
        Self::Updated,
        Self::Submitted,
        Self::Assigned,
        Self::Completed,
    ];

    /// A request's value in this field.
    #[must_use]
    pub fn of(self, request: &PartnerRequest) -> Option<Timestamp> {
        match self {
            Self::Created => request.created_at,
            Self::Updated => request.updated_at,
            Self::Submitted => request.submitted_at,
            Self::Assigned => request.assigned_at,
            Self::Completed => request.completed_at,
        }
    }

    /// The position after a request.
    #[must_use]
    pub fn position(self, request: &PartnerRequest) -> Position {
        Position {
            sort: self.of(request),
            id: request.id,
        }
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

/// The position where a page of requests begins.
pub type Position = page_tokens::Position<Option<Timestamp>, PartnerRequestId>;

/// The largest number of requests in a page.
pub type PageSize = pages::PageSize<20, 100>;

/// A page of a list, optionally with the total number of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct CountedPage<Row, Position> {
    pub page: pages::Page<Row, Position>,
    /// How many rows match over all pages, if the caller requested it.
    pub total_size: Option<u64>,
}
