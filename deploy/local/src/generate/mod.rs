//! The data generator. It writes any number of requests and of active sessions into an empty
//! PostgreSQL database. The same seed gives the same data, except for the times, which are counted
//! back from now.
//!
//! The tables may come from `migrate up` or from the old application. In the second case, the
//! sessions are those of the old application. PostgreSQL generates the rows itself, in one
//! transaction.

mod options;

pub use options::Options;

use crate::{
    data::{continue_ids, names::NAMES},
    demo::Seed,
};
use auth_service::model::{Lifetimes, PasswordHash};
use contract::time::Clock;
use database::{ConnectError, Database, Dialect, PoolLimits, Transaction};
use sea_orm::{ConnectionTrait, DbErr, Statement, sea_query::Query};
use std::time::Duration;

const ROWS: &str = include_str!("rows.sql");
const SESSIONS: &str = include_str!("sessions.sql");
const OLD_SESSIONS: &str = include_str!("old_sessions.sql");
/// One statement writes millions of rows.
const PATIENCE: Duration = Duration::from_hours(6);
/// The bcrypt hash of "demo password" with cost 10, which the old application can verify as well.
const PASSWORD_HASH: &str = "$2b$10$irfUPsD9ydglIaEM4LC9aO5FvMCp1VcMXLL4KtklQuSKcCbHE763y";
/// The tables that rows are written into.
const TABLES: [&str; 10] = [
    "partners",
    "branches",
    "users",
    "categories",
    "services",
    "pickup_option_types",
    "requests",
    "request_assignments",
    "request_status_log",
    "user_sessions",
];

/// Why no data was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database is SQLite.
    #[error("data is generated on PostgreSQL alone; SQLite has the demo data")]
    NotPostgres,
    /// The database has data.
    #[error("the database has users already; generate into an empty one, made by `migrate up`")]
    NotEmpty,
    /// A statement failed.
    #[error("cannot write: {0}. Nothing was written")]
    Write(#[from] DbErr),
}

/// Generates all of the data, or none.
pub async fn generate(options: &Options) -> Result<(), GenerateError> {
    let limits = PoolLimits {
        statement_timeout: PATIENCE,
        ..PoolLimits::default()
    };
    let database = Database::open(&options.database_url, limits, Clock::system()).await?;
    if database.dialect() != Dialect::Postgres {
        return Err(GenerateError::NotPostgres);
    }
    let on = database.begin().await?;
    let users = Query::select().column("id").from("users").limit(1).take();
    if on.query_one(&users).await?.is_some() {
        return Err(GenerateError::NotEmpty);
    }
    let roles = Query::select().column("id").from("roles").limit(1).take();
    if on.query_one(&roles).await?.is_none() {
        on.execute_unprepared(migrations::SEED).await?;
    }
    let seed = Seed {
        database: &database,
        on,
    };
    seed.catalogue().await?;
    let sessions = if has_our_sessions(&seed.on).await? {
        SESSIONS
    } else {
        OLD_SESSIONS
    };
    for script in [ROWS, sessions] {
        let script = filled_in(script, options);
        seed.on.execute_unprepared(&script).await?;
    }
    for table in ["partners", "branches", "users", "requests"] {
        continue_ids(&seed.on, &database, table).await?;
    }
    seed.on.commit().await?;
    // Without statistics the first plans would be for empty tables. Tables are named, since
    // PostgreSQL warns of each one that the role does not own.
    let analyze = format!("ANALYZE {}", TABLES.join(", "));
    database.connection().execute_unprepared(&analyze).await?;
    Ok(())
}

/// Whether the sessions are those of the services, and not of the old application.
async fn has_our_sessions(on: &Transaction) -> Result<bool, DbErr> {
    let column = "SELECT 1 FROM pg_attribute WHERE attrelid = 'user_sessions'::regclass \
                  AND attname = 'generation' AND NOT attisdropped";
    let column = Statement::from_string(Dialect::Postgres.backend(), column);
    Ok(on.query_one_raw(column).await?.is_some())
}

/// A script with the values for its braces. Each is a number or a constant of ours.
fn filled_in(script: &str, options: &Options) -> String {
    let partners = (options.requests.isqrt() / 10).clamp(3, 300);
    let customers = (options.requests / 10).clamp(10, 200_000);
    let lifetimes = Lifetimes::default();
    [
        ("{seed}", options.seed.to_string()),
        ("{requests}", options.requests.to_string()),
        ("{sessions}", options.sessions.to_string()),
        ("{partners}", partners.to_string()),
        ("{customers}", customers.to_string()),
        ("{users}", (2 + partners + customers).to_string()),
        ("{given}", array(NAMES.map(|(given, _)| given))),
        ("{family}", array(NAMES.map(|(_, family)| family))),
        ("{password}", PASSWORD_HASH.to_owned()),
        (
            "{digest}",
            PasswordHash::new(PASSWORD_HASH.to_owned()).digest(),
        ),
        (
            "{refresh_token}",
            lifetimes.refresh_token.as_secs().to_string(),
        ),
        ("{session}", lifetimes.session.as_secs().to_string()),
    ]
    .iter()
    .fold(script.to_owned(), |script, (name, value)| {
        script.replace(name, value)
    })
}

/// Names by language, as an array of SQL.
fn array(names: [[&str; 6]; 2]) -> String {
    let of_language = |names: [&str; 6]| format!("['{}']", names.join("', '"));
    format!("ARRAY[{}]", names.map(of_language).join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_demo_s() {
        assert!(bcrypt::verify(crate::demo::PASSWORD, PASSWORD_HASH).unwrap());
    }
}
