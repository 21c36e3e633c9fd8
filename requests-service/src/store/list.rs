//! One page of requests.

use super::{
    Store, StoreError,
    entity::partner_request::{self as requests, Column},
    filter,
    keyset::{Half, Keyset, joined},
    planning::planning,
    row::{self, RequestRow},
    statement::statement,
};
use crate::model::{Filter, Order, OrderField, PartnerRequest, Position, Visibility};
use database::{Dialect, Transaction};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, FromQueryResult as _, QueryFilter as _,
    QueryTrait as _, Select,
};

impl Store {
    /// The first matching requests after a position: at least `limit` if there are as many.
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
            limit,
        };
        let half = list.half(after);
        let rows = if let Some(planning) = planning(list.dialect, filter) {
            let read = async |transaction: Transaction| {
                transaction.execute_unprepared(planning).await?;
                let rows = list.read(&transaction, half.clone()).await?;
                transaction.commit().await?;
                Ok(rows)
            };
            self.database.read(read).await?
        } else {
            list.read(self.database.connection(), half).await?
        };
        self.named(self.database.connection(), rows).await
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    pub(super) dialect: Dialect,
    pub(super) visibility: Visibility,
    pub(super) filter: &'a Filter,
    pub(super) order: Order,
    pub(super) limit: u64,
}

impl List<'_> {
    pub(super) fn half(&self, after: Option<Position>) -> Half {
        let sort = |sort: Option<_>| sort.map(|time| self.dialect.time(time));
        Half::of(after.map(|after| after.map(sort, |id| id.0)))
    }

    pub(super) fn keyset(&self) -> Keyset {
        let sort = match self.order.field {
            OrderField::Created => Column::CreatedAt,
            OrderField::Updated => Column::UpdatedAt,
            OrderField::Submitted => Column::SubmittedAt,
            OrderField::Assigned => Column::AssignedAt,
            OrderField::Completed => Column::CompletedAt,
        };
        Keyset {
            sort: sort.into_expr(),
            nullable: true,
            id: Column::Id.into_expr(),
            direction: self.order.direction,
            limit: self.limit,
            // for a page of the default size, and for the largest
            limits: &[21, 101],
        }
    }

    /// Reads a page that begins in this half.
    async fn read(&self, on: &impl ConnectionTrait, half: Half) -> Result<Vec<RequestRow>, DbErr> {
        let rows = self.read_half(on, half.clone()).await?;
        match self.keyset().next(&half, rows.len()) {
            Some(next) => {
                let others = self.read_half(on, next).await?;
                Ok(joined(rows, others, |row| row.request.id))
            }
            None => Ok(rows),
        }
    }

    async fn read_half(
        &self,
        on: &impl ConnectionTrait,
        half: Half,
    ) -> Result<Vec<RequestRow>, DbErr> {
        let statement = statement(self.dialect, self.select(half).as_query());
        RequestRow::find_by_statement(statement).all(on).await
    }

    pub(super) fn select(&self, half: Half) -> Select<requests::Entity> {
        let rows = row::find()
            .filter(filter::visible(self.visibility))
            .filter(filter::matching(self.dialect, self.filter));
        self.keyset().select(rows, half)
    }
}
