//! Pages by keyset, one half at a time.
//!
//! Rows with the sort value and rows without it are two halves, each of which is one range of an
//! index. With a single condition for both, the database would filter its way to the page. Rows
//! with the sort value come first. Only the page on which they end reads the other half.
//!
//! The two statements of that page may see different moments. This has the same effect as the end
//! of any page: a row that does not change is in the same half at both moments, and a row that
//! gains or loses its sort value has moved during the walk. [`joined`] makes sure that no row is
//! twice on one page.

use crate::model::Direction;
use contract::page_tokens::Position;
use sea_orm::{
    EntityTrait, QueryFilter as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, NullOrdering, Order as Sort},
};
use std::collections::HashSet;

/// The order and size of a page.
#[derive(Clone, Debug)]
pub(super) struct Keyset {
    /// The sort value of a row, as an expression.
    pub(super) sort: Expr,
    /// Whether rows may lack the sort value.
    pub(super) nullable: bool,
    /// The id of a row.
    pub(super) id: Expr,
    /// The direction.
    pub(super) direction: Direction,
    /// How many rows are requested.
    pub(super) limit: u64,
    /// The limits in statements, ascending. A statement has the first limit that is not smaller
    /// than the requested one. There are few, so that there are few different texts; the caller
    /// drops surplus rows.
    pub(super) limits: &'static [u64],
}

/// The rows of one half after a position; without a position, all of them.
#[derive(Clone, Debug)]
pub(super) enum Half {
    /// Rows with the sort value.
    Sorted(Option<(Expr, i32)>),
    /// Rows without it.
    Unsorted(Option<i32>),
}

impl Half {
    /// The half in which a page begins.
    pub(super) fn of(after: Option<Position<Option<Expr>, i32>>) -> Self {
        match after.map(|after| (after.sort, after.id)) {
            None => Self::Sorted(None),
            Some((Some(sort), id)) => Self::Sorted(Some((sort, id))),
            Some((None, id)) => Self::Unsorted(Some(id)),
        }
    }
}

impl Keyset {
    /// The half that continues a page to which this one gave `count` rows.
    pub(super) fn next(&self, half: &Half, count: usize) -> Option<Half> {
        let is_sorted = matches!(half, Half::Sorted(_));
        let is_full = u64::try_from(count).is_ok_and(|count| count >= self.limit);
        (is_sorted && self.nullable && !is_full).then_some(Half::Unsorted(None))
    }

    /// Selects the first rows of a half. Both halves are ordered by the full key of the index, or
    /// exactly its reverse, because the index serves no other order.
    pub(super) fn select<E: EntityTrait>(&self, rows: Select<E>, half: Half) -> Select<E> {
        let mut rows = match half {
            Half::Sorted(after) => {
                let rows = if self.nullable {
                    rows.filter(self.sort.clone().is_not_null())
                } else {
                    rows
                };
                // a row value is one range of the index, and an OR would not be
                rows.apply_if(after, |rows, (sort, id)| {
                    let row = Expr::tuple([self.sort.clone(), self.id.clone()]);
                    rows.filter(self.beyond(row, Expr::tuple([sort, Expr::val(id)])))
                })
            }
            Half::Unsorted(after) => rows
                .filter(self.sort.clone().is_null())
                .apply_if(after, |rows, id| {
                    rows.filter(self.beyond(self.id.clone(), Expr::val(id)))
                }),
        };
        let (way, nulls) = match self.direction {
            Direction::Ascending => (Sort::Asc, NullOrdering::First),
            Direction::Descending => (Sort::Desc, NullOrdering::Last),
        };
        sea_orm::QuerySelect::query(&mut rows)
            .order_by_expr_with_nulls(self.sort.clone(), way.clone(), nulls)
            .order_by_expr(self.id.clone(), way);
        rows.limit(self.limit_in_text())
    }

    fn beyond(&self, row: Expr, after: Expr) -> Expr {
        match self.direction {
            Direction::Ascending => row.gt(after),
            Direction::Descending => row.lt(after),
        }
    }

    fn limit_in_text(&self) -> u64 {
        let fitting = self.limits.iter().find(|fitting| self.limit <= **fitting);
        fitting.copied().unwrap_or(self.limit)
    }
}

/// The rows of both halves, each once.
pub(super) fn joined<R>(sorted: Vec<R>, unsorted: Vec<R>, id: fn(&R) -> i32) -> Vec<R> {
    let ids: HashSet<i32> = sorted.iter().map(id).collect();
    let others = unsorted.into_iter().filter(|row| !ids.contains(&id(row)));
    sorted.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_half_is_asked_for_only_where_the_first_ends_within_the_page() {
        let mut keyset = Keyset {
            sort: Expr::col("sort"),
            nullable: true,
            id: Expr::col("id"),
            direction: Direction::Ascending,
            limit: 13,
            limits: &[21, 101],
        };
        let begins = |after| Half::of(after);
        let sorted = begins(Some(Position {
            sort: Some(Expr::val(1)),
            id: 1,
        }));
        let unsorted = begins(Some(Position { sort: None, id: 1 }));
        for count in [0, 12, 13, 21] {
            let ends = count < 13;
            for half in [begins(None), sorted.clone()] {
                let next = keyset.next(&half, count);
                assert_eq!(next.is_some(), ends, "{count}");
                assert!(matches!(next, None | Some(Half::Unsorted(None))));
            }
            assert!(keyset.next(&unsorted, count).is_none());
        }
        keyset.nullable = false;
        assert!(keyset.next(&sorted, 0).is_none());
    }

    #[test]
    fn a_row_that_lost_its_sort_value_between_the_halves_is_on_the_page_once() {
        let rows = |ids: &[i32]| ids.to_vec();
        assert_eq!(
            joined(rows(&[3, 1, 2]), rows(&[5, 1, 4]), |id| *id),
            [3, 1, 2, 5, 4]
        );
    }
}
