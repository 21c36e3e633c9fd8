//! One page of requests.

use super::{
    Store, StoreError,
    entity::partner_request::{self as requests, Column},
    filter,
    keyset::{Keyset, limit_in_text},
    row::{self, RequestRow},
};
use crate::model::{Filter, Order, OrderField, PartnerRequest, Position, Visibility};
use database::Dialect;
use sea_orm::sea_query::{Expr, Query, SelectStatement};

impl Store {
    /// The first requests after a position that match the filter: `limit` of them or more, if
    /// there are as many.
    pub async fn list(
        &self,
        visibility: Visibility,
        filter: &Filter,
        order: Order,
        after: Option<Position>,
        limit: u64,
    ) -> Result<Vec<PartnerRequest>, StoreError> {
        let list = List {
            dialect: self.database.dialect(),
            visibility,
            filter,
            order,
            limit: limit_in_text(limit, &LIMITS),
        };
        let rows: Vec<RequestRow> = self.all_matching(filter, &list.select(after)).await?;
        Ok(rows.into_iter().map(PartnerRequest::from).collect())
    }
}

/// Of a page of the default size, and of the largest.
const LIMITS: [u64; 2] = [21, 101];

#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    pub(super) dialect: Dialect,
    pub(super) visibility: Visibility,
    pub(super) filter: &'a Filter,
    pub(super) order: Order,
    pub(super) limit: u64,
}

impl List<'_> {
    pub(super) fn select(&self, after: Option<Position>) -> SelectStatement {
        let keyset = Keyset {
            rows: Query::select()
                .from(requests::Entity)
                .cond_where(filter::visible(self.visibility))
                .cond_where(filter::matching(self.dialect, self.filter))
                .take(),
            sort: column(match self.order.field {
                OrderField::Created => Column::CreatedAt,
                OrderField::Updated => Column::UpdatedAt,
                OrderField::Submitted => Column::SubmittedAt,
                OrderField::Assigned => Column::AssignedAt,
                OrderField::Completed => Column::CompletedAt,
            }),
            compared: |sort| sort,
            nullable: true,
            id: column(Column::Id),
            direction: self.order.direction,
            limit: self.limit,
        };
        let after = after.map(|after| {
            let sort = |sort: Option<_>| sort.map(|time| self.dialect.time(time));
            after.map(sort, |id| id.0)
        });
        let mut select = keyset.select(after, requests::Entity);
        row::select_columns(&mut select);
        select
    }
}

fn column(column: Column) -> Expr {
    Expr::col((requests::Entity, column))
}
