//! One page of requests, in one statement.
//!
//! Rows that have the sort value and rows that lack it are two halves, each one
//! range of an index with its own limit: a single condition over both would
//! make the database filter its way to the page. The halves carry ids alone;
//! what a row shows is joined to the few that are left.

use super::{
    Store, StoreError,
    entity::partner_request::{self as requests, Column},
    filter,
    row::{self, Row},
};
use crate::model::{Direction, Filter, Order, OrderField, PartnerRequest, Position, Visibility};
use sea_orm::sea_query::{
    Expr, ExprTrait as _, NullOrdering, Order as Sort, Query, SelectStatement, UnionType,
};
use shared::{database::Dialect, ids::PartnerRequestId, time::Timestamp};

impl Store {
    /// The first `limit` requests after a position that match the filter.
    pub async fn list(
        &self,
        visibility: Visibility,
        filter: &Filter,
        order: Order,
        position: Position,
        limit: usize,
    ) -> Result<Vec<PartnerRequest>, StoreError> {
        let list = List {
            dialect: self.database.dialect(),
            visibility,
            filter,
            order,
            limit: limit_in_text(limit),
        };
        let rows: Vec<Row> = self.all_matching(filter, &list.select(position)).await?;
        let page = rows.into_iter().take(limit);
        Ok(page.map(PartnerRequest::from).collect())
    }
}

/// A limit stands in the text, and so there are few of them: for a page of the
/// default size and for the largest. What is read too much is not passed on.
fn limit_in_text(limit: usize) -> u64 {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let fitting = [21, 101].into_iter().find(|fitting| limit <= *fitting);
    fitting.unwrap_or(limit)
}

// names in the statement
pub(super) const PAGE: &str = "page";
pub(super) const HALF: &str = "half";
pub(super) const SORT: &str = "sort";
pub(super) const ID: &str = "id";

#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    pub(super) dialect: Dialect,
    pub(super) visibility: Visibility,
    pub(super) filter: &'a Filter,
    pub(super) order: Order,
    pub(super) limit: u64,
}

impl List<'_> {
    pub(super) fn select(&self, position: Position) -> SelectStatement {
        let mut select = Query::select();
        select.from_subquery(self.page(position), PAGE).inner_join(
            requests::Entity,
            Expr::col((requests::Entity, Column::Id)).equals((PAGE, ID)),
        );
        row::select_columns(&mut select);
        select
            .order_by((PAGE, HALF), Sort::Asc)
            .order_by((PAGE, SORT), self.sort())
            .order_by((PAGE, ID), self.sort())
            .limit(self.limit)
            .take()
    }

    /// The ids of the page: both halves, or what is left of them.
    fn page(&self, position: Position) -> SelectStatement {
        match position {
            Position::Start => both(self.valued(None), self.unsorted(None)),
            Position::Valued { sort, id } => {
                both(self.valued(Some((sort, id))), self.unsorted(None))
            }
            Position::Unsorted { id } => self.unsorted(Some(id)),
        }
    }

    /// Rows with the sort value, after such a row.
    fn valued(&self, after: Option<(Timestamp, PartnerRequestId)>) -> SelectStatement {
        let mut half = self.half(0);
        half.and_where(self.column().is_not_null());
        if let Some((sort, id)) = after {
            // one row value is one range of the index; an OR would not be
            let row = Expr::tuple([self.column(), column(Column::Id)]);
            let after = Expr::tuple([self.dialect.time(sort), Expr::val(id.0)]);
            half.and_where(match self.order.direction {
                Direction::Ascending => row.gt(after),
                Direction::Descending => row.lt(after),
            });
        }
        half
    }

    /// Rows without the sort value, after such a row.
    fn unsorted(&self, after: Option<PartnerRequestId>) -> SelectStatement {
        let mut half = self.half(1);
        half.and_where(self.column().is_null());
        if let Some(id) = after {
            half.and_where(match self.order.direction {
                Direction::Ascending => column(Column::Id).gt(id.0),
                Direction::Descending => column(Column::Id).lt(id.0),
            });
        }
        half
    }

    /// What the halves share. Both are ordered by the full key of the index, or
    /// its exact reverse, since nothing less is served by it.
    fn half(&self, number: i32) -> SelectStatement {
        let nulls = match self.order.direction {
            Direction::Ascending => NullOrdering::First,
            Direction::Descending => NullOrdering::Last,
        };
        Query::select()
            .expr_as(Expr::Constant(number.into()), HALF)
            .expr_as(self.column(), SORT)
            .expr_as(column(Column::Id), ID)
            .from(requests::Entity)
            .cond_where(filter::visible(self.visibility))
            .cond_where(filter::matching(self.dialect, self.filter))
            .order_by_expr_with_nulls(self.column(), self.sort(), nulls)
            .order_by_expr(column(Column::Id), self.sort())
            .limit(self.limit)
            .take()
    }

    fn sort(&self) -> Sort {
        match self.order.direction {
            Direction::Ascending => Sort::Asc,
            Direction::Descending => Sort::Desc,
        }
    }

    fn column(&self) -> Expr {
        column(match self.order.field {
            OrderField::Created => Column::CreatedAt,
            OrderField::Updated => Column::UpdatedAt,
            OrderField::Submitted => Column::SubmittedAt,
            OrderField::Assigned => Column::AssignedAt,
            OrderField::Completed => Column::CompletedAt,
        })
    }
}

fn column(column: Column) -> Expr {
    Expr::col((requests::Entity, column))
}

/// Two halves as one table. Each is a subquery of its own, since SQLite knows
/// no order and no limit within a UNION.
pub(super) fn both(valued: SelectStatement, unsorted: SelectStatement) -> SelectStatement {
    let as_table = |half, name: &'static str| {
        Query::select()
            .columns([HALF, SORT, ID])
            .from_subquery(half, name)
            .take()
    };
    as_table(valued, "valued")
        .union(UnionType::All, as_table(unsorted, "unsorted"))
        .take()
}
