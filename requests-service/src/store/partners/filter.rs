//! The conditions of a statement on `partners`.

use super::{live, requests_filter};
use crate::{
    model::{PartnerFilter, PartnerStatus},
    store::{
        entity::{
            category, enums,
            partner::Column,
            partner_category::{self, Relation},
        },
        folded::folded,
    },
};
use contract::ids::CategoryId;
use database::Dialect;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, RelationTrait as _, Select,
    sea_query::{Condition, Expr},
};
use std::collections::BTreeSet;

/// The condition of a filter. The filter is destructured, so that a new field does not compile
/// until it is handled.
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
    let values = statuses
        .iter()
        .map(|status| enums::PartnerStatus::from(*status));
    let one_of = requests_filter::one_of(dialect, Column::Status, values)?;
    let none = statuses
        .contains(&PartnerStatus::Active)
        .then(|| Column::Status.is_null());
    Some(Condition::any().add(one_of).add_option(none))
}

fn works_in_one_of(dialect: Dialect, categories: &BTreeSet<CategoryId>) -> Option<Expr> {
    use partner_category::Column as Link;
    let ids = categories.iter().map(|id| id.0);
    let partners = live_links()
        .column(Link::PartnerId)
        .filter(dialect.one_of(Link::CategoryId.into_expr(), ids));
    (!categories.is_empty()).then(|| Column::Id.in_subquery(partners.into_query()))
}

/// The links between partners and categories. A link counts only if neither it nor its category is
/// deleted or switched off. The caller adds the selected columns.
pub(super) fn live_links() -> Select<partner_category::Entity> {
    use partner_category::Column as Link;
    partner_category::Entity::find()
        .select_only()
        .join(JoinType::InnerJoin, Relation::Category.def())
        .filter(live(Link::IsActive, Link::IsDeleted))
        .filter(live(
            category::Column::IsActive,
            category::Column::IsDeleted,
        ))
}
