//! The tables of partner requests: one function a statement, and nothing that
//! decides.

pub mod entity;

mod count;
mod error;
mod filter;
mod get;
mod list;
mod partner;
mod row;
mod search;
mod statement;
#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use search::Search;

use sea_orm::{FromQueryResult, sea_query::SelectStatement};
use search::Known;
use shared::database::Database;
use statement::statement;

/// Where partner requests are kept.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    search: Known,
}

impl Store {
    /// The tables of a database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            search: Known::default(),
        }
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

    async fn one<R: FromQueryResult + Send + Sync>(
        &self,
        select: &SelectStatement,
    ) -> Result<Option<R>, StoreError> {
        let statement = statement(self.database.dialect(), select);
        let row = R::find_by_statement(statement)
            .one(self.database.connection())
            .await?;
        Ok(row)
    }
}
