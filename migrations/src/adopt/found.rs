//! What stands in a database before it is taken over. All that can stop `up` is
//! asked here, before anything is changed.

use super::{
    indexes, needed,
    record::{self, Record},
    shape::{self, Shape},
};
use crate::{
    bookkeeping::{self, Applied},
    error::MigrateError,
    found::{self, Names},
    migration::{MIGRATIONS, TABLES},
    rights, taken,
};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};

/// A database that can be taken over.
pub(super) struct Found {
    pub(super) shape: Shape,
    /// Rows of `user_sessions`, the one with an empty id included.
    pub(super) sessions: i64,
}

/// Looks, and says why not. `None` where nothing of the application is.
pub(super) async fn look(on: &impl ConnectionTrait) -> Result<Option<Found>, MigrateError> {
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

/// Refuses a database in which something that is not ours bears a name that is still to
/// be taken, up to the last table that the last of the migrations makes.
pub(super) async fn refuse_taken_names(
    on: &impl ConnectionTrait,
    applied: &[Applied],
    record: Option<&Record>,
) -> Result<(), MigrateError> {
    let pending = MIGRATIONS.iter().filter(|migration| {
        let is_applied = applied.iter().any(|row| row.name == migration.name);
        !is_applied && migration.name != TABLES.name
    });
    let created = pending.flat_map(|migration| migration.created(Dialect::Postgres));
    let bookkeeping = [bookkeeping::TABLE, record::TABLE];
    let names: Vec<&str> = indexes::all()
        .map(|index| index.name)
        .chain(created)
        .chain(bookkeeping)
        .collect();
    taken::refuse(on, Dialect::Postgres, &names, |bearer| {
        // whoever reads these two refuses tables that are not ours
        let is_bookkeeping = bearer.is_table() && bookkeeping.contains(&bearer.name.as_str());
        let is_recorded = record.is_some_and(|record| record.indexes.contains(&bearer.name));
        is_bookkeeping || (is_recorded && indexes::all().any(|index| bearer.is_index(&index)))
    })
    .await
}

/// Refuses a role that may not do what either step does.
pub(super) async fn refuse_lacking_rights(on: &impl ConnectionTrait) -> Result<(), MigrateError> {
    let mut tables = vec!["user_sessions", bookkeeping::TABLE, record::TABLE];
    tables.extend(indexes::all().map(|index| index.table));
    rights::refuse(on, &tables).await
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
