//! Whether a database can be used.

use super::{Database, NEWEST_MIGRATION};
use contract::time::{Timestamp, clock_difference};
use sea_orm::{
    ConnectionTrait as _, DbErr,
    sea_query::{Expr, ExprTrait as _, Query},
};

/// The state of a database that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether the migrations that this build needs are applied. Newer ones may be there
    /// as well, so that old and new versions run side by side.
    pub is_migrated: bool,
    /// By how many microseconds the process clock is ahead of the database's; negative if
    /// it is behind.
    pub clock_difference: i64,
}

impl Database {
    /// Reads the state of the database.
    pub async fn condition(&self) -> Result<Condition, DbErr> {
        let migration = Query::select()
            .column("name")
            .from("ticketing_migrations")
            .and_where(Expr::col("name").eq(NEWEST_MIGRATION))
            .take();
        let query = Query::select()
            .expr_as(Expr::exists(migration), "is_migrated")
            .expr_as(self.now(), "now")
            .take();
        let before = self.clock.now();
        let row = self.pool.query_one(&query).await?;
        let after = self.clock.now();
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the condition".to_owned()))?;
        let now: Timestamp = row.try_get("", "now")?;
        Ok(Condition {
            is_migrated: row.try_get("", "is_migrated")?,
            clock_difference: clock_difference(before, now, after),
        })
    }
}
