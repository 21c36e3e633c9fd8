//! One connection of PostgreSQL that is kept for a frequent statement.
//!
//! A pool asks the server after each use whether the connection is still alive, which costs as much
//! as a small statement.

use super::{
    Database, clean,
    fault::is_lost,
    pool::{Effect, answered},
};
use sea_orm::{DbErr, QueryResult, RuntimeErr};
use sqlx::{Connection as _, PgConnection, Postgres, postgres::PgArguments, query::Query};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// Binds the values of a statement.
pub type KeptQuery = Query<'static, Postgres, PgArguments>;

/// A connection that is made when it is first needed. It is replaced if it is lost, if a caller
/// gives up its statement, and when it reaches the maximum age of a pool's connection.
pub struct KeptConnection {
    database: Database,
    /// Taken out while a statement runs, and put back when the statement is answered. So nobody
    /// reads the answer to a statement that was given up.
    idle: Mutex<Option<Idle>>,
}

struct Idle {
    connection: PgConnection,
    made_at: Instant,
    used_at: Instant,
}

impl KeptConnection {
    /// Keeps a connection of this database, which must be PostgreSQL. The connection has the
    /// settings of the pool.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            idle: Mutex::default(),
        }
    }

    /// Runs a statement that only reads. If its connection is lost, the statement is sent once
    /// more, on another one.
    pub async fn query_all(
        &self,
        text: &'static str,
        bind: impl Fn(KeptQuery) -> KeptQuery + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let begun = Instant::now();
        let attempt = |_check_first| self.query_once(bind(sqlx::query(text)));
        let rows = answered(Effect::Reads, attempt).await;
        if let Some(observed) = &self.database.observed {
            observed.statement(begun.elapsed(), rows.is_err());
        }
        rows
    }

    async fn query_once(&self, query: KeptQuery) -> Result<Vec<QueryResult>, DbErr> {
        let mut idle = self.take().await?;
        let rows = query.fetch_all(&mut idle.connection).await;
        let rows = rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))));
        if rows.as_ref().map_or_else(is_refusal, |_| true) {
            idle.used_at = Instant::now();
            *self.idle() = Some(idle);
        }
        let rows = rows?.into_iter();
        Ok(rows.map(QueryResult::from).collect())
    }

    /// Takes the connection, or makes one. A connection that was idle for a while is checked first.
    async fn take(&self) -> Result<Idle, DbErr> {
        let limits = &self.database.limits;
        let idle = self.idle().take();
        if let Some(mut idle) = idle {
            if idle.made_at.elapsed() >= limits.max_lifetime {
                let _ = clean::answers(clean::SILENCE, idle.connection.close()).await;
            } else if idle.used_at.elapsed() < limits.check_after
                || clean::may_be_used(&mut idle.connection)
                    .await
                    .is_ok_and(|may| may)
            {
                return Ok(idle);
            }
        }
        let connection = self.database.pool.connection_to_keep().await?;
        let now = Instant::now();
        Ok(Idle {
            connection,
            made_at: now,
            used_at: now,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Option<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the database refused a statement, and the connection can still be used.
fn is_refusal(error: &DbErr) -> bool {
    let DbErr::Query(RuntimeErr::SqlxError(cause)) = error else {
        return false;
    };
    cause.as_database_error().is_some() && !is_lost(error)
}

impl fmt::Debug for KeptConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptConnection").finish_non_exhaustive()
    }
}
