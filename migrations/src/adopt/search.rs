//! What search by index needs besides: the extension, its index where that came
//! late, and statistics. Each statement is one of step two ([`super`]).

use super::{indexes, session::Session};
use crate::{
    bookkeeping,
    error::MigrateError,
    migration::MIGRATIONS,
    report::Tell,
    trigrams::{self, CREATE, DROP, IS_OURS, SCHEMA},
};
use sea_orm::ConnectionTrait;
use shared::database::{Database, Dialect};

/// The schema of the extension, which is made if it is not there. Without one, the
/// operator is told, and all else goes on.
pub(super) async fn extension(
    session: &mut Session,
    tell: Tell<'_>,
) -> Result<Option<String>, MigrateError> {
    let mut schema = session.text(SCHEMA.to_owned()).await?;
    if schema.is_empty() {
        match session.attempt(CREATE).await? {
            Ok(()) => schema = session.text(SCHEMA.to_owned()).await?,
            Err(reason) => tell(&trigrams::lacks(&reason)),
        }
    }
    Ok(Some(schema).filter(|schema| !schema.is_empty()))
}

/// Drops the extension if `up` made it, and nothing else depends on it.
pub(super) async fn drop_extension(
    session: &mut Session,
    tell: Tell<'_>,
) -> Result<(), MigrateError> {
    if session.text(IS_OURS.to_owned()).await? == "true" {
        match session.attempt(DROP).await? {
            Ok(()) => tell("done     the extension pg_trgm is dropped"),
            Err(reason) => tell(&trigrams::stays(&reason)),
        }
    }
    Ok(())
}

/// An expression has no statistics before its index is there, and without them the
/// database takes each search for one that finds much. It reads a sample of the rows.
pub(super) async fn gather_statistics(session: &mut Session) -> Result<(), MigrateError> {
    session
        .run(
            "ANALYZE requests".to_owned(),
            "statistics of requests could not be gathered",
        )
        .await
}

/// The index, where all is applied, and the extension has come since.
const LATE: &str = "
    SELECT (NOT EXISTS (
        SELECT FROM pg_index WHERE indexrelid = to_regclass('ticketing_requests_search') AND indisvalid
    ))::text AS answer";

/// Builds the index if an earlier run had to do without it.
pub(crate) async fn build_late(database: &Database, tell: Tell<'_>) -> Result<(), MigrateError> {
    if plan_late(database.connection()).await?.is_none() {
        return Ok(());
    }
    let mut session = Session::open_for_step_two(database).await?;
    // a `down` may have come before
    let line = plan_late(database.connection()).await?;
    let schema = session.text(SCHEMA.to_owned()).await?;
    if let (Some(line), Some(index)) = (line, indexes::search(&schema)) {
        tell(&line);
        index.build(&mut session).await?;
        gather_statistics(&mut session).await?;
    }
    session.close().await
}

/// What [`build_late`] would do.
pub(crate) async fn plan_late(on: &impl ConnectionTrait) -> Result<Option<String>, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    let all = MIGRATIONS
        .iter()
        .all(|migration| applied.iter().any(|row| row.name == migration.name));
    if !all
        || trigrams::ask(on, SCHEMA).await?.is_empty()
        || trigrams::ask(on, LATE).await? != "true"
    {
        return Ok(None);
    }
    let line = "builds   ticketing_requests_search on requests, since the extension pg_trgm is \
                there now; reading and writing go on";
    Ok(Some(line.to_owned()))
}
