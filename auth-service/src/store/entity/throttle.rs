//! Table `ticketing_throttles`: counts of attempts, against guessing.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticketing_throttles")]
pub struct Model {
    /// A digest of the key under which attempts are counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The number of attempts that count.
    pub attempts: i32,
    /// When the last of them was made.
    pub last_attempt_at: Timestamp,
    /// When they no longer count.
    pub forgotten_at: Timestamp,
}

/// Queries write their joins themselves.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
