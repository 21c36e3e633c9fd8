//! The tables of requests and partners: one function for each statement, without decisions.

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
mod names;
mod partner;
mod partners;
mod planning;
mod row;
mod sla;
mod statement;
#[cfg(test)]
mod tests;
mod timeline;
mod transaction;
mod write;

pub use error::StoreError;
pub use idempotency::{Claim, retentions};
pub use sla::Setting;
pub use timeline::MOST_ASSIGNMENTS;
pub use transaction::Transaction;
pub use write::{AppliedTransition, Handover};

use crate::model::PartnerRequest;
use database::Database;
use names::Names;
use row::RequestRow;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryTrait, sea_query::SelectStatement};
use statement::statement;

/// Where partner requests are kept.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    names: Names,
}

impl Store {
    /// The tables of a database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let names = Names::default();
        Self { database, names }
    }

    async fn all<R: FromQueryResult + Send + Sync>(
        &self,
        select: &impl QueryTrait<QueryStatement = SelectStatement>,
    ) -> Result<Vec<R>, StoreError> {
        let statement = statement(self.database.dialect(), select.as_query());
        let rows = R::find_by_statement(statement)
            .all(self.database.connection())
            .await?;
        Ok(rows)
    }

    /// The requests of these rows, with the names of what they refer to.
    async fn named(
        &self,
        on: &impl ConnectionTrait,
        rows: Vec<RequestRow>,
    ) -> Result<Vec<PartnerRequest>, StoreError> {
        let requests = rows.iter().map(|row| &row.request);
        let names = self.names.of(on, self.database.dialect(), requests).await?;
        Ok(rows.into_iter().map(|row| row.named(&names)).collect())
    }
}
