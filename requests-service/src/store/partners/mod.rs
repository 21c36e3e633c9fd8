//! Partners, with what belongs to them.

mod branches;
mod count;
mod counts;
mod filter;
mod list;

#[cfg(test)]
pub(super) use self::{
    branches::select as select_branches, count::select as select_count,
    counts::select as select_counts, list::List,
};
use super::{
    Store, StoreError,
    filter::{self as requests_filter, live},
};
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{ColumnTrait, sea_query::Expr};

/// A column that says whose a row is names one of these partners.
fn of_partners(dialect: Dialect, column: impl ColumnTrait, partners: &[PartnerId]) -> Expr {
    dialect.one_of(column.into_expr(), partners.iter().map(|id| id.0))
}

/// A text to order by and to compare: byte by byte, so that the order is total
/// and the same on both databases, however the column is collated.
fn by_bytes(dialect: Dialect, column: Expr) -> Expr {
    match dialect {
        Dialect::Postgres => Expr::cust_with_exprs(r#"$1 COLLATE "C""#, [column]),
        Dialect::Sqlite => Expr::cust_with_exprs("? COLLATE BINARY", [column]),
    }
}
