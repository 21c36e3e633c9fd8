//! Metrics of a pool: how long its statements take, how many of its connections are in use, and how
//! long callers wait for one.

use super::{Database, Dialect};
use prometheus_client::registry::Registry;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use sea_orm::{DatabaseConnection, metric::Info};
use std::time::Duration;
use tokio::time::Instant;

/// Upper bounds of the histograms, in seconds.
const SECONDS: [f64; 12] = [
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// The metrics of all pools of one service.
#[derive(Clone, Debug)]
pub struct PoolMetrics {
    statements: Family<Pool, Histogram>,
    failed: Family<Pool, Counter>,
    connections: Family<PoolConnections, Gauge>,
    wait: Family<Pool, Histogram>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolConnections {
    pool: &'static str,
    state: &'static str,
}

impl PoolMetrics {
    /// Registers them. The series of a pool appear once its [`Database`] is observed.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let histograms =
            || Family::<Pool, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let metrics = Self {
            statements: histograms(),
            failed: Family::default(),
            connections: Family::default(),
            wait: histograms(),
        };
        registry.register(
            "database_statement_duration_seconds",
            "Duration of statements, with the wait for a connection where there is no transaction",
            metrics.statements.clone(),
        );
        registry.register(
            "database_statements_failed",
            "Statements that the database refused or did not answer",
            metrics.failed.clone(),
        );
        registry.register(
            "database_pool_connections",
            "Connections of a pool, looked at once a second",
            metrics.connections.clone(),
        );
        registry.register(
            "database_pool_wait_seconds",
            "How long a connection of a pool was waited for, tried once a second",
            metrics.wait.clone(),
        );
        metrics
    }

    /// The metrics of one pool. Its statements are counted from now on.
    pub(super) fn observe(
        &self,
        connection: &mut DatabaseConnection,
        pool: &'static str,
    ) -> ObservedPool {
        let pool = Pool { pool };
        let statements = self.statements.get_or_create_owned(&pool);
        let failed = self.failed.get_or_create_owned(&pool);
        let of_pool = Statements { statements, failed };
        let of_kept = of_pool.clone();
        connection.set_metric_callback(move |info: &Info<'_>| {
            of_pool.observe(info.elapsed, info.failed);
        });
        let connections = |state| {
            let Pool { pool } = pool;
            self.connections
                .get_or_create_owned(&PoolConnections { pool, state })
        };
        ObservedPool {
            statements: of_kept,
            in_use: connections("in_use"),
            idle: connections("idle"),
            wait: self.wait.get_or_create_owned(&pool),
        }
    }
}

/// The metrics of one pool.
#[derive(Clone, Debug)]
pub(super) struct ObservedPool {
    statements: Statements,
    in_use: Gauge,
    idle: Gauge,
    wait: Histogram,
}

/// The metrics of statements.
#[derive(Clone, Debug)]
struct Statements {
    statements: Histogram,
    failed: Counter,
}

impl Statements {
    fn observe(&self, time: Duration, failed: bool) {
        self.statements.observe(time.as_secs_f64());
        if failed {
            self.failed.inc();
        }
    }
}

impl ObservedPool {
    /// Counts a statement that does not go through the pool.
    pub(super) fn statement(&self, time: Duration, failed: bool) {
        self.statements.observe(time, failed);
    }
}

impl Database {
    /// Measures the pool, and waits for a connection as a call would. Does nothing if the pool is
    /// not observed.
    pub async fn look_at_pool(&self) {
        let Some(observed) = &self.observed else {
            return;
        };
        let (size, idle) = match self.dialect {
            Dialect::Postgres => {
                let pool = self.pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
            Dialect::Sqlite => {
                let pool = self.pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        observed.in_use.set(i64::from(size).saturating_sub(idle));
        observed.idle.set(idle);
        observed.wait.observe(self.wait().await.as_secs_f64());
    }

    /// A wait that ends without a connection counts, too.
    async fn wait(&self) -> Duration {
        let since = Instant::now();
        match self.dialect {
            Dialect::Postgres => {
                let pool = self.pool.get_postgres_connection_pool();
                let acquire = || Box::pin(async { drop(pool.acquire().await) });
                let (refusals, has_idle) = (&self.pool.refusals, self.pool.has_idle());
                let _ = refusals.run(has_idle, acquire).await;
            }
            Dialect::Sqlite => drop(self.pool.get_sqlite_connection_pool().acquire().await),
        }
        since.elapsed()
    }
}
