//! What can go wrong between here and the database.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Why the store has no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was not reached, or did not answer in time.
    #[error("the database does not answer")]
    Unavailable(#[source] DbErr),
    /// The driver or the database refused what was asked of it.
    #[error("the statement failed")]
    Driver(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if is_outage(&error) {
            Self::Unavailable(error)
        } else {
            Self::Driver(error)
        }
    }
}

fn is_outage(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_));
    };
    match error.as_ref() {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

/// Whether a code says that another moment, or another server, would answer.
fn is_outage_code(code: &str) -> bool {
    match code.parse::<i32>() {
        // a result code of SQLite, without its extension:
        // BUSY, LOCKED, IOERR, CANTOPEN
        Ok(result) if code.len() < SQLSTATE_LENGTH => matches!(result & 0xff, 5 | 6 | 10 | 14),
        // a class of SQLSTATE: connection, resources, operator (shut down, or a
        // statement that took too long)
        _ => ["08", "53", "57"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

const SQLSTATE_LENGTH: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_a_fault() {
        for outage in ["08006", "53300", "57014", "57P01", "5", "517", "14"] {
            assert!(is_outage_code(outage), "{outage}");
        }
        for fault in ["42703", "22P02", "42501", "1", "19", "2067", ""] {
            assert!(!is_outage_code(fault), "{fault}");
        }
    }
}
