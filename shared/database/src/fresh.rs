//! What a new connection of PostgreSQL is asked before anything else.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::{PgConnection, Row as _};
use std::{cell::Cell, sync::Arc};

/// A setting of each connection. PostgreSQL takes any name with a dot in it.
pub(super) const MARK: (&str, &str) = ("ticketing.is_direct", "on");

/// A standby, or a primary that was deposed, says of a session what may be outdated.
const READ_ONLY: &str = "the server is read-only";
/// PgBouncer drops what a connection asks for at its start, if it is told to ignore it. The
/// limits on statements and the promise that a commit is on disk go with it. By transactions,
/// statements of several clients also mix.
const NOT_DIRECT: &str = "the settings of the connection did not arrive: connect to PostgreSQL \
                          directly, not through a pooler";

tokio::task_local! {
    /// Why the last connection was refused that this task asked for.
    static REFUSED: Cell<Option<&'static str>>;
}

/// Refuses a connection that must not be used. The question has no name, so that a pooler
/// cannot mix it with another client's.
pub(super) async fn check(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (mark, value) = MARK;
    let question =
        format!("SELECT current_setting('{mark}', true), current_setting('transaction_read_only')");
    let row = sqlx::raw_sql(sqlx::AssertSqlSafe(question))
        .fetch_one(connection)
        .await?;
    let [mark, read_only]: [Option<String>; 2] = [row.try_get(0)?, row.try_get(1)?];
    let refusal = if mark.as_deref() != Some(value) {
        NOT_DIRECT
    } else if read_only.as_deref() != Some("off") {
        READ_ONLY
    } else {
        return Ok(());
    };
    let _ = REFUSED.try_with(|refused| refused.set(Some(refusal)));
    Err(refused(refusal))
}

/// Runs a statement. sqlx tries again after a refusal, and says in the end only that there
/// was no connection in time. This says why.
pub(super) async fn explained<T>(
    statement: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    let statement = async {
        let outcome = statement.await;
        match (REFUSED.with(Cell::get), outcome) {
            (Some(refusal), Err(DbErr::ConnectionAcquire(_))) => {
                let error = RuntimeErr::SqlxError(Arc::new(refused(refusal)));
                Err(DbErr::Conn(error))
            }
            (_, outcome) => outcome,
        }
    };
    REFUSED.scope(Cell::new(None), statement).await
}

fn refused(why: &'static str) -> sqlx::Error {
    sqlx::Error::Configuration(why.into())
}
