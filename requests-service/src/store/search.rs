//! What searches need beyond their conditions: a plan for the text that is searched for.

use super::{Store, StoreError, statement};
use crate::model::Filter;
use database::{Dialect, Transaction};
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryTrait, sea_query::SelectStatement};

impl Store {
    /// Whether statements with this filter are planned each time. How much a text finds decides how
    /// to find it, from three rows by index to a page by reading what is newest. So
    /// PostgreSQL plans a search each time; a plan for any text read all rows to find
    /// nothing. That takes a transaction, which other statements do not need.
    pub(super) fn plans_anew(&self, filter: &Filter) -> bool {
        self.database.dialect() == Dialect::Postgres && filter.searches()
    }

    /// The rows of a statement with this filter.
    pub(super) async fn all_matching<R: FromQueryResult + Send + Sync>(
        &self,
        filter: &Filter,
        select: &impl QueryTrait<QueryStatement = SelectStatement>,
    ) -> Result<Vec<R>, StoreError> {
        let dialect = self.database.dialect();
        if !self.plans_anew(filter) {
            return self.all(select).await;
        }
        let search = |transaction: Transaction| async move {
            transaction.execute_unprepared(PLANNED_ANEW).await?;
            let search = R::find_by_statement(statement(dialect, select.as_query()));
            let rows = search.all(&transaction).await?;
            transaction.commit().await?;
            Ok(rows)
        };
        Ok(self.database.read(search).await?)
    }
}

/// For the statements of this transaction.
pub(super) const PLANNED_ANEW: &str = "SET LOCAL plan_cache_mode = force_custom_plan";
