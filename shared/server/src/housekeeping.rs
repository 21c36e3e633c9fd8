//! Housekeeping: once a minute, a service deletes rows that nobody needs any more, in batches.
//! Whichever replica comes first does it.

use crate::serve::MetricsRegistry;
use contract::errors::chain;
use database::{Database, PurgeError, Retention};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};
use std::time::Duration;
use tokio::time::Instant;

/// The time from one round to the next. Up to a tenth is added at random, so that replicas that
/// started together drift apart.
pub const EVERY: Duration = Duration::from_mins(1);
/// The largest number of rows in one transaction.
pub const BATCH: u32 = 500;
/// The largest number of batches of one table in one round.
pub const MOST_BATCHES: u32 = 20;

/// Purges the tables of one service.
#[derive(Clone, Debug)]
pub struct Housekeeper {
    database: Database,
    retentions: Vec<Retention>,
    purged: Family<Table, Counter>,
    past_retention: Family<Table, Gauge>,
}

/// Other regular work of a service in the background.
pub trait Chore: Send + Sync {
    /// Returns when there is work that must not wait for the next round.
    fn woken(&self) -> impl Future<Output = ()> + Send;

    /// Does the work that is due. An error is logged, and the work is tried again in the next
    /// round.
    fn round(&self) -> impl Future<Output = ()> + Send;
}

/// No other work.
struct NoChore;

impl Chore for NoChore {
    async fn woken(&self) {
        std::future::pending::<()>().await;
    }

    async fn round(&self) {}
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Table {
    table: &'static str,
}

impl Housekeeper {
    /// Purges these tables. The metrics are in the registry.
    #[must_use]
    pub fn new(
        database: Database,
        retentions: Vec<Retention>,
        registry: &mut MetricsRegistry,
    ) -> Self {
        let (purged, past_retention) = (Family::default(), Family::default());
        for Retention { table, .. } in &retentions {
            let _at_zero: (_, _) = (
                Family::<Table, Counter>::get_or_create(&purged, &Table { table }),
                Family::<Table, Gauge>::get_or_create(&past_retention, &Table { table }),
            );
        }
        registry.register(
            "rows_purged",
            "Rows that were deleted after their retention, by table",
            purged.clone(),
        );
        registry.register(
            "rows_past_retention_seconds",
            "Age of the oldest row past its retention, counted from the end of that; 0 if there is none",
            past_retention.clone(),
        );
        Self {
            database,
            retentions,
            purged,
            past_retention,
        }
    }

    /// Runs a round at this interval.
    pub async fn run(self, every: Duration) {
        self.run_with(NoChore, every).await;
    }

    /// The same, with a chore in each round. The chore also runs soon after the start, and whenever
    /// it is woken.
    pub async fn run_with(self, chore: impl Chore, every: Duration) {
        let after = |time: Duration| Instant::now() + time.mul_f64(1.0 + fastrand::f64() / 10.0);
        let mut next = after(every);
        let soon = tokio::time::sleep_until(after(every / 10));
        tokio::pin!(soon);
        loop {
            tokio::select! {
                () = &mut soon, if !soon.is_elapsed() => {}
                () = chore.woken() => {}
                () = tokio::time::sleep_until(next) => {
                    self.round().await;
                    next = after(every);
                }
            }
            chore.round().await;
        }
    }

    /// Runs one round: purges each table within bounds, unless another replica is doing so, and
    /// then measures what is left. An error is logged, and the next round tries again.
    pub async fn round(&self) {
        for retention in &self.retentions {
            let Retention { table, .. } = retention;
            if let Err(error) = self.purge(retention).await {
                tracing::warn!(table, cause = chain(&error), "not purged");
            }
            match self.database.past_retention(retention).await {
                Ok(past_retention) => {
                    let seconds = i64::try_from(past_retention.as_secs()).unwrap_or(i64::MAX);
                    self.past_retention
                        .get_or_create(&Table { table })
                        .set(seconds);
                }
                Err(error) => tracing::warn!(table, cause = chain(&error), "not measured"),
            }
        }
    }

    async fn purge(&self, retention: &Retention) -> Result<(), PurgeError> {
        let Retention { table, .. } = retention;
        for _ in 0..MOST_BATCHES {
            let Some(rows) = self.database.purge(retention, BATCH).await? else {
                tracing::debug!(table, "another replica is purging this table");
                break;
            };
            self.purged.get_or_create(&Table { table }).inc_by(rows);
            if rows > 0 {
                tracing::info!(table, rows, "purged");
            }
            if rows < u64::from(BATCH) {
                break;
            }
        }
        Ok(())
    }
}
