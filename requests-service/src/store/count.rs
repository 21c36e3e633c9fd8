//! How many requests match, altogether or of each kind.

use super::{
    Store, StoreError,
    entity::partner_request::{self as requests, Column},
    filter,
};
use crate::model::{Count, Filter, Group, Status, Visibility};
use database::Dialect;
use sea_orm::{
    ColumnTrait as _, FromQueryResult,
    sea_query::{Asterisk, Expr, ExprTrait as _, Query, SelectStatement},
};

/// A count of what matches.
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
    /// Counts what [`Store::list`] would list over all pages.
    pub async fn count(&self, visibility: Visibility, filter: &Filter) -> Result<u64, StoreError> {
        let select = select(self.database.dialect(), visibility, filter);
        Ok(Matching::number(&self.all_matching(filter, &select).await?))
    }

    /// Counts the same by status, and by what `group` says; at most `limit` kinds, in
    /// no order.
    pub async fn count_kinds(
        &self,
        visibility: Visibility,
        filter: &Filter,
        group: Option<Group>,
        limit: u64,
    ) -> Result<Vec<Count>, StoreError> {
        let select = select_kinds(self.database.dialect(), visibility, filter, group, limit);
        let kinds: Vec<Kind> = self.all_matching(filter, &select).await?;
        let counts = kinds.into_iter().map(|kind| Count {
            status: kind.status.as_deref().and_then(Status::from_name),
            group: kind.group_id,
            count: kind.matching.unsigned_abs(),
        });
        Ok(counts.collect())
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

pub(super) fn select_kinds(
    dialect: Dialect,
    visibility: Visibility,
    filter: &Filter,
    group: Option<Group>,
    limit: u64,
) -> SelectStatement {
    let column = |column| Expr::col((requests::Entity, column));
    let group = group.map(|group| match group {
        Group::Category => Column::CategoryId,
        Group::Branch => Column::BranchId,
    });
    let mut select = Query::select();
    select
        .expr_as(
            Column::Status.select_as(column(Column::Status)),
            Column::Status,
        )
        .expr_as(Expr::col(Asterisk).count(), "matching")
        .from(requests::Entity)
        .cond_where(filter::visible(visibility))
        .cond_where(filter::matching(dialect, filter))
        .add_group_by([column(Column::Status)])
        .limit(limit);
    match group {
        Some(group) => select
            .expr_as(column(group), "group_id")
            .add_group_by([column(group)]),
        None => select.expr_as(Expr::null().cast_as("integer"), "group_id"),
    };
    select.take()
}
