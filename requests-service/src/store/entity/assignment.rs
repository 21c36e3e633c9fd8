//! Table `request_assignments`: that a partner was given a request, and what it
//! said.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_assignments")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// To `requests`.
    pub request_id: i32,
    /// To `partners`.
    pub partner_id: i32,
    /// To `branches`.
    pub branch_id: i32,
    /// To `users`.
    pub assigned_by_user_id: i32,
    /// When.
    pub assigned_at: Option<Timestamp>,
    /// When the partner answered.
    pub responded_at: Option<Timestamp>,
    /// `assignment_response_enum`.
    #[sea_orm(select_as = "text")]
    pub response: Option<String>,
    /// Why the partner refused.
    pub rejection_reason: Option<String>,
    /// Made.
    pub created_at: Option<Timestamp>,
    /// False once another assignment took its place.
    pub is_active: Option<bool>,
}

/// Joins are written where they are made.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
