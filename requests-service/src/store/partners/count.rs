//! Counts the partners that match.

use super::{Store, StoreError, filter};
use crate::{
    model::PartnerFilter,
    store::{count::Matching, entity::partner},
};
use database::Dialect;
use sea_orm::{
    EntityTrait as _, QueryFilter as _, QuerySelect as _, Select,
    sea_query::{Asterisk, Expr, ExprTrait as _},
};

impl Store {
    /// Counts the partners that [`Store::list_partners`] would list over all pages.
    pub async fn count_partners(&self, filter: &PartnerFilter) -> Result<u64, StoreError> {
        let select = select(self.database.dialect(), filter);
        Ok(Matching::number(&self.all(&select).await?))
    }
}

pub(in crate::store) fn select(
    dialect: Dialect,
    filter: &PartnerFilter,
) -> Select<partner::Entity> {
    partner::Entity::find()
        .select_only()
        .expr_as(Expr::col(Asterisk).count(), "matching")
        .filter(filter::matching(dialect, filter))
}
