//! Table `partners`.

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
    /// `partner_status_enum`; without one it is active.
    #[sea_orm(select_as = "text")]
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

/// Joins are written where they are made.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
