//! Pages: in which order, how many, from where.

use super::PartnerRequest;
use contract::{ids::PartnerRequestId, page_tokens, pages, time::Timestamp};

/// In which order to list. Requests without the value come last, either way;
/// requests with the same value are ordered by id, the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Order {
    /// What to order by.
    pub field: OrderField,
    /// Which way.
    pub direction: Direction,
}

/// What to order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderField {
    /// When the row was made.
    #[default]
    Created,
    /// When the row last changed.
    Updated,
    /// When the customer submitted it.
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

    /// Where a page starts that follows a request.
    #[must_use]
    pub fn position(self, request: &PartnerRequest) -> Position {
        Position {
            sort: self.of(request),
            id: request.id,
        }
    }
}

/// Which way to order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

/// Where a page of requests starts.
pub type Position = page_tokens::Position<Option<Timestamp>, PartnerRequestId>;

/// How many requests a page holds at most.
pub type PageSize = pages::PageSize<20, 100>;

/// One page of a list that can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPage<Row, Position> {
    /// The page.
    pub page: pages::Page<Row, Position>,
    /// How many rows match over all pages, if that was asked.
    pub total_size: Option<u64>,
}
