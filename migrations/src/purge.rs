//! The end of audit events that are old enough: the one change of the audit log,
//! under the owner's role, since that of auth-service may only append.

use crate::{bookkeeping, error::MigrateError, migration::AUDIT};
use database::Database;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};
use std::{fmt, str::FromStr, time::Duration};

const TABLE: &str = "ticketing_audit_events";
/// Events in one transaction.
const BATCH: u64 = 1_000;
const DAY: Duration = Duration::from_hours(24);

/// An age in whole days, at least one: `400d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    days: u16,
}

impl FromStr for Age {
    type Err = InvalidAge;

    fn from_str(text: &str) -> Result<Self, InvalidAge> {
        let days = text.strip_suffix('d').ok_or(InvalidAge)?;
        // a number may be spelt with a sign
        let plain = days.bytes().all(|byte| byte.is_ascii_digit());
        match days.parse() {
            Ok(days @ 1..) if plain => Ok(Self { days }),
            _ => Err(InvalidAge),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.days)
    }
}

/// A text that is no [`Age`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of days from 1 to 65535, for example 400d")]
pub struct InvalidAge;

/// Deletes the audit events that are older than an age by the database's clock,
/// oldest first, in batches that are each kept. How many. After an error, what was
/// deleted until then is.
pub async fn purge_audit(database: &Database, older_than: Age) -> Result<u64, MigrateError> {
    let applied = bookkeeping::read(database.connection(), database.dialect()).await?;
    if !applied.holds(AUDIT.name) {
        return Err(MigrateError::NoAuditLog);
    }
    let mut purged = 0;
    loop {
        let batch = Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("id").in_subquery(oldest(database, older_than)))
            .take();
        let deleted = database.connection().execute(&batch).await?.rows_affected();
        purged += deleted;
        if deleted == 0 {
            return Ok(purged);
        }
    }
}

fn oldest(database: &Database, older_than: Age) -> SelectStatement {
    let age = DAY * u32::from(older_than.days);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days() {
        assert_eq!("1d".parse(), Ok(Age { days: 1 }));
        assert_eq!("400d".parse::<Age>().unwrap().to_string(), "400d");
        for wrong in [
            "", "d", "0d", "-1d", "+1d", "1", "1 d", "1.5d", "1h", "1d1d", "65536d", "١d",
        ] {
            assert_eq!(wrong.parse::<Age>(), Err(InvalidAge), "{wrong}");
        }
    }
}
