//! Deletes old audit events. This is the only change of the audit log. It needs the owner's role,
//! because that of auth-service may only add events.

use database::Database;
use schema::{bookkeeping, error::MigrateError, migration::AUDIT};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};
use std::{num::NonZeroU16, time::Duration};

const TABLE: &str = "ticketing_audit_events";
/// The number of events in one transaction.
const BATCH: u64 = 1_000;
const DAY: Duration = Duration::from_hours(24);

/// Deletes the audit events that are older than this number of days by the database's clock, oldest
/// first. Returns their number. Each batch is committed, so after an error, what was deleted stays
/// deleted.
pub async fn purge_audit(database: &Database, days: NonZeroU16) -> Result<u64, MigrateError> {
    let applied = bookkeeping::read(database.connection(), database.dialect()).await?;
    if !applied.holds(AUDIT.name) {
        return Err(MigrateError::NoAuditLog);
    }
    let mut purged = 0;
    loop {
        let batch = Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("id").in_subquery(oldest(database, days)))
            .take();
        let deleted = database.connection().execute(&batch).await?.rows_affected();
        purged += deleted;
        if deleted == 0 {
            return Ok(purged);
        }
    }
}

fn oldest(database: &Database, days: NonZeroU16) -> SelectStatement {
    let age = DAY * u32::from(days.get());
    let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    let then = database.offset_micros().saturating_sub(age);
    Query::select()
        .column("id")
        .from(TABLE)
        .and_where(Expr::col("occurred_at").lt(database.dialect().now(then)))
        .order_by("occurred_at", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(BATCH)
        .take()
}
