//! Table `ticketing_throttles`: attempts that are counted against guessing.

use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticketing_throttles")]
pub struct Model {
    /// A digest of what is counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Attempts that count.
    pub attempts: i32,
    /// When the last of them was made.
    pub last_attempt_at: Timestamp,
    /// From when on they count no more.
    pub forgotten_at: Timestamp,
}

/// Joins are written where they are made.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
