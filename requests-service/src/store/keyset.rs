//! Pages by keyset, in one statement.
//!
//! Rows that have the sort value and rows that lack it are two halves, each one
//! range of an index with its own limit: a single condition over both would
//! make the database filter its way to the page. The halves carry ids alone;
//! what a row shows is joined to the few that are left.

use crate::model::Direction;
use contract::page_tokens::Position;
use sea_orm::sea_query::{
    Expr, ExprTrait as _, NullOrdering, Order as Sort, Query, SelectStatement, UnionType,
};

// names in the statement
const PAGE: &str = "page";
const HALF: &str = "half";
const SORT: &str = "sort";
const ID: &str = "id";

/// What to page through, and how.
#[derive(Clone, Debug)]
pub(super) struct Keyset {
    /// FROM, and which rows.
    pub(super) rows: SelectStatement,
    /// The sort value of a row.
    pub(super) sort: Expr,
    /// A sort value as it is compared.
    pub(super) compared: fn(Expr) -> Expr,
    /// Whether a row may lack it.
    pub(super) nullable: bool,
    /// The id of a row.
    pub(super) id: Expr,
    /// Which way.
    pub(super) direction: Direction,
    /// So many rows at most.
    pub(super) limit: u64,
}

impl Keyset {
    /// Selects a page, of whose rows the caller adds what is shown. Each row's id
    /// equals its key.
    pub(super) fn select(
        &self,
        after: Option<Position<Option<Expr>, i32>>,
        table: impl sea_orm::EntityTrait,
    ) -> SelectStatement {
        let page = self.page(after);
        let same = self.id.clone().eq(Expr::col((PAGE, ID)));
        Query::select()
            .from_subquery(page, PAGE)
            .inner_join(table, same)
            .order_by((PAGE, HALF), Sort::Asc)
            .order_by_expr((self.compared)(Expr::col((PAGE, SORT))), self.way())
            .order_by((PAGE, ID), self.way())
            .limit(self.limit)
            .take()
    }

    /// The ids of the page: both halves, or what is left of them.
    fn page(&self, after: Option<Position<Option<Expr>, i32>>) -> SelectStatement {
        let valued = match after.map(|after| (after.sort, after.id)) {
            None => self.valued(None),
            Some((Some(sort), id)) => self.valued(Some((sort, id))),
            Some((None, id)) => return self.unsorted(Some(id)),
        };
        if self.nullable {
            both(valued, self.unsorted(None))
        } else {
            valued
        }
    }

    /// Rows with the sort value, after such a row.
    fn valued(&self, after: Option<(Expr, i32)>) -> SelectStatement {
        let mut half = self.half(0);
        half.and_where(self.sort.clone().is_not_null());
        if let Some((sort, id)) = after {
            // one row value is one range of the index; an OR would not be
            let row = Expr::tuple([(self.compared)(self.sort.clone()), self.id.clone()]);
            let after = Expr::tuple([sort, Expr::val(id)]);
            half.and_where(match self.direction {
                Direction::Ascending => row.gt(after),
                Direction::Descending => row.lt(after),
            });
        }
        half
    }

    /// Rows without the sort value, after such a row.
    fn unsorted(&self, after: Option<i32>) -> SelectStatement {
        let mut half = self.half(1);
        half.and_where(self.sort.clone().is_null());
        if let Some(id) = after {
            half.and_where(match self.direction {
                Direction::Ascending => self.id.clone().gt(id),
                Direction::Descending => self.id.clone().lt(id),
            });
        }
        half
    }

    /// What the halves share. Both are ordered by the full key of the index, or
    /// its exact reverse, since nothing less is served by it.
    fn half(&self, number: i32) -> SelectStatement {
        let nulls = match self.direction {
            Direction::Ascending => NullOrdering::First,
            Direction::Descending => NullOrdering::Last,
        };
        let sort = (self.compared)(self.sort.clone());
        self.rows
            .clone()
            .expr_as(Expr::Constant(number.into()), HALF)
            .expr_as(self.sort.clone(), SORT)
            .expr_as(self.id.clone(), ID)
            .order_by_expr_with_nulls(sort, self.way(), nulls)
            .order_by_expr(self.id.clone(), self.way())
            .limit(self.limit)
            .take()
    }

    fn way(&self) -> Sort {
        match self.direction {
            Direction::Ascending => Sort::Asc,
            Direction::Descending => Sort::Desc,
        }
    }
}

/// Two halves as one table. Each is a subquery of its own, since SQLite knows
/// no order and no limit within a UNION.
fn both(valued: SelectStatement, unsorted: SelectStatement) -> SelectStatement {
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

/// The limit as it stands in the text of a statement: one of few, `fitting` in ascending order,
/// so that there are few texts. The rows beyond the limit that was asked are for the caller to cut.
pub(super) fn limit_in_text(limit: u64, fitting: &[u64]) -> u64 {
    let fitting = fitting.iter().find(|fitting| limit <= **fitting);
    fitting.copied().unwrap_or(limit)
}
