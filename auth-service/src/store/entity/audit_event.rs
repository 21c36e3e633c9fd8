//! `ticketing_audit_events`: rows are added, and never changed.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `ticketing_audit_events`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticketing_audit_events")]
#[allow(missing_docs)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub occurred_at: Timestamp,
    pub event: String,
    pub outcome: String,
    pub cause: Option<String>,
    pub actor_user_id: Option<i32>,
    pub subject_user_id: Option<i32>,
    pub session_id: Option<String>,
    pub ip_address: Option<String>,
    pub device_info: Option<String>,
    pub reason: Option<String>,
    pub created_before: Option<Timestamp>,
    pub ended_count: Option<i32>,
}

/// The table refers to no other table.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
