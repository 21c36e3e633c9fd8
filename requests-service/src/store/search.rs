//! What searches need beyond their conditions: the word whether there is an index
//! for them, and a plan for the text that is searched for.

use super::{Store, StoreError, statement};
use crate::model::Filter;
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement, sea_query::SelectStatement};
use shared::{
    database::{Dialect, Transaction},
    telemetry::chain,
};
use std::sync::{Arc, OnceLock};

/// How names and phones are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// By an index of trigrams.
    ByIndex,
    /// By reading the requests of the partners that are asked for: the database has
    /// no such index.
    WithinPartners,
    /// By reading all requests, which are those of one machine (SQLite).
    OneMachine,
}

/// That there is an index, once it was seen. Until then it is asked for each time,
/// since it may be built, or the database reached, at any time.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<OnceLock<()>>);

/// A build that was cut off leaves an index that is not valid, and not used.
const INDEXES: &str =
    "SELECT count(*) = 2 AS found FROM pg_index WHERE indisvalid AND indexrelid IN (
    to_regclass('ticketing_requests_folded_name'), to_regclass('ticketing_requests_folded_phone')
)";

impl Store {
    /// How names and phones are found in this database.
    pub async fn search(&self) -> Result<Search, StoreError> {
        if self.database.dialect() == Dialect::Sqlite {
            return Ok(Search::OneMachine);
        }
        let Known(known) = &self.search;
        if known.get().is_some() {
            return Ok(Search::ByIndex);
        }
        let query = Statement::from_string(Dialect::Postgres.backend(), INDEXES);
        let row = self.database.connection().query_one_raw(query).await?;
        let found = row.map(|row| row.try_get("", "found")).transpose()?;
        if found != Some(true) {
            return Ok(Search::WithinPartners);
        }
        if known.set(()).is_ok() {
            tracing::info!("search by index: ticketing_requests_folded_name and _phone are there");
        }
        Ok(Search::ByIndex)
    }

    /// Says in the log how names and phones are found.
    pub async fn say_how_it_searches(&self) {
        match self.search().await {
            // said by whoever sees it first
            Ok(Search::ByIndex) => {}
            Ok(Search::WithinPartners) => tracing::info!(
                "no search by index: pg_trgm, or one of its indexes ticketing_requests_folded_name \
                 and _phone, is not there. Names and phones are searched within the partners that \
                 a filter names; `migrate up` builds the indexes where the extension is"
            ),
            Ok(Search::OneMachine) => tracing::info!("search without an index, as SQLite has none"),
            // the outage itself is said by readiness
            Err(error) => tracing::info!(
                cause = chain(&error),
                "whether there is search by index is asked when it is needed"
            ),
        }
    }

    /// The rows of a statement with this filter. How much a text finds decides how
    /// to find it, from three rows by index to a page by reading what is newest. So
    /// PostgreSQL plans a search each time; a plan for any text read all rows to find
    /// nothing. That takes a transaction, which other statements do not need.
    pub(super) async fn all_matching<R: FromQueryResult + Send + Sync>(
        &self,
        filter: &Filter,
        select: &SelectStatement,
    ) -> Result<Vec<R>, StoreError> {
        let dialect = self.database.dialect();
        if dialect == Dialect::Sqlite || !filter.searches() {
            return self.all(select).await;
        }
        let search = |transaction: Transaction| async move {
            transaction.execute_unprepared(PLANNED_ANEW).await?;
            let search = R::find_by_statement(statement(dialect, select));
            let rows = search.all(&transaction).await?;
            transaction.commit().await?;
            Ok(rows)
        };
        Ok(self.database.read(search).await?)
    }
}

/// For the statements of this transaction.
pub(super) const PLANNED_ANEW: &str = "SET LOCAL plan_cache_mode = force_custom_plan";
