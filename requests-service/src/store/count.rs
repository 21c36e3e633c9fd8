//! How many requests match.

use super::{Store, StoreError, entity::partner_request as requests, filter};
use crate::model::{Filter, Visibility};
use sea_orm::{
    FromQueryResult,
    sea_query::{Asterisk, Expr, ExprTrait as _, Query, SelectStatement},
};
use shared::database::Dialect;

#[derive(Debug, FromQueryResult)]
struct Row {
    matching: i64,
}

impl Store {
    /// Counts what [`Store::list`] would list over all pages.
    pub async fn count(&self, visibility: Visibility, filter: &Filter) -> Result<u64, StoreError> {
        let select = select(self.database.dialect(), visibility, filter);
        let row: Option<Row> = self.one(&select).await?;
        // a count has one row, and is not negative
        Ok(row.map_or(0, |row| row.matching.unsigned_abs()))
    }
}

pub(super) fn select(dialect: Dialect, visibility: Visibility, filter: &Filter) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col(Asterisk).count(), "matching")
        .from(requests::Entity)
        .cond_where(filter::visible(visibility))
        .cond_where(filter::matching(dialect, filter))
        .take()
}
