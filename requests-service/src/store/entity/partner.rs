//! Table `partners`.

use super::enums::PartnerStatus;
use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partners")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    pub name: String,
    /// [`PartnerStatus`]; without one it is active.
    #[sea_orm(column_type = "Enum { name: PartnerStatus::name(), variants: Vec::new() }")]
    pub status: Option<String>,
    /// The URL of its logo.
    pub logo_url: Option<String>,
    /// E-mail address.
    pub contact_email: Option<String>,
    /// Telephone number as entered.
    pub contact_phone: Option<String>,
    /// When the row was created.
    pub created_at: Option<Timestamp>,
    /// When the row was last changed.
    pub updated_at: Option<Timestamp>,
    /// A row counts only if this is true.
    pub is_active: Option<bool>,
    /// A row counts only if this is false.
    pub is_deleted: Option<bool>,
}

/// No other table is read through this one.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
