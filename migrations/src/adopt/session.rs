//! A connection of its own for the second step, whose statements cannot run in a
//! transaction, and which has to keep another `migrate` out by itself.

use super::record::TABLE;
use crate::{
    error::{MigrateError, words},
    exclusive::{ADVISORY_LOCK, END_WITH_THE_CLIENT, Patience},
    report::Tell,
};
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait as _, DbErr, RuntimeErr, Statement};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The connection. It holds the lock that keeps other runs of `migrate` out for as
/// long as it is open.
pub(super) struct Session<'a> {
    connection: PgConnection,
    /// The server's process that works for it.
    pid: String,
    /// For a look at the others, while this connection waits for them.
    database: &'a Database,
    tell: Tell<'a>,
}

/// How often the operator is told for whom a statement waits.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// An index may take its time. To wait for its lock is harmless, since nobody who
/// reads or writes rows queues behind it. What a stop leaves of it is rebuilt.
const SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

impl<'a> Session<'a> {
    /// Takes a connection out of the pool, and waits for other runs to end.
    async fn open(database: &'a Database, tell: Tell<'a>) -> Result<Self, MigrateError> {
        let pool = database.connection().get_postgres_connection_pool();
        let connection = pool.acquire().await.map_err(|error| {
            let error = RuntimeErr::SqlxError(Arc::new(error));
            MigrateError::from(DbErr::Conn(error))
        })?;
        let mut session = Self {
            connection: connection.detach(),
            pid: String::new(),
            database,
            tell,
        };
        session.execute(SETTINGS.to_owned()).await?;
        session.execute(END_WITH_THE_CLIENT.to_owned()).await?;
        session.pid = session
            .text("SELECT pg_backend_pid()::text".to_owned())
            .await?;
        let lock = format!("SELECT pg_try_advisory_lock({ADVISORY_LOCK})::text");
        let patience = Patience::begin();
        while session.text(lock.clone()).await? != "true" {
            patience.pause().await?;
        }
        Ok(session)
    }

    /// [`Session::open`], where the first step is done already, so that its failure
    /// is not the end of all.
    pub(super) async fn open_for_step_two(
        database: &'a Database,
        tell: Tell<'a>,
    ) -> Result<Self, MigrateError> {
        Self::open(database, tell)
            .await
            .map_err(|error| error.half_way("the second step could not begin"))
    }

    /// Runs a statement of the second step, and tells meanwhile for whom it waits.
    pub(super) async fn run(&mut self, statement: String, doing: &str) -> Result<(), MigrateError> {
        let (database, tell, pid) = (self.database, self.tell, self.pid.clone());
        let mut work = pin!(self.execute(statement));
        let done = loop {
            if let Ok(done) = timeout(LOOK_EVERY, &mut work).await {
                break done;
            }
            // that nobody can look is no reason to stop
            for line in waits_for(database, &pid).await.unwrap_or_default() {
                tell(&line);
            }
        };
        done.map_err(|error| MigrateError::Interrupted {
            doing: doing.to_owned(),
            words: words(&error),
        })
    }

    /// Runs statements that the step can do without, in one transaction. In the inner
    /// `Err`, what the database says.
    pub(super) async fn attempt(
        &mut self,
        statements: &str,
    ) -> Result<Result<(), String>, MigrateError> {
        match self.execute(statements.to_owned()).await {
            Ok(()) => Ok(Ok(())),
            Err(DbErr::Exec(RuntimeErr::SqlxError(error)))
                if error.as_database_error().is_none() =>
            {
                Err(DbErr::Exec(RuntimeErr::SqlxError(error)).into())
            }
            Err(error) => Ok(Err(words(&error))),
        }
    }

    /// Whether the record is that of a database that is being given back; `None`
    /// where there is none. Between the two steps another run may come, and turn
    /// everything round.
    pub(super) async fn is_leaving(&mut self) -> Result<Option<bool>, MigrateError> {
        let table = format!(
            "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('{TABLE}'))::text"
        );
        if self.text(table).await? != "true" {
            return Ok(None);
        }
        let leaving = format!("SELECT coalesce(bool_or(leaving)::text, 'none') FROM {TABLE}");
        Ok(match self.text(leaving).await?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    /// The one text that a query gives.
    pub(super) async fn text(&mut self, query: String) -> Result<String, MigrateError> {
        sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&mut self.connection)
            .await
            .map_err(|error| failed(error).into())
    }

    /// Ends it, and with it the lock, before the caller goes on.
    pub(super) async fn close(self) -> Result<(), MigrateError> {
        self.connection
            .close()
            .await
            .map_err(|error| failed(error).into())
    }

    async fn execute(&mut self, statement: String) -> Result<(), DbErr> {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(failed)
    }
}

/// For whom a process of the server waits, a line each. A prepared transaction has no
/// process. When a transaction began is hidden from roles that may not see the other's.
async fn waits_for(database: &Database, pid: &str) -> Result<Vec<String>, DbErr> {
    let query = format!(
        "SELECT 'waits    for ' || CASE blocker WHEN 0 THEN 'a prepared transaction (pg_prepared_xacts)' ELSE
             format('the transaction of process %s (application %s, user %s), open since %s',
                 blocker, coalesce(nullif(application_name, ''), 'unknown'), coalesce(usename, 'unknown'),
                 coalesce(to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), 'an unknown time'))
             END AS line
         FROM unnest(pg_blocking_pids({pid})) AS blocker LEFT JOIN pg_stat_activity a ON a.pid = blocker
         ORDER BY xact_start"
    );
    let rows = database
        .connection()
        .query_all_raw(Statement::from_string(Dialect::Postgres.backend(), query))
        .await?;
    rows.iter().map(|row| row.try_get("", "line")).collect()
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}
