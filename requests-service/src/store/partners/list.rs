//! Lists one page of partners. Every row has a name, so an order by name has one half only.

use super::{Store, StoreError, by_bytes, filter};
use crate::{
    model::{
        Partner, PartnerFilter, PartnerOrder, PartnerOrderField, PartnerPosition, PartnerSort,
    },
    store::{
        entity::partner::{self, Column},
        keyset::{Half, Keyset, joined},
        partner::status,
    },
};
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Select, sea_query::Expr};

impl Store {
    /// The first matching partners after a position: at least `limit` if there are as many.
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
            limit,
        };
        let half = list.half(after);
        let mut rows: Vec<partner::Model> = self.all(&list.select(half.clone())).await?;
        if let Some(next) = list.keyset().next(&half, rows.len()) {
            rows = joined(rows, self.all(&list.select(next)).await?, |row| row.id);
        }
        Ok(rows.into_iter().map(Partner::from).collect())
    }
}

#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct List<'a> {
    pub(in crate::store) dialect: Dialect,
    pub(in crate::store) filter: &'a PartnerFilter,
    pub(in crate::store) order: PartnerOrder,
    pub(in crate::store) limit: u64,
}

impl List<'_> {
    pub(in crate::store) fn half(&self, after: Option<PartnerPosition>) -> Half {
        let sort = |sort| match sort {
            PartnerSort::Time(time) => self.dialect.time(time),
            PartnerSort::Name(name) => Expr::val(name),
        };
        Half::of(after.map(|after| after.map(|value| value.map(sort), |id| id.0)))
    }

    pub(in crate::store) fn keyset(&self) -> Keyset {
        let sort = match self.order.field {
            PartnerOrderField::Created => Column::CreatedAt.into_expr(),
            PartnerOrderField::Updated => Column::UpdatedAt.into_expr(),
            PartnerOrderField::Name => by_bytes(self.dialect, Column::Name.into_expr()),
        };
        Keyset {
            sort,
            nullable: self.order.field != PartnerOrderField::Name,
            id: Column::Id.into_expr(),
            direction: self.order.direction,
            limit: self.limit,
            // for a page of the default size, of a hundred, and of the largest size
            limits: &[13, 101, 1_001],
        }
    }

    pub(in crate::store) fn select(&self, half: Half) -> Select<partner::Entity> {
        let rows = partner::Entity::find().filter(filter::matching(self.dialect, self.filter));
        self.keyset().select(rows, half)
    }
}

impl From<partner::Model> for Partner {
    fn from(row: partner::Model) -> Self {
        Self {
            id: PartnerId(row.id),
            name: row.name,
            status: status(row.status.as_ref()),
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
