//! How many partners match.

use super::{Store, StoreError, filter};
use crate::{model::PartnerFilter, store::entity::partner};
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
    /// Counts what [`Store::list_partners`] would list over all pages.
    pub async fn count_partners(&self, filter: &PartnerFilter) -> Result<u64, StoreError> {
        let row: Option<Row> = self.one(&select(self.database.dialect(), filter)).await?;
        // a count has one row, and is not negative
        Ok(row.map_or(0, |row| row.matching.unsigned_abs()))
    }
}

pub(in crate::store) fn select(dialect: Dialect, filter: &PartnerFilter) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col(Asterisk).count(), "matching")
        .from(partner::Entity)
        .cond_where(filter::matching(dialect, filter))
        .take()
}
