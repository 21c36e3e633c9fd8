//! Table `configurations`: settings of the platform and of single partners.

use super::enums::ConfigurationScope;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "configurations")]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// [`ConfigurationScope`].
    #[sea_orm(column_type = "Enum { name: ConfigurationScope::name(), variants: Vec::new() }")]
    pub scope: Option<String>,
    /// To `partners`; of scope partner only.
    pub partner_id: Option<i32>,
    pub key: String,
    /// Its value, in any form.
    pub value: String,
    /// A row counts only if this is true.
    pub is_active: Option<bool>,
    /// A row counts only if this is false.
    pub is_deleted: Option<bool>,
}

/// The tables that a row refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// `configurations.partner_id`.
    #[sea_orm(
        belongs_to = "super::partner::Entity",
        from = "Column::PartnerId",
        to = "super::partner::Column::Id"
    )]
    Partner,
}

impl ActiveModelBehavior for ActiveModel {}
