//! A connection of its own for the second step, whose statements cannot run in a
//! transaction, and which has to keep another `migrate` out by itself.

use super::record::TABLE;
use crate::{
    error::{MigrateError, words},
    exclusive::{ADVISORY_LOCK, END_WITH_THE_CLIENT, Patience},
};
use sea_orm::{DbErr, RuntimeErr};
use shared::database::Database;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::Arc;

/// The connection. It holds the lock that keeps other runs of `migrate` out for as
/// long as it is open.
pub(super) struct Session(PgConnection);

/// An index may take its time. To wait for its lock is harmless, since nobody who
/// reads or writes rows queues behind it. What a stop leaves of it is rebuilt.
const SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

impl Session {
    /// Takes a connection out of the pool, and waits for other runs to end.
    async fn open(database: &Database) -> Result<Self, MigrateError> {
        let pool = database.connection().get_postgres_connection_pool();
        let connection = pool.acquire().await.map_err(|error| {
            let error = RuntimeErr::SqlxError(Arc::new(error));
            MigrateError::from(DbErr::Conn(error))
        })?;
        let mut session = Self(connection.detach());
        session.execute(SETTINGS.to_owned()).await?;
        session.execute(END_WITH_THE_CLIENT.to_owned()).await?;
        let lock = format!("SELECT pg_try_advisory_lock({ADVISORY_LOCK})::text");
        let patience = Patience::begin();
        while session.text(lock.clone()).await? != "true" {
            patience.pause().await?;
        }
        Ok(session)
    }

    /// [`Session::open`], where the first step is done already, so that its failure
    /// is not the end of all.
    pub(super) async fn open_for_step_two(database: &Database) -> Result<Self, MigrateError> {
        Self::open(database)
            .await
            .map_err(|error| error.half_way("the second step could not begin"))
    }

    /// Runs a statement of the second step.
    pub(super) async fn run(&mut self, statement: String, doing: &str) -> Result<(), MigrateError> {
        self.execute(statement)
            .await
            .map_err(|error| MigrateError::Interrupted {
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
            .fetch_one(&mut self.0)
            .await
            .map_err(|error| failed(error).into())
    }

    /// Ends it, and with it the lock, before the caller goes on.
    pub(super) async fn close(self) -> Result<(), MigrateError> {
        self.0.close().await.map_err(|error| failed(error).into())
    }

    async fn execute(&mut self, statement: String) -> Result<(), DbErr> {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut self.0)
            .await
            .map(drop)
            .map_err(failed)
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}
