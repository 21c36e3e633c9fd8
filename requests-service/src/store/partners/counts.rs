//! How much there is of each partner of a page: one statement for all of them,
//! in which each table is read once, for these partners alone.

use super::{Store, StoreError, filter, live, of_partners, requests_filter};
use crate::{
    model::{PartnerCounts, Status, Visibility},
    store::entity::{branch, partner, partner_category, partner_request as requests},
};
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{
    ColumnTrait as _, FromQueryResult,
    sea_query::{
        Asterisk, CaseStatement, Expr, ExprTrait as _, Func, IntoColumnRef, Query, SelectStatement,
    },
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
    /// How much there is of each of these partners.
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
    /// What has no row has no group, either.
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

pub(in crate::store) fn select(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    let mut select = Query::select();
    select
        .expr_as(partner::Column::Id.into_expr(), "id")
        .from(partner::Entity)
        .and_where(of_partners(dialect, partner::Column::Id, partners));
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
    for (name, group, columns) in groups {
        let of_partner = Expr::col((name, PARTNER)).equals((partner::Entity, partner::Column::Id));
        select.join_subquery(sea_orm::JoinType::LeftJoin, group, name, of_partner);
        for column in columns {
            select.expr_as(Expr::col((name, *column)), *column);
        }
    }
    select
}

fn branches(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    use branch::Column;
    let mut select = Query::select();
    select
        .from(branch::Entity)
        .expr_as(Expr::col(Asterisk).count(), BRANCHES)
        .cond_where(live(Column::IsActive, Column::IsDeleted))
        .and_where(of_partners(dialect, Column::PartnerId, partners));
    by_partner(select, (branch::Entity, Column::PartnerId))
}

fn categories(dialect: Dialect, partners: &[PartnerId]) -> SelectStatement {
    use partner_category::Column;
    let mut select = filter::live_links();
    select
        .expr_as(Expr::col(Asterisk).count(), CATEGORIES)
        .and_where(of_partners(dialect, Column::PartnerId, partners));
    by_partner(select, (partner_category::Entity, Column::PartnerId))
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
    let mut select = Query::select();
    select
        .from(requests::Entity)
        .expr_as(Expr::col(Asterisk).count(), REQUESTS)
        .expr_as(Expr::from(Func::count(completed)), COMPLETED)
        .expr_as(
            Expr::from(Func::avg(Column::Rating.into_expr())).cast_as("double precision"),
            RATING,
        )
        .cond_where(requests_filter::visible(Visibility::AllPartners))
        .and_where(of_partners(dialect, Column::PartnerId, partners));
    by_partner(select, (requests::Entity, Column::PartnerId))
}

/// A group for each partner.
fn by_partner(mut select: SelectStatement, partner: impl IntoColumnRef + Copy) -> SelectStatement {
    select
        .expr_as(Expr::col(partner), PARTNER)
        .add_group_by([Expr::col(partner)])
        .take()
}
