//! What can go wrong in the store, by what the domain can do about it.

use sea_orm::{DbErr, TransactionError};
use shared::database::{Fault, fault};

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
    /// What a database that gave no answer in time would have answered.
    pub(crate) fn late() -> Self {
        Self::Unavailable(DbErr::Custom("no answer in time".to_owned()))
    }
}

#[cfg(test)]
impl StoreError {
    /// What a database that is away answers, for tests that have none.
    pub(crate) fn away() -> Self {
        Self::Unavailable(DbErr::Custom("away".to_owned()))
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

impl From<TransactionError<StoreError>> for StoreError {
    fn from(error: TransactionError<StoreError>) -> Self {
        match error {
            TransactionError::Connection(error) => error.into(),
            TransactionError::Transaction(error) => error,
        }
    }
}
