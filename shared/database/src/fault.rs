//! What a driver's error means to its caller.

use sea_orm::{DbErr, RuntimeErr};
use std::sync::Arc;

/// How a caller reacts to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The database is unreachable, slow, read-only or overloaded: answer UNAVAILABLE.
    Unavailable,
    /// Another transaction won, and nothing was changed: try again.
    Conflict,
    /// A row with the same unique value exists.
    Exists,
    /// The statement is wrong, or a value cannot be decoded: our own fault.
    Other,
}

/// What an error means.
#[must_use]
pub fn fault(error: &DbErr) -> Fault {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Fault::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            sqlx_fault(error)
        }
        _ => Fault::Other,
    }
}

fn sqlx_fault(error: &Arc<sqlx::Error>) -> Fault {
    match error.as_ref() {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Fault::Unavailable,
        sqlx::Error::Database(error) if error.is_unique_violation() => Fault::Exists,
        sqlx::Error::Database(error) => error.code().map_or(Fault::Other, |code| by_code(&code)),
        _ => Fault::Other,
    }
}

/// Whether the connection was lost: it broke, or the server ended it. Then it is not known whether
/// the statement took effect. Another connection may work.
pub(super) fn is_lost(error: &DbErr) -> bool {
    match error {
        // a new connection that breaks while encryption is agreed on
        DbErr::Conn(RuntimeErr::SqlxError(error))
            if matches!(error.as_ref(), sqlx::Error::Protocol(_)) =>
        {
            true
        }
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match error.as_ref() {
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| ends(&code)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a connection was lost before anything was sent on it.
pub(super) fn was_not_sent(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(_)) && is_lost(error)
}

/// Whether a failed statement certainly changed nothing, because no connection could be made for
/// it, or because the database refused it. Otherwise its answer was lost.
#[must_use]
pub fn had_no_effect(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::SqlxError(_)) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            let refusal = error.as_database_error();
            refusal.is_some_and(|refusal| refusal.code().is_none_or(|code| !ends(&code)))
        }
        _ => false,
    }
}

/// Whether the server ends the connection with this SQLSTATE: an operator ended it, the server
/// restarts after a crash, or the connection was idle for too long.
fn ends(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P05" | "25P03") || code.starts_with("08")
}

/// By SQLSTATE (PostgreSQL, appendix A) or primary result code (SQLite).
fn by_code(code: &str) -> Fault {
    match code {
        // serialization failure, deadlock
        "40001" | "40P01" => Fault::Conflict,
        // read-only server, a transaction that was idle for too long, lock not available, disk full
        "25006" | "25P03" | "25P04" | "55P03" | "53100" => Fault::Unavailable,
        // connection, resources, operator intervention (statement timeout too)
        code if code.len() == 5
            && ["08", "53", "57"]
                .iter()
                .any(|class| code.starts_with(class)) =>
        {
            Fault::Unavailable
        }
        // an extended SQLite code carries its primary one in the low byte: busy,
        // locked, read-only, I/O error, full, cannot open
        code if code.len() < 5 => match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(5 | 6 | 8 | 10 | 13 | 14) => Fault::Unavailable,
            _ => Fault::Other,
        },
        _ => Fault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::ConnAcquireErr;
    use std::io;

    #[test]
    fn a_statement_that_was_not_sent_had_no_effect_and_of_a_lost_answer_nothing_is_known() {
        let reset = || {
            let reset = io::Error::from(io::ErrorKind::ConnectionReset);
            RuntimeErr::SqlxError(Arc::new(reset.into()))
        };
        for (error, expected) in [
            (DbErr::ConnectionAcquire(ConnAcquireErr::Timeout), true),
            (DbErr::Conn(reset()), true),
            (DbErr::Exec(reset()), false),
            (DbErr::Query(reset()), false),
            (DbErr::Conn(RuntimeErr::Internal("late".to_owned())), false),
        ] {
            assert_eq!(had_no_effect(&error), expected, "{error:?}");
        }
    }

    #[test]
    fn codes_are_sorted_by_reaction() {
        for (code, expected) in [
            ("40001", Fault::Conflict),
            ("40P01", Fault::Conflict),
            ("57P01", Fault::Unavailable),
            ("57014", Fault::Unavailable),
            ("53300", Fault::Unavailable),
            ("08006", Fault::Unavailable),
            ("25006", Fault::Unavailable),
            ("25P03", Fault::Unavailable),
            ("55P03", Fault::Unavailable),
            ("42P01", Fault::Other),
            ("22021", Fault::Other),
            // SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_FULL, SQLITE_ERROR
            ("5", Fault::Unavailable),
            ("517", Fault::Unavailable),
            ("13", Fault::Unavailable),
            ("1", Fault::Other),
        ] {
            assert_eq!(by_code(code), expected, "{code}");
        }
    }
}
