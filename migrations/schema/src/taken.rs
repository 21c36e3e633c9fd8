//! Names that `up` is about to use, and that something else already has. They are checked before
//! anything is changed, because in a database that is taken over, some are needed only after the
//! first step, which can then no longer be undone.

use crate::{
    error::{MigrateError, listed},
    migration::Index,
    query,
};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr};

/// Something with a name.
pub struct Bearer {
    /// The name.
    pub name: String,
    /// Its kind, for a message.
    kind: String,
    /// If it is an index, its table; otherwise empty.
    of_table: String,
}

impl Bearer {
    /// Whether it is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.kind == "table"
    }

    /// Whether it is this index, according to its name and table.
    #[must_use]
    pub fn is_index(&self, index: &Index) -> bool {
        self.name == index.name && self.of_table == index.table
    }
}

/// Refuses a database in which something else has one of these names.
pub async fn refuse(
    on: &impl ConnectionTrait,
    dialect: Dialect,
    names: &[&str],
    is_ours: impl Fn(&Bearer) -> bool,
) -> Result<(), MigrateError> {
    let bearers = bearers(on, dialect).await?;
    let taken: Vec<_> = bearers
        .iter()
        .filter(|bearer| names.contains(&bearer.name.as_str()) && !is_ours(bearer))
        .map(|bearer| format!("the {} {}", bearer.kind, bearer.name))
        .collect();
    match listed(&taken) {
        Some(names) => Err(MigrateError::NamesTaken(names)),
        None => Ok(()),
    }
}

/// Refuses a database in which these tables already have these columns.
pub async fn refuse_columns(
    on: &impl ConnectionTrait,
    dialect: Dialect,
    columns: impl Iterator<Item = (&str, &str)>,
) -> Result<(), MigrateError> {
    let found = match dialect {
        Dialect::Postgres => {
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0"
        }
        Dialect::Sqlite => "SELECT lower(name) FROM pragma_table_info($1)",
    };
    let mut taken = Vec::new();
    for (table, column) in columns {
        let found: Vec<String> = query::rows(on, found, [table.into()]).await?;
        if found.iter().any(|name| name == column) {
            taken.push(format!("the column {table}.{column}"));
        }
    }
    match listed(&taken) {
        Some(names) => Err(MigrateError::NamesTaken(names)),
        None => Ok(()),
    }
}

/// Everything with a name in the first schema of the search path. PostgreSQL separates the names of
/// relations, types and functions, but a table also creates a type with its name. All kinds are
/// treated alike, because the operator does not need the details.
const POSTGRES: &str = "
    SELECT c.relname::text AS name, coalesce(i.indrelid::regclass::text, '') AS of_table,
           CASE c.relkind
               WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
               WHEN 'm' THEN 'materialized view' WHEN 'c' THEN 'type' WHEN 'f' THEN 'foreign table'
               WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' ELSE 'relation'
           END AS kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE n.nspname = ANY (current_schemas(false))
    UNION
    SELECT t.typname::text, '', 'type' FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = ANY (current_schemas(false)) AND t.typrelid = 0
    UNION
    SELECT p.proname::text, '', 'function' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY (current_schemas(false))
    ORDER BY 1, 3";

/// SQLite ignores the case of names.
const SQLITE: &str = "
    SELECT lower(name) AS name, CASE type WHEN 'index' THEN lower(tbl_name) ELSE '' END AS of_table, type AS kind
    FROM sqlite_schema ORDER BY 1, 3";

async fn bearers(on: &impl ConnectionTrait, dialect: Dialect) -> Result<Vec<Bearer>, DbErr> {
    let bearers = match dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Sqlite => SQLITE,
    };
    let rows = query::rows(on, bearers, []).await?.into_iter();
    let rows = rows.map(|(name, of_table, kind)| Bearer {
        name,
        kind,
        of_table,
    });
    Ok(rows.collect())
}
