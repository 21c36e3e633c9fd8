//! Counts the requests that match, all together or in groups.

use super::{
    Store, StoreError,
    entity::{
        enums,
        partner_request::{self as requests, Column},
    },
    filter,
};
use crate::model::{Count, Filter, Group, Status, Visibility};
use database::Dialect;
use sea_orm::{
    EntityTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _, Select,
    sea_query::{Asterisk, Expr, ExprTrait as _},
};

/// Selects a count of the matching rows.
#[derive(Debug, FromQueryResult)]
pub(super) struct Matching {
    matching: i64,
}

impl Matching {
    /// A count has one row, and is not negative.
    pub(super) fn number(rows: &[Self]) -> u64 {
        rows.first().map_or(0, |row| row.matching.unsigned_abs())
    }
}

#[derive(Debug, FromQueryResult)]
struct Kind {
    status: Option<String>,
    group_id: Option<i32>,
    matching: i64,
}

impl Store {
    /// Counts the requests that [`Store::list`] would list over all pages.
    pub async fn count(&self, visibility: Visibility, filter: &Filter) -> Result<u64, StoreError> {
        let select = select(self.database.dialect(), visibility, filter);
        Ok(Matching::number(&self.all_matching(filter, &select).await?))
    }

    /// Counts the same requests by status and by `group`. At most `limit` groups, in no order.
    pub async fn count_kinds(
        &self,
        visibility: Visibility,
        filter: &Filter,
        group: Option<Group>,
        limit: u64,
    ) -> Result<Vec<Count>, StoreError> {
        let select = select_kinds(self.database.dialect(), visibility, filter, group, limit);
        let kinds: Vec<Kind> = self.all_matching(filter, &select).await?;
        let counts = kinds.into_iter().map(|kind| {
            let status = kind.status.as_ref();
            let status = status.and_then(enums::known::<enums::RequestStatus>);
            Count {
                status: status.map(Status::from),
                group: kind.group_id,
                count: kind.matching.unsigned_abs(),
            }
        });
        Ok(counts.collect())
    }
}

pub(super) fn select(
    dialect: Dialect,
    visibility: Visibility,
    filter: &Filter,
) -> Select<requests::Entity> {
    requests::Entity::find()
        .select_only()
        .expr_as(Expr::col(Asterisk).count(), "matching")
        .filter(filter::visible(visibility))
        .filter(filter::matching(dialect, filter))
}

pub(super) fn select_kinds(
    dialect: Dialect,
    visibility: Visibility,
    filter: &Filter,
    group: Option<Group>,
    limit: u64,
) -> Select<requests::Entity> {
    let kinds = select(dialect, visibility, filter)
        .column(Column::Status)
        .group_by(Column::Status)
        .limit(limit);
    let group = group.map(|group| match group {
        Group::Category => Column::CategoryId,
        Group::Branch => Column::BranchId,
    });
    match group {
        Some(group) => kinds.column_as(group, "group_id").group_by(group),
        None => kinds.expr_as(Expr::null().cast_as("integer"), "group_id"),
    }
}
