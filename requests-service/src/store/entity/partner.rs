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
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// E-mail address.
    pub contact_email: Option<String>,
    /// Telephone number as given.
    pub contact_phone: Option<String>,
    /// Made.
    pub created_at: Option<Timestamp>,
    /// Last changed.
    pub updated_at: Option<Timestamp>,
    /// Live only if true.
    pub is_active: Option<bool>,
    /// Live only if false.
    pub is_deleted: Option<bool>,
}

/// Nothing that is read by way of it.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
