//! Why a command stopped. Each message says what was met and what to do about it.

use crate::found::Names;
use sea_orm::{DbErr, RuntimeErr};

/// Why a command stopped. All of its work is one transaction, so nothing was
/// changed where the message says so, and never a part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The application's own tables or types are there, and `up` did not make
    /// them.
    #[error(
        "the database already holds the application's own {0}, which migrate did not make; \
         nothing was changed. Point DATABASE_URL at an empty database"
    )]
    Application(Names),

    /// Tables beside those that `up` made, which `fresh` leaves to their owner.
    #[error(
        "the database also holds {0}, which migrate did not make; nothing was changed. \
         Move them elsewhere, or use `down --drop-data`, which leaves them alone"
    )]
    OthersTables(Names),

    /// `down` or `fresh` would drop tables with their rows.
    #[error(
        "this drops every table that migrate made, with all rows; nothing was changed. \
         Say so with --drop-data"
    )]
    WouldDropData,

    /// Something that `up` did not make rests on what is to be dropped.
    #[error(
        "something that migrate did not make depends on its tables; nothing was changed. \
         Drop it first: {0}"
    )]
    Dependents(String),

    /// The tables were there before `up` came.
    #[error(
        "the database was adopted, and this build of migrate does not undo that; \
         nothing was changed. Use the build that adopted it"
    )]
    Adopted,

    /// A newer build has been here.
    #[error(
        "the database holds {0}, which this build of migrate does not know; nothing was \
         changed. Use the newest build"
    )]
    UnknownMigrations(Names),

    /// The bookkeeping says something that no build says.
    #[error(
        "ticketing_migrations holds the origin {0:?}, which this build of migrate does not \
         know; nothing was changed. Use the newest build"
    )]
    UnknownOrigin(String),

    /// Another `migrate` is at work.
    #[error(
        "another migrate is still at work on this database; nothing was changed. \
         Run this again when it has ended"
    )]
    Busy,

    /// Somebody uses the tables.
    #[error(
        "a lock was not to be had in time; nothing was changed. Run this again when no \
         long transaction holds the tables"
    )]
    LockTimeout,

    /// No connection.
    #[error("cannot reach the database: {0}. Check DATABASE_URL, and that the database runs")]
    Unreachable(String),

    /// Anything else that the database says. It may have said so at the commit.
    #[error(
        "the database refused: {words}. It was changed altogether or not at all; \
         `migrate status` says which", words = words(.0)
    )]
    Database(DbErr),
}

impl From<DbErr> for MigrateError {
    fn from(error: DbErr) -> Self {
        match (&error, code(&error).as_deref()) {
            (DbErr::ConnectionAcquire(_), _) => {
                Self::Unreachable("no answer in the time that it was given".to_owned())
            }
            // SQLite's BUSY: the one writer is at work
            (_, Some("5")) => Self::Busy,
            (DbErr::Conn(error), _) => Self::Unreachable(plain(error)),
            (_, Some("55P03")) => Self::LockTimeout,
            (DbErr::Exec(error) | DbErr::Query(error), Some("2BP01")) => {
                Self::Dependents(plain(error))
            }
            _ => Self::Database(error),
        }
    }
}

/// The SQLSTATE, or SQLite's result code.
fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()?.code().map(Into::into)
}

fn words(error: &DbErr) -> String {
    match error {
        DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => plain(error),
        error => error.to_string(),
    }
}

/// The database's own words, without the libraries' around them.
fn plain(error: &RuntimeErr) -> String {
    match error {
        RuntimeErr::SqlxError(error) => error
            .as_database_error()
            .map_or_else(|| error.to_string(), |error| error.message().to_owned()),
        RuntimeErr::Internal(text) => text.clone(),
    }
}
