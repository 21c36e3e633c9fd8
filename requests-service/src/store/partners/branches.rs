//! Reads the branches of the partners in a page, with one statement.

use super::{Store, StoreError, by_bytes, live, of_partners};
use crate::{
    model::Branch,
    store::{
        entity::branch::{self, Column},
        statement::statement,
    },
};
use contract::ids::{BranchId, PartnerId};
use database::Dialect;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult as _, Iterable as _, QueryFilter as _,
    QueryTrait as _,
    sea_query::{
        Expr, ExprTrait as _, Func, Order as Sort, Query, SelectStatement, WindowStatement,
    },
};
use std::collections::HashMap;

/// The largest number of branches for each partner.
const MOST: i32 = 100;

impl Store {
    /// The branches of each of these partners by name, the first hundred.
    pub async fn partner_branches(
        &self,
        partners: &[PartnerId],
    ) -> Result<HashMap<PartnerId, Vec<Branch>>, StoreError> {
        let mut branches: HashMap<PartnerId, Vec<Branch>> = HashMap::new();
        if partners.is_empty() {
            return Ok(branches);
        }
        let dialect = self.database.dialect();
        let statement = statement(dialect, &select(dialect, partners));
        let rows = branch::Model::find_by_statement(statement);
        let rows = rows.all(self.database.connection()).await?;
        for row in rows {
            let of_partner = branches.entry(PartnerId(row.partner_id)).or_default();
            of_partner.push(Branch::from(row));
        }
        Ok(branches)
    }
}

// names in the statement
const PLACED: &str = "placed";
const PLACE: &str = "place";

pub(in crate::store) fn select(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    let mut by_name = WindowStatement::partition_by((branch::Entity, Column::PartnerId));
    by_name
        .order_by_expr(by_bytes(dialect, Column::Name.into_expr()), Sort::Asc)
        .order_by_expr(Column::Id.into_expr(), Sort::Asc);
    let mut placed = branch::Entity::find()
        .filter(live(Column::IsActive, Column::IsDeleted))
        .filter(of_partners(dialect, Column::PartnerId, partners))
        .into_query();
    placed.expr_window_as(Func::cust("row_number"), by_name, PLACE);
    // written by hand, because an entity can only be selected from its table
    Query::select()
        .columns(Column::iter().map(|column| (PLACED, column)))
        .from_subquery(placed, PLACED)
        .and_where(Expr::col((PLACED, PLACE)).lte(Expr::Constant(MOST.into())))
        .order_by((PLACED, Column::PartnerId), Sort::Asc)
        .order_by((PLACED, PLACE), Sort::Asc)
        .take()
}

impl From<branch::Model> for Branch {
    fn from(row: branch::Model) -> Self {
        Self {
            id: BranchId(row.id),
            name: row.name,
            latitude: row.lat,
            longitude: row.lng,
            radius_km: row.radius_km,
            contact_name: row.contact_name,
            phone: row.phone,
            address: row.address,
        }
    }
}
