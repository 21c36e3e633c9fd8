//! Reads the errors of the two databases through the libraries around them.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

/// The SQLSTATE, or SQLite's result code.
#[must_use]
pub fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()?.code().map(Into::into)
}

/// The message of the database, without what the libraries add.
#[must_use]
pub fn words(error: &DbErr) -> String {
    match error {
        DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => plain(error),
        error => error.to_string(),
    }
}

/// The detail that PostgreSQL adds to its message: the names of what depends.
pub(crate) fn detailed(error: &RuntimeErr) -> String {
    let detail = match error {
        RuntimeErr::SqlxError(error) => error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
            .and_then(PgDatabaseError::detail),
        RuntimeErr::Internal(_) => None,
    };
    detail.map_or_else(|| plain(error), |detail| detail.replace('\n', "; "))
}

/// The message of the database, without what the libraries add.
pub(crate) fn plain(error: &RuntimeErr) -> String {
    match error {
        RuntimeErr::SqlxError(error) => error
            .as_database_error()
            .map_or_else(|| error.to_string(), |error| error.message().to_owned()),
        RuntimeErr::Internal(text) => text.clone(),
    }
}
