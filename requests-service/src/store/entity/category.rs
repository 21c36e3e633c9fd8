//! Table `categories`.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "categories")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// English name.
    pub name: String,
    /// Arabic name.
    pub name_ar: Option<String>,
    /// Live only if true.
    pub is_active: Option<bool>,
    /// Live only if false.
    pub is_deleted: Option<bool>,
}

/// Nothing that is read by way of it.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
