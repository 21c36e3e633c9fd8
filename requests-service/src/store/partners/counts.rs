//! Reads the counts of the partners in a page, with one statement that reads each table once, for
//! these partners only.

use super::{Store, StoreError, filter, live, of_partners, requests_filter};
use crate::{
    model::{PartnerCounts, Status, Visibility},
    store::entity::{branch, partner, partner_category, partner_request as requests},
};
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, JoinType, QueryFilter as _, QuerySelect,
    QueryTrait as _, Select,
    sea_query::{Asterisk, CaseStatement, Expr, ExprTrait as _, Func, SelectStatement},
};
use std::collections::HashMap;

#[derive(Debug, FromQueryResult)]
struct CountsRow {
    id: i32,
    branches: Option<i64>,
    categories: Option<i64>,
    requests: Option<i64>,
    completed_requests: Option<i64>,
    mean_rating: Option<f64>,
}

impl Store {
    /// The counts of each of these partners.
    pub async fn partner_counts(
        &self,
        partners: &[PartnerId],
    ) -> Result<HashMap<PartnerId, PartnerCounts>, StoreError> {
        if partners.is_empty() {
            return Ok(HashMap::new());
        }
        let select = select(self.database.dialect(), partners);
        let rows: Vec<CountsRow> = self.all(&select).await?;
        Ok(rows
            .into_iter()
            .map(|row| (PartnerId(row.id), PartnerCounts::from(row)))
            .collect())
    }
}

impl From<CountsRow> for PartnerCounts {
    /// The counts of a partner without rows, which has no group.
    fn from(row: CountsRow) -> Self {
        Self {
            branches: row.branches.unwrap_or(0),
            categories: row.categories.unwrap_or(0),
            requests: row.requests.unwrap_or(0),
            completed_requests: row.completed_requests.unwrap_or(0),
            mean_rating: row.mean_rating,
        }
    }
}

// names in the statement
const PARTNER: &str = "partner";
const BRANCHES: &str = "branches";
const CATEGORIES: &str = "categories";
const REQUESTS: &str = "requests";
const COMPLETED: &str = "completed_requests";
const RATING: &str = "mean_rating";

pub(in crate::store) fn select(
    dialect: Dialect,
    partners: &[PartnerId],
) -> Select<partner::Entity> {
    let groups = [
        ("of_branches", branches(dialect, partners), &[BRANCHES][..]),
        (
            "of_categories",
            categories(dialect, partners),
            &[CATEGORIES],
        ),
        (
            "of_requests",
            requests(dialect, partners),
            &[REQUESTS, COMPLETED, RATING],
        ),
    ];
    let mut select = partner::Entity::find()
        .select_only()
        .column(partner::Column::Id)
        .filter(of_partners(dialect, partner::Column::Id, partners));
    for (name, group, columns) in groups {
        let of_partner = Expr::col((name, PARTNER)).equals((partner::Entity, partner::Column::Id));
        // written by hand, because a relation can only lead to a table
        let query = QuerySelect::query(&mut select);
        query.join_subquery(JoinType::LeftJoin, group, name, of_partner);
        for column in columns {
            query.expr_as(Expr::col((name, *column)), *column);
        }
    }
    select
}

fn branches(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    use branch::Column;
    branch::Entity::find()
        .select_only()
        .column_as(Column::PartnerId, PARTNER)
        .expr_as(Expr::col(Asterisk).count(), BRANCHES)
        .filter(live(Column::IsActive, Column::IsDeleted))
        .filter(of_partners(dialect, Column::PartnerId, partners))
        .group_by(Column::PartnerId)
        .into_query()
}

fn categories(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    use partner_category::Column;
    filter::live_links()
        .column_as(Column::PartnerId, PARTNER)
        .expr_as(Expr::col(Asterisk).count(), CATEGORIES)
        .filter(of_partners(dialect, Column::PartnerId, partners))
        .group_by(Column::PartnerId)
        .into_query()
}

fn requests(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    use requests::Column;
    let done = [Status::Completed, Status::Closed].into();
    let completed: Expr = requests_filter::status_is_one_of(dialect, &done)
        .into_iter()
        .fold(CaseStatement::new(), |case, done| {
            case.case(done, Expr::Constant(1.into()))
        })
        .into();
    let rating = Expr::from(Func::avg(Column::Rating.into_expr()));
    requests::Entity::find()
        .select_only()
        .column_as(Column::PartnerId, PARTNER)
        .expr_as(Expr::col(Asterisk).count(), REQUESTS)
        .expr_as(Func::count(completed), COMPLETED)
        .expr_as(rating.cast_as("double precision"), RATING)
        .filter(requests_filter::visible(Visibility::AllPartners))
        .filter(of_partners(dialect, Column::PartnerId, partners))
        .group_by(Column::PartnerId)
        .into_query()
}
