//! The tables of partner requests and partners: one function a statement, and nothing that
//! decides.

pub mod entity;

mod count;
mod error;
mod etag;
mod filter;
mod folded;
mod get;
mod idempotency;
mod keyset;
mod list;
mod partner;
mod partners;
mod row;
mod search;
mod sla;
mod statement;
#[cfg(test)]
mod tests;
mod timeline;
mod transaction;
mod write;

pub use error::StoreError;
pub use idempotency::{Claim, sweepings};
pub use sla::Setting;
pub use timeline::MOST_ASSIGNMENTS;
pub use transaction::Transaction;
pub use write::{AppliedTransition, Handover};

use database::Database;
use sea_orm::{FromQueryResult, sea_query::SelectStatement};
use statement::statement;

/// Where partner requests are kept.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// The tables of a database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn all<R: FromQueryResult + Send + Sync>(
        &self,
        select: &SelectStatement,
    ) -> Result<Vec<R>, StoreError> {
        let statement = statement(self.database.dialect(), select);
        let rows = R::find_by_statement(statement)
            .all(self.database.connection())
            .await?;
        Ok(rows)
    }
}
