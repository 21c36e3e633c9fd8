//! The database, a function a statement. Nothing outside of this folder knows
//! SQL.

mod change_password;
mod create;
mod end_batch;
mod end_many;
pub mod entity;
mod error;
mod list;
mod load;
mod throttle;
mod turn;
mod used_marks;

pub use change_password::ChangeOutcome;
pub use create::{CreateOutcome, LogIn, NewSession};
pub use end_batch::{BATCH, Batch};
pub use error::StoreError;
pub use list::SessionPosition;
pub use load::Loaded;
pub use turn::Turned;

use sea_orm::{ConnectionTrait as _, QueryResult, sea_query::UpdateStatement};
use shared::database::Database;

/// How often a transaction that lost to another one is tried.
const ATTEMPTS: u32 = 3;

/// Reads and writes users and sessions.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// A store on a pool.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Runs a change that is a transaction of its own, and gives the rows that it
    /// returns. All of them are read: SQLite commits, and fails to, after the last,
    /// and a change that was not kept must not be answered as one.
    async fn changed(&self, update: &UpdateStatement) -> Result<Vec<QueryResult>, StoreError> {
        retried(|| async { Ok(self.database.connection().query_all(update).await?) }).await
    }
}

/// Tries again what lost to another transaction (40001, 40P01).
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
