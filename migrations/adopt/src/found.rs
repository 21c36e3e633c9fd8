//! The content of a database before it is taken over. Everything that could stop `up` is checked
//! here, before anything is changed.

use crate::{
    needed,
    shape::{self, Shape},
};
use database::Dialect;
use schema::{
    error::{MigrateError, listed},
    found, query,
};
use sea_orm::{ConnectionTrait, DbErr};

/// A database that can be taken over.
pub struct Found {
    pub(crate) shape: Shape,
    /// The number of rows in `user_sessions`, including the one with an empty id.
    pub(crate) sessions: i64,
}

/// Examines the database, and returns why it cannot be taken over. `None` if it contains nothing of
/// the application.
pub(crate) async fn look(on: &impl ConnectionTrait) -> Result<Option<Found>, MigrateError> {
    let Some(held) = found::of_application(on, Dialect::Postgres).await? else {
        return Ok(None);
    };
    let lacks = needed::missing(on).await?;
    if !lacks.is_empty() {
        let lacks = lacks.join(", ");
        return Err(MigrateError::Incomplete { held, lacks });
    }
    let shape = shape::read(on).await?.map_err(MigrateError::UnknownShape)?;
    if let Some(names) = listed(&needed::unfilled(on, shape.tokens()).await?) {
        return Err(MigrateError::Unfilled(names));
    }
    if let Some(views) = views_on(on, shape.tokens()).await? {
        return Err(MigrateError::Views(views, ""));
    }
    if shape != Shape::SessionId
        && let Some(names) = listed(&query::rows::<String>(on, REFERENCES, []).await?)
    {
        return Err(MigrateError::Referenced(names));
    }
    let sessions = query::row(on, "SELECT count(*) FROM user_sessions").await?;
    Ok(Some(Found { shape, sessions }))
}

/// Views on some of the columns of `user_sessions`, in any schema.
pub(crate) async fn views_on(
    on: &impl ConnectionTrait,
    columns: &[&str],
) -> Result<Option<String>, DbErr> {
    let columns = query::array(columns.iter().copied());
    let views: Vec<String> = query::rows(on, VIEWS, [columns]).await?;
    Ok(listed(&views))
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
