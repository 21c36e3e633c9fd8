//! Errors of the store, grouped by what the domain can do about them.

use database::{Fault, fault};
use sea_orm::DbErr;

/// Why a statement has no result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was not reached, or did not answer in time.
    #[error("the database does not answer")]
    Unavailable(#[source] DbErr),
    /// Another transaction won. Nothing was changed, so it may be tried again.
    #[error("another transaction won")]
    Conflict(#[source] DbErr),
    /// The statement is wrong, or a value does not decode.
    #[error("the statement failed")]
    Driver(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match fault(&error) {
            Fault::Unavailable => Self::Unavailable(error),
            Fault::Conflict => Self::Conflict(error),
            Fault::Exists | Fault::Other => Self::Driver(error),
        }
    }
}
