//! What stands in a database beside the bookkeeping: whose tables and types
//! there are, by name.

use crate::{
    bookkeeping,
    error::MigrateError,
    migration::{MIGRATIONS, TABLES},
};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use std::fmt;

/// The application's tables and types that no migration of ours makes. A
/// database that holds one of them is the application's.
const APPLICATIONS_OWN: &[&str] = &[
    "assignment_response_enum",
    "branch_user_role_enum",
    "branch_users",
    "config_scope_enum",
    "logs",
    "notification_type_enum",
    "notifications",
    "partner_pickup_options",
    "partner_status_enum",
    "request_status_enum",
    "update_updated_at_column",
    "user_permissions",
    "user_type_enum",
];

/// A few names, for a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// `None` when there are none.
    pub(crate) fn some(names: Vec<String>) -> Option<Self> {
        (!names.is_empty()).then_some(Self(names))
    }
}

impl fmt::Display for Names {
    /// The first few, since a line has to be readable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        let shown = self
            .0
            .iter()
            .take(SHOWN)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        match self.0.len().saturating_sub(SHOWN) {
            0 => f.write_str(&shown),
            more => write!(f, "{shown} and {more} more"),
        }
    }
}

impl From<Vec<String>> for Names {
    fn from(names: Vec<String>) -> Self {
        Self(names)
    }
}

/// The application's tables, types and functions in a database without our
/// bookkeeping.
pub(crate) async fn of_application(
    on: &impl ConnectionTrait,
    dialect: Dialect,
) -> Result<Option<Names>, DbErr> {
    let made = TABLES.tables.iter();
    let known: Vec<&str> = made.chain(APPLICATIONS_OWN).copied().collect();
    let mut names = tables(on, dialect).await?;
    if dialect == Dialect::Postgres {
        names.extend(column(on, dialect, TYPES_AND_FUNCTIONS).await?);
    }
    names.retain(|name| known.contains(&name.as_str()));
    Ok(Names::some(names))
}

/// Tables and views that no migration makes.
pub(crate) async fn of_others(
    on: &impl ConnectionTrait,
    dialect: Dialect,
) -> Result<Option<Names>, DbErr> {
    let mut names = tables(on, dialect).await?;
    names.retain(|name| {
        name != bookkeeping::TABLE
            && !MIGRATIONS
                .iter()
                .any(|migration| migration.tables.contains(&name.as_str()))
    });
    Ok(Names::some(names))
}

/// Whether a table of our bookkeeping is there. Something else of its name, which lacks
/// one of these columns, is refused.
pub(crate) async fn is_there(
    on: &impl ConnectionTrait,
    dialect: Dialect,
    table: &str,
    columns: &[&str],
) -> Result<bool, MigrateError> {
    let query = match dialect {
        // of pg_class, and not to_regclass alone: that may answer from before the other
        // run ended for which this transaction waited
        Dialect::Postgres => {
            "SELECT CASE relkind WHEN 'r' THEN attname::text END AS name
             FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND NOT attisdropped
             WHERE pg_class.oid = to_regclass($1)"
        }
        Dialect::Sqlite => {
            "SELECT CASE s.type WHEN 'table' THEN c.name END AS name
             FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE lower(s.name) = $1"
        }
    };
    let rows = on
        .query_all_raw(Statement::from_sql_and_values(
            dialect.backend(),
            query,
            [table.into()],
        ))
        .await?;
    let found = rows
        .iter()
        .map(|row| row.try_get("", "name"))
        .collect::<Result<Vec<Option<String>>, _>>()?;
    let has = |name: &&str| found.iter().flatten().any(|found| found == *name);
    if found.is_empty() || columns.iter().all(has) {
        return Ok(!found.is_empty());
    }
    Err(MigrateError::NamesTaken(Names(vec![table.to_owned()])))
}

/// Tables and views where the search path looks, without those of extensions.
const POSTGRES_TABLES: &str = "
    SELECT c.relname::text AS name
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (current_schemas(false))
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT EXISTS (
          SELECT 1 FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      )
    ORDER BY 1";

/// Enums, domains and functions where the search path looks.
const TYPES_AND_FUNCTIONS: &str = "
    SELECT t.typname::text AS name
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = ANY (current_schemas(false)) AND t.typtype IN ('e', 'd')
    UNION
    SELECT p.proname::text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY (current_schemas(false))
    ORDER BY 1";

const SQLITE_TABLES: &str = "
    SELECT name FROM sqlite_schema
    WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'
    ORDER BY 1";

async fn tables(on: &impl ConnectionTrait, dialect: Dialect) -> Result<Vec<String>, DbErr> {
    column(
        on,
        dialect,
        match dialect {
            Dialect::Postgres => POSTGRES_TABLES,
            Dialect::Sqlite => SQLITE_TABLES,
        },
    )
    .await
}

async fn column(
    on: &impl ConnectionTrait,
    dialect: Dialect,
    query: &'static str,
) -> Result<Vec<String>, DbErr> {
    let rows = on
        .query_all_raw(Statement::from_string(dialect.backend(), query))
        .await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}
