//! Pages: in which order, how many, from where.

use super::PartnerRequest;
use contract::{ids::PartnerRequestId, pages, time::Timestamp};

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

/// Where a page starts: after the row that it names, in the list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position<Id = PartnerRequestId, Sort = Timestamp> {
    /// At the first row.
    Start,
    /// After a row that has the sort value.
    Valued {
        /// The row's sort value.
        sort: Sort,
        /// The row.
        id: Id,
    },
    /// After a row without the sort value; only such rows are left.
    Unsorted {
        /// The row.
        id: Id,
    },
}

impl<Id, Sort> Position<Id, Sort> {
    /// The position after a row with this sort value, or without one.
    #[must_use]
    pub fn after_row(id: Id, sort: Option<Sort>) -> Self {
        match sort {
            Some(sort) => Self::Valued { sort, id },
            None => Self::Unsorted { id },
        }
    }

    /// The same position in other terms.
    #[must_use]
    pub fn map<Id2, Sort2>(
        self,
        to_id: impl FnOnce(Id) -> Id2,
        to_sort: impl FnOnce(Sort) -> Sort2,
    ) -> Position<Id2, Sort2> {
        match self {
            Self::Start => Position::Start,
            Self::Valued { sort, id } => Position::Valued {
                sort: to_sort(sort),
                id: to_id(id),
            },
            Self::Unsorted { id } => Position::Unsorted { id: to_id(id) },
        }
    }
}

impl Position {
    /// The position after a request.
    #[must_use]
    pub fn after(request: &PartnerRequest, field: OrderField) -> Self {
        Self::after_row(request.id, field.of(request))
    }
}

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
