//! How PostgreSQL plans statements.
//!
//! Planning a page takes PostgreSQL several times as long as reading it. Therefore the connections
//! of this service have one plan for each statement, whatever its values are
//! ([`App::build`](crate::app::App::build)). By itself, PostgreSQL would plan the page of a large
//! partner each time, and find no better plan.
//!
//! One plan is good where the values do not matter: for a row by its key, and for a page by the
//! index of its order. For other filters, the best plan depends on how many rows match.

use super::{Store, StoreError, statement};
use crate::model::{Filter, TimeRange};
use database::{Dialect, Transaction};
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryTrait, sea_query::SelectStatement};

/// Plans each time. The best plan for a text varies from three rows by an index to a page of the
/// newest rows; one plan for all texts would read all rows to find nothing. Holds for the
/// statements of one transaction.
pub(super) const PLANNED_ANEW: &str = "SET LOCAL plan_cache_mode = force_custom_plan";
/// Plans each time, until PostgreSQL has found that the values make no difference. Holds for the
/// statements of one transaction.
pub(super) const PLANNED_AS_IT_SEEMS_BEST: &str = "SET LOCAL plan_cache_mode = auto";

/// How to plan the statements of this filter, if not by one plan for all values. The filter is
/// destructured, so that a new field does not compile until it is considered.
pub(super) fn planning(dialect: Dialect, filter: &Filter) -> Option<&'static str> {
    let Filter {
        statuses,
        categories,
        branches,
        services,
        pickup_options,
        partners,
        submitted,
        created,
        text,
        customer_name,
        customer_phone,
    } = filter;
    let searches = text.is_some() || customer_name.is_some() || customer_phone.is_some();
    // one partner's requests have an index for each order
    let one_partner_or_all = partners.len() <= 1;
    let all = statuses.is_empty()
        && categories.is_empty()
        && branches.is_empty()
        && services.is_empty()
        && pickup_options.is_empty()
        && *submitted == TimeRange::default()
        && *created == TimeRange::default();
    match dialect {
        Dialect::Postgres if searches => Some(PLANNED_ANEW),
        Dialect::Postgres if !(all && one_partner_or_all) => Some(PLANNED_AS_IT_SEEMS_BEST),
        Dialect::Postgres | Dialect::Sqlite => None,
    }
}

impl Store {
    /// Reads the rows of a statement with this filter.
    pub(super) async fn all_matching<R: FromQueryResult + Send + Sync>(
        &self,
        filter: &Filter,
        select: &impl QueryTrait<QueryStatement = SelectStatement>,
    ) -> Result<Vec<R>, StoreError> {
        let dialect = self.database.dialect();
        let Some(planning) = planning(dialect, filter) else {
            return self.all(select).await;
        };
        let read = |transaction: Transaction| async move {
            transaction.execute_unprepared(planning).await?;
            let rows = R::find_by_statement(statement(dialect, select.as_query()));
            let rows = rows.all(&transaction).await?;
            transaction.commit().await?;
            Ok(rows)
        };
        Ok(self.database.read(read).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AnyCase, Status};
    use contract::{
        ids::{CategoryId, PartnerId},
        time::Timestamp,
    };

    #[test]
    fn a_page_has_one_plan_for_all_values_unless_a_filter_decides_how_much_is_found() {
        let partners = |ids: &[i32]| Filter {
            partners: ids.iter().copied().map(PartnerId).collect(),
            ..Filter::default()
        };
        let status = Filter {
            statuses: [Status::Rejected].into(),
            ..partners(&[1])
        };
        let category = Filter {
            categories: [CategoryId(1)].into(),
            ..Filter::default()
        };
        let created = Filter {
            created: TimeRange {
                start: Some(Timestamp::from_seconds(0)),
                end: None,
            },
            ..Filter::default()
        };
        let name = Filter {
            customer_name: AnyCase::new("Salma".to_owned()),
            ..status.clone()
        };
        let best = Some(PLANNED_AS_IT_SEEMS_BEST);
        for (filter, expected) in [
            (Filter::default(), None),
            (partners(&[1]), None),
            (partners(&[1, 2]), best),
            (status, best),
            (category, best),
            (created, best),
            (name, Some(PLANNED_ANEW)),
        ] {
            assert_eq!(planning(Dialect::Postgres, &filter), expected, "{filter:?}");
            assert_eq!(planning(Dialect::Sqlite, &filter), None);
        }
    }
}
