//! Table `partner_categories`: who works in what.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partner_categories")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// To `partners`.
    pub partner_id: i32,
    /// To `categories`.
    pub category_id: i32,
    /// Live only if true.
    pub is_active: Option<bool>,
    /// Live only if false.
    pub is_deleted: Option<bool>,
}

/// Joins are written where they are made.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
