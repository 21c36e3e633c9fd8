//! The conditions of a statement over `partners`.

use super::{live, requests_filter};
use crate::{
    model::{PartnerFilter, PartnerStatus},
    store::{
        entity::{
            category,
            partner::{self, Column},
            partner_category,
        },
        folded::folded,
    },
};
use contract::ids::CategoryId;
use database::Dialect;
use sea_orm::{
    ColumnTrait as _,
    sea_query::{Condition, Expr, ExprTrait as _, Query, SelectStatement},
};
use std::collections::BTreeSet;

/// The type of a list of values of `partners.status`.
const STATUSES: &str = "partner_status_enum[]";

/// The live partners that a filter asks for. It is taken apart field by field,
/// so that a new one does not compile before it is handled.
pub(super) fn matching(dialect: Dialect, filter: &PartnerFilter) -> Condition {
    let PartnerFilter {
        statuses,
        categories,
        name,
    } = filter;
    let name = name.as_ref().map(|name| {
        let pattern = requests_filter::pattern(dialect, name.as_str(), |name| format!("%{name}%"));
        requests_filter::like(
            requests_filter::lower(folded(dialect, &Column::Name.into_expr())),
            requests_filter::lower(pattern),
        )
    });
    Condition::all()
        .add(live(Column::IsActive, Column::IsDeleted))
        .add_option(status_is_one_of(dialect, statuses))
        .add_option(works_in_one_of(dialect, categories))
        .add_option(name)
}

/// A row without a status is active.
fn status_is_one_of(dialect: Dialect, statuses: &BTreeSet<PartnerStatus>) -> Option<Condition> {
    let names = statuses.iter().map(|status| status.name());
    let status = || Expr::col((partner::Entity, Column::Status));
    let one_of = match dialect {
        // one statement text however many there are, and typed as the column is
        Dialect::Postgres => {
            let names: Vec<String> = names.map(str::to_owned).collect();
            let names = Expr::val(names).as_enum(STATUSES);
            Expr::cust_with_exprs("$1 = ANY($2)", [status(), names])
        }
        Dialect::Sqlite => status().is_in(names),
    };
    let none = statuses
        .contains(&PartnerStatus::Active)
        .then(|| status().is_null());
    (!statuses.is_empty()).then(|| Condition::any().add(one_of).add_option(none))
}

fn works_in_one_of(dialect: Dialect, categories: &BTreeSet<CategoryId>) -> Option<Expr> {
    let ids = categories.iter().map(|id| id.0);
    let mut links = live_links();
    links
        .expr(Expr::Constant(1.into()))
        .and_where(
            Expr::col((
                partner_category::Entity,
                partner_category::Column::PartnerId,
            ))
            .equals((partner::Entity, Column::Id)),
        )
        .and_where(dialect.one_of(partner_category::Column::CategoryId.into_expr(), ids));
    (!categories.is_empty()).then(|| Expr::exists(links))
}

/// The links between partners and categories that are live at both ends that
/// matter: the link itself, and the category.
pub(super) fn live_links() -> SelectStatement {
    Query::select()
        .from(partner_category::Entity)
        .inner_join(
            category::Entity,
            Expr::col((category::Entity, category::Column::Id)).equals((
                partner_category::Entity,
                partner_category::Column::CategoryId,
            )),
        )
        .cond_where(live(
            partner_category::Column::IsActive,
            partner_category::Column::IsDeleted,
        ))
        .cond_where(live(
            category::Column::IsActive,
            category::Column::IsDeleted,
        ))
        .take()
}
