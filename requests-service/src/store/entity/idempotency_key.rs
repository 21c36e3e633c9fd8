//! Table `ticketing_idempotency_keys`: calls that may be sent again.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticketing_idempotency_keys")]
pub struct Model {
    /// Whose call.
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

/// Nothing that is read by way of it.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
