//! Table `branches`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "branches")]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub partner_id: i32,
    pub name: String,
    /// Degrees north; `numeric(10,8)`.
    #[sea_orm(select_as = "double precision")]
    pub lat: f64,
    /// Degrees east; `numeric(11,8)`.
    #[sea_orm(select_as = "double precision")]
    pub lng: f64,
    pub contact_name: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    /// How far from it a customer may be, in kilometres; `numeric(5,2)`.
    #[sea_orm(select_as = "double precision")]
    pub radius_km: Option<f64>,
    /// A row counts only if this is true.
    pub is_active: Option<bool>,
    /// A row counts only if this is false.
    pub is_deleted: Option<bool>,
}

/// The tables that a row refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// `branches.partner_id`.
    #[sea_orm(
        belongs_to = "super::partner::Entity",
        from = "Column::PartnerId",
        to = "super::partner::Column::Id"
    )]
    Partner,
}

impl ActiveModelBehavior for ActiveModel {}
