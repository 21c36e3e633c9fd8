//! The extension `pg_trgm`, whose trigrams an index needs to find a part of a name. It is created
//! before anything else is changed, so that the database stays unchanged if this role cannot create
//! it.
//!
//! It may be in any schema, because the index names the schema that it finds. If `up` creates it, a
//! comment on it says so; `down` drops the extension only with this comment.

use crate::{error::MigrateError, query, report::Tell};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, TransactionTrait as _};

/// Creates it, in the schema in which everything else is created.
const CREATE: &str = "CREATE EXTENSION pg_trgm";

/// Adds the comment. Only the owner may do this, and on some hosted servers an extension belongs to
/// the provider's role, whoever creates it.
const MARK: &str = "COMMENT ON EXTENSION pg_trgm IS \
     'made by `migrate` of the ticketing services, and dropped by its `down`'";

/// Drops it, unless something depends on it.
pub const DROP: &str = "DROP EXTENSION pg_trgm";

const IS_OURS: &str = "
    SELECT EXISTS (
        SELECT FROM pg_extension
        WHERE extname = 'pg_trgm'
          AND obj_description(oid, 'pg_extension') LIKE 'made by `migrate` of the ticketing services%'
    )";

const SCHEMA: &str = "
    SELECT coalesce((
        SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm'
    ), '')";

/// Why an existing extension cannot be used; empty if it can.
const CLOSED: &str = "
    SELECT coalesce((
        SELECT format('its schema %1$I is closed to the role %2$I (GRANT USAGE ON SCHEMA %1$I TO %2$I opens it)',
                      n.nspname, current_user)
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm' AND NOT has_schema_privilege(n.oid, 'USAGE')
    ), '')";

/// Creates the extension, unless it exists, and says so in a line for the operator.
pub async fn make(on: &DatabaseTransaction) -> Result<String, MigrateError> {
    let is_there = !schema(on).await?.is_empty();
    let (verb, besides) = if is_there {
        ("found", String::new())
    } else {
        attempt(on, CREATE)
            .await?
            .map_err(MigrateError::NoTrigrams)?;
        let unmarked = attempt(on, MARK).await?.err();
        let stays = unmarked.map(|reason| format!("; `down` will leave it ({reason})"));
        ("makes", stays.unwrap_or_default())
    };
    let closed: String = query::row(on, CLOSED).await?;
    if !closed.is_empty() {
        return Err(MigrateError::TrigramsClosed(closed));
    }
    Ok(format!(
        "{verb}    the extension pg_trgm, which search by index needs{besides}"
    ))
}

/// Drops the extension from a database that `up` made, if `up` created it.
pub async fn unmake(on: &DatabaseTransaction, tell: Tell<'_>) -> Result<(), DbErr> {
    if is_ours(on).await?
        && let Err(reason) = attempt(on, DROP).await?
    {
        tell(&stays(&reason));
    }
    Ok(())
}

/// Says why it stays after `down`.
#[must_use]
pub fn stays(reason: &str) -> String {
    format!("stays    the extension pg_trgm ({reason})")
}

/// The schema of the extension, as SQL names it; empty if it does not exist.
pub async fn schema(on: &impl ConnectionTrait) -> Result<String, DbErr> {
    query::row(on, SCHEMA).await
}

/// Whether `up` created it.
pub async fn is_ours(on: &impl ConnectionTrait) -> Result<bool, DbErr> {
    query::row(on, IS_OURS).await
}

/// Whether `pg_trgm` finds trigrams in this word. `true` if the extension is missing or this role
/// may not use it, because that is reported elsewhere.
pub(crate) async fn sees_letters(on: &impl ConnectionTrait, word: &str) -> Result<bool, DbErr> {
    let schema = schema(on).await?;
    if schema.is_empty() || !query::row::<String>(on, CLOSED).await?.is_empty() {
        return Ok(true);
    }
    let query = format!("SELECT cardinality({schema}.show_trgm('{word}')) > 0");
    query::row(on, &query).await
}

/// Runs a statement. If it fails, it has no effect, and the inner `Err` says why.
async fn attempt(on: &DatabaseTransaction, statement: &str) -> Result<Result<(), String>, DbErr> {
    let savepoint = on.begin().await?;
    match savepoint.execute_unprepared(statement).await {
        Ok(_) => {
            savepoint.commit().await?;
            Ok(Ok(()))
        }
        Err(error) => {
            savepoint.rollback().await?;
            Ok(Err(crate::database_error::words(&error)))
        }
    }
}
