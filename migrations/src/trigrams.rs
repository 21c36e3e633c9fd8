//! The extension `pg_trgm`, whose trigrams an index needs to find a part of a name.
//! Not every server offers it, and not every role may create it: without it the
//! services search within a partner's own requests, so nothing here stops a command.
//!
//! It may lie in any schema, since the index names the one that it finds. What `up`
//! created bears a comment that says so; `down` drops that, and no other.

use crate::{migration::SEARCH, report::Tell};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, Statement, TransactionTrait as _, TryGetable,
};
use shared::database::Dialect;

/// Makes it, marked as ours, in the schema in which everything else is made.
pub(crate) const CREATE: &str = "CREATE EXTENSION pg_trgm; COMMENT ON EXTENSION pg_trgm IS \
     'made by `migrate` of the ticketing services, and dropped by its `down`'";

/// Drops it, unless something depends on it.
pub(crate) const DROP: &str = "DROP EXTENSION pg_trgm";

/// Whether `up` made it.
pub(crate) const IS_OURS: &str = "
    SELECT EXISTS (
        SELECT FROM pg_extension
        WHERE extname = 'pg_trgm'
          AND obj_description(oid, 'pg_extension') LIKE 'made by `migrate` of the ticketing services%'
    )::text AS answer";

/// The schema that it lies in, as SQL names it; empty where it is not there, or is
/// closed to this role.
pub(crate) const SCHEMA: &str = "
    SELECT coalesce((
        SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm' AND has_schema_privilege(n.oid, 'USAGE')
    ), '') AS answer";

/// What is to be expected of [`CREATE`], in the words of [`Outlook::of`].
const OUTLOOK: &str = "
    SELECT CASE
        WHEN EXISTS (
            SELECT FROM pg_extension WHERE extname = 'pg_trgm' AND has_schema_privilege(extnamespace, 'USAGE')
        ) THEN 'there'
        WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
            THEN 'this role may not use its schema'
        WHEN NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
            THEN 'the server does not offer it'
        WHEN current_setting('is_superuser') = 'on' OR (
            EXISTS (SELECT FROM pg_available_extension_versions WHERE name = 'pg_trgm' AND trusted)
            AND has_database_privilege(current_database(), 'CREATE')
            AND has_schema_privilege(current_schema(), 'CREATE')
        ) THEN 'makes'
        ELSE 'this role may not create it'
    END AS answer";

/// What `up` will find or do.
pub(crate) enum Outlook {
    /// It is there already, and stays.
    There,
    /// It can be made.
    Makes,
    /// It cannot, and why.
    Lacks(String),
}

impl Outlook {
    /// Looks.
    pub(crate) async fn read(on: &impl ConnectionTrait) -> Result<Self, DbErr> {
        Ok(match ask(on, OUTLOOK).await?.as_str() {
            "there" => Self::There,
            "makes" => Self::Makes,
            reason => Self::Lacks(reason.to_owned()),
        })
    }

    /// Whether the index comes about.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::There | Self::Makes)
    }

    /// In a line for the operator.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::There => "found    the extension pg_trgm, which search by index needs".to_owned(),
            Self::Makes => "makes    the extension pg_trgm, which search by index needs".to_owned(),
            Self::Lacks(reason) => lacks(reason),
        }
    }
}

/// Says that it is not to be had.
pub(crate) fn lacks(reason: &str) -> String {
    format!(
        "lacks    the extension pg_trgm ({reason}): names and phones are searched within one \
         partner's requests, without an index. Once it is there, `migrate up` builds the index"
    )
}

/// Says why it stays after `down`.
pub(crate) fn stays(reason: &str) -> String {
    format!("stays    the extension pg_trgm ({reason})")
}

/// The statement that makes the index, for an extension in that schema.
pub(crate) fn index(schema: &str) -> String {
    SEARCH.replace(" gin_trgm_ops", &format!(" {schema}.gin_trgm_ops"))
}

/// The extension and the index, in a database of our own; `up` goes on without them.
pub(crate) async fn make(on: &DatabaseTransaction, tell: Tell<'_>) -> Result<(), DbErr> {
    if ask(on, SCHEMA).await?.is_empty()
        && let Err(reason) = attempt(on, CREATE).await?
    {
        tell(&lacks(&reason));
    }
    let schema = ask(on, SCHEMA).await?;
    if !schema.is_empty() {
        on.execute_unprepared(&index(&schema)).await?;
    }
    Ok(())
}

/// Drops the extension from a database of our own, if `up` made it.
pub(crate) async fn unmake(on: &DatabaseTransaction, tell: Tell<'_>) -> Result<(), DbErr> {
    if is_ours(on).await?
        && let Err(reason) = attempt(on, DROP).await?
    {
        tell(&stays(&reason));
    }
    Ok(())
}

/// [`IS_OURS`].
pub(crate) async fn is_ours(on: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(ask(on, IS_OURS).await? == "true")
}

/// Runs a statement; if it fails, it has not been. In the inner `Err`, why.
async fn attempt(on: &DatabaseTransaction, statement: &str) -> Result<Result<(), String>, DbErr> {
    let savepoint = on.begin().await?;
    match savepoint.execute_unprepared(statement).await {
        Ok(_) => {
            savepoint.commit().await?;
            Ok(Ok(()))
        }
        Err(error) => {
            savepoint.rollback().await?;
            Ok(Err(crate::error::words(&error)))
        }
    }
}

/// The answer of one of the queries above.
pub(crate) async fn ask(on: &impl ConnectionTrait, query: &'static str) -> Result<String, DbErr> {
    let backend = Dialect::Postgres.backend();
    let row = on
        .query_one_raw(Statement::from_string(backend, query))
        .await?;
    match row {
        Some(row) => String::try_get(&row, "", "answer").map_err(DbErr::from),
        None => Ok(String::new()),
    }
}
