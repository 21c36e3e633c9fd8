//! Table `request_status_log`: what happened to a request.

use super::enums::RequestStatus;
use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_status_log")]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub request_id: i32,
    /// [`RequestStatus`].
    #[sea_orm(column_type = "Enum { name: RequestStatus::name(), variants: Vec::new() }")]
    pub status: String,
    pub changed_by_id: i32,
    pub notes: Option<String>,
    pub timestamp: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub created_by_id: Option<i32>,
    pub updated_at: Option<Timestamp>,
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
