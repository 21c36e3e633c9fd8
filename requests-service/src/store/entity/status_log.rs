//! Table `request_status_log`: what happened to a request.

use super::enums::RequestStatus;
use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_status_log")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// To `requests`.
    pub request_id: i32,
    /// [`RequestStatus`].
    #[sea_orm(column_type = "Enum { name: RequestStatus::name(), variants: Vec::new() }")]
    pub status: String,
    /// To `users`.
    pub changed_by_id: i32,
    /// The note.
    pub notes: Option<String>,
    /// When it happened.
    pub timestamp: Option<Timestamp>,
    /// When the row was created.
    pub created_at: Option<Timestamp>,
    /// The user who did so.
    pub created_by_id: Option<i32>,
    /// When the row was last changed.
    pub updated_at: Option<Timestamp>,
    /// The user who did so.
    pub updated_by_id: Option<i32>,
    /// A row counts only if this is true.
    pub is_active: Option<bool>,
    /// A row counts only if this is false.
    pub is_deleted: Option<bool>,
}

/// The tables that a row refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// `request_status_log.request_id`.
    #[sea_orm(
        belongs_to = "super::partner_request::Entity",
        from = "Column::RequestId",
        to = "super::partner_request::Column::Id"
    )]
    Request,
    /// `request_status_log.changed_by_id`.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::ChangedById",
        to = "super::user::Column::Id"
    )]
    ChangedBy,
}

impl ActiveModelBehavior for ActiveModel {}
