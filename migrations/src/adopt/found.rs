//! What stands in a database before it is taken over. All that can stop `up` is
//! asked here, before anything is changed.

use super::{
    indexes, needed,
    record::Record,
    shape::{self, Shape},
};
use crate::{
    error::MigrateError,
    found::{self, Names},
};
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use shared::database::Dialect;

/// A database that can be taken over.
pub(super) struct Found {
    pub(super) shape: Shape,
    /// Rows of `user_sessions`, the one with an empty id included.
    pub(super) sessions: i64,
}

/// Looks, and says why not. `None` where nothing of the application is. What a
/// `down` left half-way is ours.
pub(super) async fn look(
    on: &impl ConnectionTrait,
    left: Option<&Record>,
) -> Result<Option<Found>, MigrateError> {
    let Some(held) = found::of_application(on, Dialect::Postgres).await? else {
        return Ok(None);
    };
    let lacks = needed::missing(on).await?;
    if !lacks.is_empty() {
        let lacks = lacks.join(", ");
        return Err(MigrateError::Incomplete { held, lacks });
    }
    let shape = shape::read(on).await?.map_err(MigrateError::UnknownShape)?;
    if let Some(names) = Names::some(needed::unfilled(on, shape.tokens()).await?) {
        return Err(MigrateError::Unfilled(names));
    }
    if let Some(views) = views_on(on, shape.tokens()).await? {
        return Err(MigrateError::Views(views, ""));
    }
    if shape != Shape::SessionId
        && let Some(names) = Names::some(column(on, REFERENCES, []).await?)
    {
        return Err(MigrateError::Referenced(names));
    }
    refuse_taken_names(on, left).await?;
    let sessions = "SELECT count(*) AS sessions FROM user_sessions";
    let row = on
        .query_one_raw(Statement::from_string(
            Dialect::Postgres.backend(),
            sessions,
        ))
        .await?;
    let sessions = row.map(|row| row.try_get("", "sessions")).transpose()?;
    Ok(Some(Found {
        shape,
        sessions: sessions.unwrap_or(0),
    }))
}

/// Refuses a database in which something that is not ours bears the name of one of
/// our indexes.
pub(super) async fn refuse_taken_names(
    on: &impl ConnectionTrait,
    record: Option<&Record>,
) -> Result<(), MigrateError> {
    let ours: Vec<String> = indexes::names()
        .map(str::to_owned)
        .filter(|name| !record.is_some_and(|record| record.indexes.contains(name)))
        .collect();
    match Names::some(column(on, BEARERS, [ours.into()]).await?) {
        Some(names) => Err(MigrateError::NamesTaken(names)),
        None => Ok(()),
    }
}

/// Views on some of the columns of `user_sessions`, in any schema.
pub(super) async fn views_on(
    on: &impl ConnectionTrait,
    columns: &[&str],
) -> Result<Option<Names>, DbErr> {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    column(on, VIEWS, [columns.into()]).await.map(Names::some)
}

const VIEWS: &str = "
    SELECT DISTINCT format('the view %s reads user_sessions.%s', v.oid::regclass, a.attname) AS name
    FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid = 'user_sessions'::regclass AND v.oid <> d.refobjid
      AND a.attname = ANY ($1)
    ORDER BY 1";

const REFERENCES: &str = "
    SELECT format('%s (%I)', conrelid::regclass, conname) AS name
    FROM pg_constraint
    WHERE contype = 'f' AND confrelid = 'user_sessions'::regclass
    ORDER BY 1";

const BEARERS: &str = "
    SELECT c.relname::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = ANY ($1)
    ORDER BY 1";

async fn column<const N: usize>(
    on: &impl ConnectionTrait,
    query: &'static str,
    values: [Value; N],
) -> Result<Vec<String>, DbErr> {
    let backend = Dialect::Postgres.backend();
    let rows = on
        .query_all_raw(Statement::from_sql_and_values(backend, query, values))
        .await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}
