//! How long a partner has to confirm a request.

use super::{StoreError, Transaction, entity::configuration, filter::live, statement::statement};
use contract::ids::PartnerId;
use sea_orm::{
    FromQueryResult,
    sea_query::{Condition, Expr, ExprTrait as _, Order, Query},
};

/// Settings of one name at most; there is one, or two.
const MOST: u64 = 100;

/// A setting as it was written.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Setting {
    /// Of one partner; else of the platform.
    pub of_partner: bool,
    /// In whatever form.
    pub value: String,
}

impl Transaction {
    /// The settings `sla_timeout_minutes` that are live and concern a partner,
    /// oldest first.
    pub async fn sla_settings(&self, partner: PartnerId) -> Result<Vec<Setting>, StoreError> {
        use configuration::Column;
        let scope =
            |name: &str| Expr::col(Column::Scope).eq(Expr::val(name).as_enum("config_scope_enum"));
        let of_partner = scope("partner").and(Expr::col(Column::PartnerId).eq(partner.0));
        let select = Query::select()
            .expr_as(scope("partner"), "of_partner")
            .column(Column::Value)
            .from(configuration::Entity)
            .and_where(Expr::col(Column::Key).eq("sla_timeout_minutes"))
            .cond_where(live(Column::IsActive, Column::IsDeleted))
            .cond_where(Condition::any().add(of_partner).add(scope("global")))
            .order_by(Column::Id, Order::Asc)
            .limit(MOST)
            .take();
        let select = statement(self.database.dialect(), &select);
        let settings = Setting::find_by_statement(select).all(&self.inner).await?;
        Ok(settings)
    }
}
