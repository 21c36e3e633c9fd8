//! `customers`.

use sea_orm::entity::prelude::*;

/// The columns of `customers` that a registration writes.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
#[allow(missing_docs)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub user_id: i32,
    pub phone: String,
    pub preferred_language: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
