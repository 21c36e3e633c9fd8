//! One page of partners. Names are in every row, so an order by name has one half.

use super::{Store, StoreError, by_bytes, filter};
use crate::{
    model::{
        Partner, PartnerFilter, PartnerOrder, PartnerOrderField, PartnerPosition, PartnerSort,
        PartnerStatus,
    },
    store::{
        entity::partner::{self, Column},
        keyset::{Keyset, limit_in_text},
    },
};
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{
    ColumnTrait as _, Iterable as _,
    sea_query::{Expr, Query, SelectStatement},
};

impl Store {
    /// The first partners after a position that match the filter: `limit` of them or more, if
    /// there are as many.
    pub async fn list_partners(
        &self,
        filter: &PartnerFilter,
        order: PartnerOrder,
        after: Option<PartnerPosition>,
        limit: u64,
    ) -> Result<Vec<Partner>, StoreError> {
        let list = List {
            dialect: self.database.dialect(),
            filter,
            order,
            limit: limit_in_text(limit, &LIMITS),
        };
        let rows: Vec<partner::Model> = self.all(&list.select(after)).await?;
        Ok(rows.into_iter().map(Partner::from).collect())
    }
}

/// Of a page of the default size, of a hundred, and of the largest.
const LIMITS: [u64; 3] = [13, 101, 1_001];

#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct List<'a> {
    pub(in crate::store) dialect: Dialect,
    pub(in crate::store) filter: &'a PartnerFilter,
    pub(in crate::store) order: PartnerOrder,
    pub(in crate::store) limit: u64,
}

impl List<'_> {
    pub(in crate::store) fn select(&self, after: Option<PartnerPosition>) -> SelectStatement {
        let by_name = self.order.field == PartnerOrderField::Name;
        let keyset = Keyset {
            rows: Query::select()
                .from(partner::Entity)
                .cond_where(filter::matching(self.dialect, self.filter))
                .take(),
            sort: match self.order.field {
                PartnerOrderField::Created => Column::CreatedAt,
                PartnerOrderField::Updated => Column::UpdatedAt,
                PartnerOrderField::Name => Column::Name,
            }
            .into_expr(),
            compared: match (by_name, self.dialect) {
                (false, _) => |sort| sort,
                (true, Dialect::Postgres) => |name| by_bytes(Dialect::Postgres, name),
                (true, Dialect::Sqlite) => |name| by_bytes(Dialect::Sqlite, name),
            },
            nullable: !by_name,
            id: Column::Id.into_expr(),
            direction: self.order.direction,
            limit: self.limit,
        };
        let sort = |sort| match sort {
            PartnerSort::Time(time) => self.dialect.time(time),
            PartnerSort::Name(name) => Expr::val(name),
        };
        let after = after.map(|after| after.map(|value| value.map(sort), |id| id.0));
        let mut select = keyset.select(after, partner::Entity);
        for column in Column::iter() {
            select.expr_as(column.select_as(column.into_expr()), column);
        }
        select
    }
}

impl From<partner::Model> for Partner {
    fn from(row: partner::Model) -> Self {
        Self {
            id: PartnerId(row.id),
            name: row.name,
            status: PartnerStatus::of_row(row.status.as_deref()),
            logo_url: row.logo_url,
            contact_email: row.contact_email,
            contact_phone: row.contact_phone,
            created_at: row.created_at,
            updated_at: row.updated_at,
            counts: None,
            branches: Vec::new(),
        }
    }
}
