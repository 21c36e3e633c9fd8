//! The database: one function for each statement. Only this folder contains SQL.

/// The digest of a password in the rows of this table or alias, equal to that of
/// `PasswordHash::digest`. For PostgreSQL only.
macro_rules! digest_of_password {
    ($table:literal) => {
        concat!(
            "left(encode(sha256(convert_to(",
            $table,
            ".password, 'UTF8')), 'hex'), 32)"
        )
    };
}

mod adopted;
mod audit;
mod change_password;
mod end;
mod end_rows;
pub mod entity;
mod error;
mod first_uses;
mod housekeeping;
mod list;
mod list_audit;
mod load;
mod log_in;
mod look_up;
mod new_session;
mod refresh;
mod refused;
mod register;
mod rehash;
mod throttle;
mod to_end;

pub use change_password::{Account, ChangeOutcome};
pub use end_rows::{BATCH, Ended};
pub use error::StoreError;
pub use housekeeping::retentions;
pub use list::SessionPosition;
pub use log_in::{CreateOutcome, LogIn};
pub use look_up::{Found, SessionReader};
pub use new_session::NewSession;
pub use refresh::Refreshed;
pub use refused::RefusedUsers;

use contract::{page_tokens::Position, time::Timestamp};
use database::Database;
use sea_orm::{
    ColumnTrait, QueryResult, Value,
    sea_query::{Expr, ExprTrait as _},
};

/// How many times a transaction is tried if it loses to another one.
const ATTEMPTS: u32 = 3;

/// Reads and writes users and sessions.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// A store with this pool.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// A condition for rows after a position, newest first. It compares row values, so that an
    /// index on both columns serves it.
    fn comes_after<C: ColumnTrait>(
        &self,
        row: [C; 2],
        after: Position<Timestamp, impl Into<Value>>,
    ) -> Expr {
        let after = Expr::tuple([self.database.time(after.sort), Expr::val(after.id)]);
        Expr::tuple(row.map(ColumnTrait::into_expr)).lt(after)
    }
}

/// Retries a transaction that lost to another one (40001, 40P01).
async fn retried<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(StoreError::Conflict(error)) => tracing::debug!(%error, "trying again"),
            outcome => return outcome,
        }
    }
    attempt().await
}

/// Reads a column that only describes the session. If its value is not text (SQLite accepts any
/// bytes), the session is still valid.
fn text_or_nothing(row: &QueryResult, column: &str) -> Option<String> {
    row.try_get("", column).ok().flatten()
}
