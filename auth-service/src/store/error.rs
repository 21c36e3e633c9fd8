//! Errors of the store, grouped by what the domain can do about them.

use database::{Fault, fault, had_no_effect};
use sea_orm::DbErr;
#[cfg(test)]
use sea_orm::{ConnAcquireErr, RuntimeErr};
#[cfg(test)]
use std::{io, sync::Arc};

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, slow, read-only or full of callers.
    #[error("the database does not answer")]
    Unavailable(#[source] DbErr),
    /// Another transaction won; nothing was changed, and the call may be tried
    /// again.
    #[error("another transaction won")]
    Conflict(#[source] DbErr),
    /// A row that must be unique exists.
    #[error("such a row exists")]
    Exists(#[source] DbErr),
    /// The statement is wrong, or the driver.
    #[error("the statement failed")]
    Driver(#[source] DbErr),
    /// A row that cannot be: what is missing or wrong.
    #[error("inconsistent row: {0}")]
    Inconsistent(String),
}

impl StoreError {
    /// Whether the statement is known to have changed nothing.
    pub(crate) fn had_no_effect(&self) -> bool {
        match self {
            Self::Unavailable(error)
            | Self::Conflict(error)
            | Self::Exists(error)
            | Self::Driver(error) => had_no_effect(error),
            Self::Inconsistent(_) => false,
        }
    }
}

#[cfg(test)]
impl StoreError {
    /// What becomes of a statement that is not answered, for tests without a database.
    pub(crate) fn connection_lost() -> Self {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(reset.into()))).into()
    }

    /// What becomes of a statement while the database is away, for tests without one.
    pub(crate) fn away() -> Self {
        Self::Unavailable(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match fault(&error) {
            Fault::Unavailable => Self::Unavailable(error),
            Fault::Conflict => Self::Conflict(error),
            Fault::Exists => Self::Exists(error),
            Fault::Other => Self::Driver(error),
        }
    }
}
