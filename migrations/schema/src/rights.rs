//! The rights that the role of `up` needs. They are checked before anything is changed; otherwise
//! the database would stop the work halfway.

use crate::{
    error::{MigrateError, listed},
    query,
};
use sea_orm::ConnectionTrait;

/// Refuses a role that may not create tables where `up` creates them, or indexes and columns on the
/// existing ones of these tables.
pub async fn refuse(on: &impl ConnectionTrait, tables: &[&str]) -> Result<(), MigrateError> {
    let tables = query::array(tables.iter().copied());
    let lacking: Vec<String> = query::rows(on, LACKING, [tables]).await?;
    match listed(&lacking) {
        Some(lacking) => Err(MigrateError::RightsLacking(lacking)),
        None => Ok(()),
    }
}

/// An index is in the schema of its table, and also needs CREATE there.
const LACKING: &str = "
    WITH tables AS (
        SELECT c.oid, c.relowner, c.relnamespace
        FROM pg_class c WHERE c.oid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
    )
    SELECT 'a schema to make anything in (search_path names none that is there and open to it)' AS lacking
    WHERE current_schema() IS NULL
    UNION
    SELECT format('CREATE on the schema %I', n.nspname) FROM pg_namespace n
    WHERE (n.nspname = current_schema() OR n.oid IN (SELECT relnamespace FROM tables))
      AND NOT has_schema_privilege(n.oid, 'CREATE')
    UNION
    SELECT format('CREATE on the tablespace %I (default_tablespace)', t.spcname) FROM pg_tablespace t
    WHERE t.spcname = current_setting('default_tablespace') AND NOT has_tablespace_privilege(t.oid, 'CREATE')
      AND t.oid <> (SELECT dattablespace FROM pg_database WHERE datname = current_database())
    UNION
    SELECT format('ownership of %s (it belongs to %s)', oid::regclass, relowner::regrole) FROM tables
    WHERE NOT pg_has_role(relowner, 'USAGE')
    ORDER BY 1";
