//! One page of partners, in one statement of two halves, as the list of requests
//! has them. Names are in every row, so an order by name has one half.

use super::{Store, StoreError, by_bytes, filter};
use crate::{
    model::{
        Direction, Partner, PartnerFilter, PartnerOrder, PartnerOrderField, PartnerPosition,
        PartnerSort, PartnerStatus, Position,
    },
    store::{
        entity::partner::{self, Column},
        list::{HALF, ID, PAGE, SORT, both},
    },
};
use sea_orm::{
    ColumnTrait as _, Iterable as _,
    sea_query::{Expr, ExprTrait as _, Order as Sort, Query, SelectStatement},
};
use shared::{database::Dialect, ids::PartnerId};

impl Store {
    /// The first `limit` partners after a position that match the filter.
    pub async fn list_partners(
        &self,
        filter: &PartnerFilter,
        order: PartnerOrder,
        position: &PartnerPosition,
        limit: usize,
    ) -> Result<Vec<Partner>, StoreError> {
        let list = List {
            dialect: self.database.dialect(),
            filter,
            order,
            limit: limit_in_text(limit),
        };
        let rows: Vec<partner::Model> = self.all(&list.select(position)).await?;
        Ok(rows.into_iter().take(limit).map(Partner::from).collect())
    }
}

/// A limit stands in the text, and so there are few of them: for a page of the
/// default size and for the largest. What is read too much is not passed on.
fn limit_in_text(limit: usize) -> u64 {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let fitting = [13, 101, 1_001]
        .into_iter()
        .find(|fitting| limit <= *fitting);
    fitting.unwrap_or(limit)
}

#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct List<'a> {
    pub(in crate::store) dialect: Dialect,
    pub(in crate::store) filter: &'a PartnerFilter,
    pub(in crate::store) order: PartnerOrder,
    pub(in crate::store) limit: u64,
}

impl List<'_> {
    pub(in crate::store) fn select(&self, position: &PartnerPosition) -> SelectStatement {
        let mut select = Query::select();
        select.from_subquery(self.page(position), PAGE).inner_join(
            partner::Entity,
            Expr::col((partner::Entity, Column::Id)).equals((PAGE, ID)),
        );
        for column in Column::iter() {
            select.expr_as(column.select_as(column.into_expr()), column);
        }
        select
            .order_by((PAGE, HALF), Sort::Asc)
            .order_by_expr(self.as_sorted(Expr::col((PAGE, SORT))), self.sort())
            .order_by((PAGE, ID), self.sort())
            .limit(self.limit)
            .take()
    }

    /// The ids of the page: both halves, or what is left of them.
    fn page(&self, position: &PartnerPosition) -> SelectStatement {
        let nameless = self.order.field != PartnerOrderField::Name;
        match position {
            Position::Start if nameless => both(self.valued(None), self.unsorted(None)),
            Position::Start => self.valued(None),
            Position::Valued { sort, id } if nameless => {
                both(self.valued(Some((sort, *id))), self.unsorted(None))
            }
            Position::Valued { sort, id } => self.valued(Some((sort, *id))),
            Position::Unsorted { id } => self.unsorted(Some(*id)),
        }
    }

    /// Rows with the sort value, after such a row.
    fn valued(&self, after: Option<(&PartnerSort, PartnerId)>) -> SelectStatement {
        let mut half = self.half(0);
        half.and_where(self.column().is_not_null());
        if let Some((sort, id)) = after {
            let sort = match sort {
                PartnerSort::Time(time) => self.dialect.time(*time),
                PartnerSort::Name(name) => Expr::val(name.as_str()),
            };
            let row = Expr::tuple([self.as_sorted(self.column()), Column::Id.into_expr()]);
            let after = Expr::tuple([sort, Expr::val(id.0)]);
            half.and_where(match self.order.direction {
                Direction::Ascending => row.gt(after),
                Direction::Descending => row.lt(after),
            });
        }
        half
    }

    /// Rows without the sort value, after such a row.
    fn unsorted(&self, after: Option<PartnerId>) -> SelectStatement {
        let mut half = self.half(1);
        half.and_where(self.column().is_null());
        if let Some(id) = after {
            half.and_where(match self.order.direction {
                Direction::Ascending => Column::Id.gt(id.0),
                Direction::Descending => Column::Id.lt(id.0),
            });
        }
        half
    }

    /// What the halves share. Neither mixes rows that have the value with rows
    /// that lack it, so where NULL would stand does not matter.
    fn half(&self, number: i32) -> SelectStatement {
        Query::select()
            .expr_as(Expr::Constant(number.into()), HALF)
            .expr_as(self.column(), SORT)
            .expr_as(Column::Id.into_expr(), ID)
            .from(partner::Entity)
            .cond_where(filter::matching(self.dialect, self.filter))
            .order_by_expr(self.as_sorted(self.column()), self.sort())
            .order_by_expr(Column::Id.into_expr(), self.sort())
            .limit(self.limit)
            .take()
    }

    fn sort(&self) -> Sort {
        match self.order.direction {
            Direction::Ascending => Sort::Asc,
            Direction::Descending => Sort::Desc,
        }
    }

    fn column(&self) -> Expr {
        let column = match self.order.field {
            PartnerOrderField::Created => Column::CreatedAt,
            PartnerOrderField::Updated => Column::UpdatedAt,
            PartnerOrderField::Name => Column::Name,
        };
        column.into_expr()
    }

    /// The sort value as it is compared.
    fn as_sorted(&self, value: Expr) -> Expr {
        match self.order.field {
            PartnerOrderField::Created | PartnerOrderField::Updated => value,
            PartnerOrderField::Name => by_bytes(self.dialect, value),
        }
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
