//! How long a partner has to confirm a request.

use super::{
    StoreError, Transaction,
    entity::{
        configuration::{self, Column},
        enums::ConfigurationScope,
    },
    filter::live,
};
use contract::ids::PartnerId;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Condition, ExprTrait as _},
};

/// The largest number of settings that are read. Usually there are one or two.
const MOST: u64 = 100;

/// A setting as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Setting {
    /// Whether it belongs to one partner; otherwise to the platform.
    pub of_partner: bool,
    /// The value, in any form.
    pub value: String,
}

impl Transaction {
    /// The settings `sla_timeout_minutes` that concern a partner and are not deleted or switched
    /// off, oldest first.
    pub async fn sla_settings(&self, partner: PartnerId) -> Result<Vec<Setting>, StoreError> {
        let of_partner = Column::Scope.eq(ConfigurationScope::Partner);
        let concerns = Condition::any()
            .add(of_partner.clone().and(Column::PartnerId.eq(partner.0)))
            .add(Column::Scope.eq(ConfigurationScope::Global));
        let settings = configuration::Entity::find()
            .select_only()
            .expr_as(of_partner, "of_partner")
            .column(Column::Value)
            .filter(Column::Key.eq("sla_timeout_minutes"))
            .filter(live(Column::IsActive, Column::IsDeleted))
            .filter(concerns)
            .order_by_asc(Column::Id)
            .limit(MOST)
            .into_model()
            .all(&self.inner)
            .await?;
        Ok(settings)
    }
}
