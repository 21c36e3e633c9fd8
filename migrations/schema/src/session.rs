//! A connection for the second step. The statements of that step cannot run in a transaction, and
//! the connection itself keeps other runs of `migrate` out.

use crate::{
    database_error::{code, words},
    error::MigrateError,
    exclusive::{ADVISORY_LOCK, END_WITH_THE_CLIENT, Patience},
    query,
    report::Tell,
};
use database::Database;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgRow};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The connection. While it is open, it holds the lock that keeps other runs of `migrate` out.
pub struct Session<'a> {
    connection: PgConnection,
    server: Server<'a>,
}

/// The server's process of a session, observed over other connections.
#[derive(Clone, Copy)]
struct Server<'a> {
    /// The id of the process; 0 while it is unknown.
    pid: i32,
    database: &'a Database,
    tell: Tell<'a>,
}

/// How often the process is checked while it works.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Building an index may take long. Waiting for its lock is harmless, because readers and writers
/// do not queue behind it. What an interrupted build leaves is rebuilt.
const SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

impl<'a> Session<'a> {
    /// Takes a connection out of the pool, and waits for other runs to end. The first step is
    /// already done, so if this fails, its result stays.
    pub async fn open(database: &'a Database, tell: Tell<'a>) -> Result<Self, MigrateError> {
        let open = Self::connect(database, tell).await;
        open.map_err(|error| error.half_way("the second step could not begin"))
    }

    async fn connect(database: &'a Database, tell: Tell<'a>) -> Result<Self, MigrateError> {
        let mut session = Self {
            connection: database.connection().connection_to_keep().await?,
            server: Server {
                pid: 0,
                database,
                tell,
            },
        };
        session.execute(SETTINGS.to_owned()).await?;
        session.execute(END_WITH_THE_CLIENT.to_owned()).await?;
        session.server.pid = session.scalar("SELECT pg_backend_pid()".to_owned()).await?;
        let lock = format!("SELECT pg_try_advisory_lock({ADVISORY_LOCK})");
        let patience = Patience::begin();
        while !session.scalar::<bool>(lock.clone()).await? {
            patience.pause().await?;
        }
        Ok(session)
    }

    /// Runs a statement of the second step.
    pub async fn run(&mut self, statement: String, doing: &str) -> Result<(), MigrateError> {
        let done = self.execute(statement).await;
        done.map_err(|error| MigrateError::from(error).half_way(doing))
    }

    /// Runs optional statements in one transaction. The inner `Err` is the database's message.
    pub async fn attempt(&mut self, statements: &str) -> Result<Result<(), String>, MigrateError> {
        match self.execute(statements.to_owned()).await {
            Ok(()) => Ok(Ok(())),
            Err(error) if code(&error).is_some() => Ok(Err(words(&error))),
            Err(error) => Err(MigrateError::from(error).half_way(STOPPED)),
        }
    }

    /// Closes it, and so releases the lock, before the caller continues.
    pub async fn close(self) -> Result<(), MigrateError> {
        let close = async { self.connection.close().await.map_err(failed) };
        let closed = self.server.watch(close).await;
        closed.map_err(|error| MigrateError::from(error).half_way(STOPPED))
    }

    async fn execute(&mut self, statement: String) -> Result<(), DbErr> {
        let execute = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.connection);
        let execute = async { execute.await.map(drop).map_err(failed) };
        self.server.watch(execute).await
    }

    async fn scalar<T>(&mut self, query: String) -> Result<T, DbErr>
    where
        (T,): for<'r> sqlx::FromRow<'r, PgRow>,
        T: Send + Unpin,
    {
        let fetch = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut self.connection);
        let fetch = async { fetch.await.map_err(failed) };
        self.server.watch(fetch).await
    }
}

/// The message if nothing more precise is known.
const STOPPED: &str = "the second step stopped";

/// A connection may die without notice to either side. Statements have no time limit, so without
/// this check, `migrate` would wait for ever.
const LOST: &str = "the connection is dead (the server does not work for it any more, and no answer \
                    has arrived)";

impl Server<'_> {
    /// Waits for an answer of the server, and reports meanwhile what the server waits for. Fails if
    /// the process no longer works. The process may just have finished, so it is checked twice.
    async fn watch<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let mut answer = pin!(answer);
        let mut looks_at_no_work = 0;
        loop {
            if let Ok(answer) = timeout(LOOK_EVERY, &mut answer).await {
                return answer;
            }
            // a failed check is no reason to stop
            let Ok(Ok(is_at_work)) = timeout(LOOK_EVERY, self.look()).await else {
                continue;
            };
            looks_at_no_work = if is_at_work { 0 } else { looks_at_no_work + 1 };
            if looks_at_no_work == 2 {
                let _ended = timeout(LOOK_EVERY, self.give_up_the_lock()).await;
                return Err(DbErr::Conn(RuntimeErr::Internal(LOST.to_owned())));
            }
        }
    }

    /// Ends the session's process, if it still holds the lock. Otherwise the next run would have to
    /// wait while the process waits for this client.
    async fn give_up_the_lock(&self) -> Result<(), DbErr> {
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_locks
             WHERE pid = {} AND locktype = 'advisory' AND classid = {} AND objid = {} AND granted",
            self.pid,
            ADVISORY_LOCK >> 32,
            ADVISORY_LOCK & 0xffff_ffff
        );
        query::rows::<bool>(self.database.connection(), &end, [])
            .await
            .map(drop)
    }

    /// Whether the session's process is working. Reports what it waits for, one line each.
    async fn look(&self) -> Result<bool, DbErr> {
        let Self { pid, tell, .. } = self;
        let on = self.database.connection();
        for line in query::rows::<String>(on, &waits_for(*pid), []).await? {
            tell(&line);
        }
        // without the tracking of states, this is 'disabled'
        let at_work = format!(
            "SELECT EXISTS (
                 SELECT FROM pg_stat_activity
                 WHERE pid = {pid} AND state IN ('active', 'fastpath function call', 'disabled')
             )"
        );
        query::row(on, &at_work).await
    }
}

/// What a process of the server waits for, one line each. A prepared transaction has no process.
/// The start of a transaction is hidden from roles that may not see it.
fn waits_for(pid: i32) -> String {
    format!(
        "SELECT 'waits    for ' || CASE blocker WHEN 0 THEN 'a prepared transaction (pg_prepared_xacts)' ELSE
             format('the transaction of process %s (application %s, user %s), open since %s',
                 blocker, coalesce(nullif(application_name, ''), 'unknown'), coalesce(usename, 'unknown'),
                 coalesce(to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), 'an unknown time'))
             END
         FROM unnest(pg_blocking_pids({pid})) AS blocker LEFT JOIN pg_stat_activity a ON a.pid = blocker
         ORDER BY xact_start"
    )
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}
