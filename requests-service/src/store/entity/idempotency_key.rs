//! Table `ticketing_idempotency_keys`: calls that can be repeated safely.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticketing_idempotency_keys")]
pub struct Model {
    /// The user who made the call.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i32,
    /// The key that the caller chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Digest of the RPC and its message.
    pub call: Vec<u8>,
    /// The response; NULL only within the call's transaction.
    pub answer: Option<Vec<u8>>,
    /// When the call was made.
    pub created_at: Timestamp,
}

/// No other table is read through this one.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
