//! What a database contains besides the bookkeeping: tables and types, by name.

use crate::{
    bookkeeping,
    error::listed,
    migration::{MIGRATIONS, TABLES},
    query,
};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr};

/// The application's tables and types that no migration makes. A database with one of them belongs
/// to the application.
const APPLICATIONS_OWN: &[&str] = &[
    "branch_user_role_enum",
    "branch_users",
    "logs",
    "notification_type_enum",
    "notifications",
    "partner_pickup_options",
    "user_permissions",
];

/// The application's tables, types and functions in a database without bookkeeping.
pub async fn of_application(
    on: &impl ConnectionTrait,
    dialect: Dialect,
) -> Result<Option<String>, DbErr> {
    let made = TABLES.created(dialect);
    let known: Vec<&str> = made.chain(APPLICATIONS_OWN.iter().copied()).collect();
    let mut names = tables(on, dialect).await?;
    if dialect == Dialect::Postgres {
        names.extend(query::rows::<String>(on, TYPES_AND_FUNCTIONS, []).await?);
    }
    names.retain(|name| known.contains(&name.as_str()));
    Ok(listed(&names))
}

/// Tables and views that no migration makes.
pub async fn of_others(
    on: &impl ConnectionTrait,
    dialect: Dialect,
) -> Result<Option<String>, DbErr> {
    let made = MIGRATIONS.iter();
    let made = made.flat_map(|migration| migration.created(dialect));
    let made: Vec<&str> = made.chain([bookkeeping::TABLE]).collect();
    let mut names = tables(on, dialect).await?;
    names.retain(|name| !made.contains(&name.as_str()));
    Ok(listed(&names))
}

/// Tables and views in the first schema of the search path, without those of extensions.
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

/// Enums, domains and functions in the first schema of the search path.
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
    let tables = match dialect {
        Dialect::Postgres => POSTGRES_TABLES,
        Dialect::Sqlite => SQLITE_TABLES,
    };
    query::rows(on, tables, []).await
}
