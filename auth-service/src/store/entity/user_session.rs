//! `user_sessions`. A row is a session of this service if `generation` is not NULL. In the old
//! application's rows it is NULL.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `user_sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_sessions")]
#[allow(missing_docs)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub user_id: i32,
    pub session_id: String,
    pub expires_at: Timestamp,
    pub device_info: Option<String>,
    pub ip_address: Option<String>,
    pub created_at: Option<Timestamp>,
    pub is_active: Option<bool>,
    pub generation: Option<i32>,
    pub rotated_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
    pub absolute_expires_at: Option<Timestamp>,
    pub password_digest: Option<String>,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<String>,
}

/// The tables that a row refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// `user_sessions.user_id`.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id"
    )]
    User,
}

impl ActiveModelBehavior for ActiveModel {}
