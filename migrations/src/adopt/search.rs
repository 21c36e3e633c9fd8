//! What search by index needs besides: its index where that comes late, statistics, and
//! the end of the extension.

use super::{found, indexes, session::Session, tell_all};
use crate::{
    bookkeeping,
    error::MigrateError,
    exclusive,
    migration::{Index, MIGRATIONS},
    report::Tell,
    taken,
    trigrams::{self, DROP, IS_OURS, SCHEMA},
};
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

/// Drops the extension if `up` made it, and nothing else depends on it.
pub(super) async fn drop_extension(
    session: &mut Session<'_>,
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
pub(super) async fn gather_statistics(session: &mut Session<'_>) -> Result<(), MigrateError> {
    session
        .run(
            "ANALYZE requests".to_owned(),
            "statistics of requests could not be gathered",
        )
        .await
}

/// Builds the indexes of trigrams where an earlier build went without them, or somebody
/// has dropped them.
pub(crate) async fn build_late(database: &Database, tell: Tell<'_>) -> Result<(), MigrateError> {
    if !is_late(database.connection()).await? {
        return Ok(());
    }
    let transaction = exclusive::begin(database).await?;
    let lines = plan_late(&transaction).await?;
    transaction.commit().await?;
    if lines.is_empty() {
        // another run came before
        return Ok(());
    }
    tell_all(tell, &lines);
    let mut session = Session::open(database, tell).await?;
    let schema = session.text(SCHEMA.to_owned()).await?;
    for index in of_trigrams() {
        index.build(&mut session, &schema).await?;
    }
    gather_statistics(&mut session).await?;
    session.close().await
}

/// What [`build_late`] would do. Makes the extension, which stays if the caller commits.
pub(crate) async fn plan_late(on: &DatabaseTransaction) -> Result<Vec<String>, MigrateError> {
    if !is_late(on).await? {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = of_trigrams().map(|index| index.name).collect();
    taken::refuse(on, Dialect::Postgres, &names, |bearer| {
        of_trigrams().any(|index| bearer.is_index(&index))
    })
    .await?;
    found::refuse_lacking_rights(on).await?;
    let builds = format!("builds   {}; reading and writing go on", names.join(", "));
    Ok(vec![trigrams::make(on).await?, builds])
}

/// Whether all is applied, and one of these indexes is missing all the same.
async fn is_late(on: &impl ConnectionTrait) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    let is_applied = |name| applied.iter().any(|row| row.name == name);
    if !MIGRATIONS
        .iter()
        .all(|migration| is_applied(migration.name))
    {
        return Ok(false);
    }
    for index in of_trigrams() {
        if !trigrams::is_built(on, &index).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn of_trigrams() -> impl Iterator<Item = Index> {
    indexes::all().filter(Index::is_of_trigrams)
}
