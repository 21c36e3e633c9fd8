//! Connections, and the limits of every pool.

use super::{
    DatabaseUrl, Dialect, Pool, PoolMetrics, clean,
    fresh::{self, Refusals},
    metrics::ObservedPool,
};
use contract::{
    config::within,
    deadline,
    time::{Clock, Timestamp},
};
use sea_orm::{ConnectOptions, DbErr, sea_query::Expr};
use sqlx::{
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, str::FromStr, time::Duration};

/// Name of the newest migration that this build needs, in `ticketing_migrations`. If the last
/// migration of the crate `migrations` has another name, that crate does not compile.
pub const NEWEST_MIGRATION: &str = "0006_folded_search";

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the database: {0}")]
pub struct ConnectError(#[from] DbErr);

/// How many connections a pool has, and how long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// The largest number of connections.
    pub connections: u32,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run (PostgreSQL).
    pub statement_timeout: Duration,
    /// How long one statement may wait for a row or a table that another transaction has locked
    /// (PostgreSQL). Shorter than `statement`, because a waiting statement keeps its connection
    /// from other callers.
    pub lock_timeout: Duration,
    /// How long a transaction may pause between two of its statements (PostgreSQL).
    pub idle_in_transaction_timeout: Duration,
    /// A connection that was idle for this long is checked before it is used (PostgreSQL).
    pub check_after: Duration,
    /// A connection of this age is replaced, so that the pool follows a fail-over.
    pub max_lifetime: Duration,
    /// Whether PostgreSQL plans each statement once, whatever its values are. For pools with few
    /// statements whose arrays vary in length.
    pub generic_plans: bool,
    /// Whether PostgreSQL joins row by row, with the index on the joined key. For pools whose
    /// statements read a few rows by their keys. PostgreSQL would otherwise read all rows of a small
    /// table into a hash each time, which takes several times as long.
    pub joins_by_index: bool,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            connections: 8,
            acquire_timeout: deadline::POOLED_CONNECTION,
            statement_timeout: deadline::STATEMENT,
            lock_timeout: deadline::LOCK,
            idle_in_transaction_timeout: Duration::from_secs(30),
            check_after: Duration::from_secs(1),
            max_lifetime: Duration::from_mins(10),
            generic_plans: false,
            joins_by_index: false,
        }
    }
}

impl PoolLimits {
    /// The default limits, with the number of connections from a text: 1 to 1,000.
    pub fn of_connections(text: &str) -> Result<Self, String> {
        Ok(Self {
            connections: within(1..=1_000)(text)?,
            ..Self::default()
        })
    }
}

/// A pool, its dialect, and the clock that its statements add to the database's.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) pool: Pool,
    pub(super) dialect: Dialect,
    pub(super) limits: PoolLimits,
    pub(super) observed: Option<ObservedPool>,
    pub(super) clock: Clock,
}

impl Database {
    /// Prepares a pool. No connection is made yet. So a service starts while its database is down,
    /// and reports it by its readiness.
    pub async fn open(
        url: &DatabaseUrl,
        limits: PoolLimits,
        clock: Clock,
    ) -> Result<Self, ConnectError> {
        for parameter in url.ignored() {
            tracing::warn!(
                parameter,
                "the database URL has a parameter that is not supported"
            );
        }
        let mut options = ConnectOptions::new(url.for_driver());
        options
            .connect_lazy(true)
            .max_connections(limits.connections)
            .acquire_timeout(limits.acquire_timeout)
            .max_lifetime(limits.max_lifetime)
            // otherwise sqlx would log statements at INFO and keep them in spans; and a ping before
            // each use would cost as much as a query
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .test_before_acquire(false);
        let refusals = Refusals::new(limits.acquire_timeout);
        match url.dialect() {
            Dialect::Postgres => {
                let refusals = refusals.clone();
                options
                    .map_sqlx_postgres_opts(move |postgres| postgres_options(postgres, limits))
                    .map_sqlx_postgres_pool_opts(move |pool| {
                        clean::postgres(pool, limits, refusals.clone())
                    });
            }
            Dialect::Sqlite => {
                make_private(url);
                options
                    .map_sqlx_sqlite_opts(move |sqlite| sqlite_options(sqlite, limits))
                    .map_sqlx_sqlite_pool_opts(clean::sqlite);
            }
        }
        let pool = Pool {
            connections: sea_orm::Database::connect(options).await?,
            refusals,
        };
        Ok(Self {
            pool,
            dialect: url.dialect(),
            limits,
            observed: None,
            clock,
        })
    }

    /// The same database, whose pool has this name in the metrics.
    #[must_use]
    pub fn observed(mut self, metrics: &PoolMetrics, pool: &'static str) -> Self {
        self.observed = Some(metrics.observe(&mut self.pool.connections, pool));
        self
    }

    /// The pool, for statements outside of a transaction.
    #[must_use]
    pub fn connection(&self) -> &Pool {
        &self.pool
    }

    /// Which database this is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The database's time now, as an expression.
    #[must_use]
    pub fn now(&self) -> Expr {
        self.dialect.now(self.clock.offset_micros())
    }

    /// Microseconds that a hand-written statement adds to the database's clock.
    #[must_use]
    pub fn offset_micros(&self) -> i64 {
        self.clock.offset_micros()
    }

    /// A point in time, as a bound value.
    #[must_use]
    pub fn time(&self, time: Timestamp) -> Expr {
        self.dialect.time(time)
    }
}

fn postgres_options(options: PgConnectOptions, limits: PoolLimits) -> PgConnectOptions {
    let (mark, value) = fresh::MARK;
    let options = options.application_name("ticketing").options([
        (mark, value.to_owned()),
        // so that an acknowledged revocation survives a crash
        ("synchronous_commit", "on".to_owned()),
        (
            "statement_timeout",
            limits.statement_timeout.as_millis().to_string(),
        ),
        ("lock_timeout", limits.lock_timeout.as_millis().to_string()),
        (
            "idle_in_transaction_session_timeout",
            limits.idle_in_transaction_timeout.as_millis().to_string(),
        ),
    ]);
    let options = if limits.generic_plans {
        options.options([("plan_cache_mode", "force_generic_plan")])
    } else {
        options
    };
    if limits.joins_by_index {
        options.options([("enable_hashjoin", "off"), ("enable_mergejoin", "off")])
    } else {
        options
    }
}

/// Creates the file of a new SQLite database with access for its owner only, because it contains
/// password hashes. If the file cannot be created, SQLite cannot create it either, and reports why.
fn make_private(url: &DatabaseUrl) {
    if let Ok(options) = SqliteConnectOptions::from_str(url.expose())
        && url.expose().contains("mode=rwc")
    {
        let mut open = OpenOptions::new();
        let _ = open
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(options.get_filename());
    }
}

fn sqlite_options(options: SqliteConnectOptions, limits: PoolLimits) -> SqliteConnectOptions {
    options
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // with WAL, FULL is what survives a power cut
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(limits.acquire_timeout)
}
