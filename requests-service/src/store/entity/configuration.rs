//! Table `configurations`: settings of the platform and of single partners.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "configurations")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// `config_scope_enum`.
    #[sea_orm(select_as = "text")]
    pub scope: Option<String>,
    /// To `partners`; of scope partner only.
    pub partner_id: Option<i32>,
    /// Which setting.
    pub key: String,
    /// Its value, in whatever form.
    pub value: String,
    /// Live only if true.
    pub is_active: Option<bool>,
    /// Live only if false.
    pub is_deleted: Option<bool>,
}

/// Joins are written where they are made.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
