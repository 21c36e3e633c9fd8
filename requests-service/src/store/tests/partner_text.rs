//! The text of each statement about partners, as `text` has those about requests.

use super::{
    partners::{List, select_branches, select_count, select_counts},
    statement,
    text::text,
};
use crate::model::{
    AnyCase, Direction, PartnerFilter, PartnerOrder, PartnerOrderField, PartnerPosition,
    PartnerSort, PartnerStatus,
};
use contract::{
    ids::{CategoryId, PartnerId},
    time::Timestamp,
};
use database::Dialect;
use sea_orm::{QueryTrait as _, sea_query::SelectStatement};

const ID: PartnerId = PartnerId(42);

fn every_field() -> PartnerFilter {
    PartnerFilter {
        statuses: [PartnerStatus::Active, PartnerStatus::Suspended].into(),
        categories: [CategoryId(1), CategoryId(2)].into(),
        name: AnyCase::new("100%_\\".to_owned()),
    }
}

fn statements(dialect: Dialect) -> Vec<(&'static str, SelectStatement)> {
    let none = PartnerFilter::default();
    let all = every_field();
    let list = |filter, field, direction, after: Option<PartnerPosition>| {
        let list = List {
            dialect,
            filter,
            order: PartnerOrder { field, direction },
            limit: 13,
        };
        list.select(list.half(after)).into_query()
    };
    let after = |sort| Some(PartnerPosition { sort, id: ID });
    let time = PartnerSort::Time(Timestamp::from_micros(1_764_034_517_123_456));
    let name = PartnerSort::Name("Alpha".to_owned());
    let (ascending, descending) = (Direction::Ascending, Direction::Descending);
    let (created, by_name) = (PartnerOrderField::Created, PartnerOrderField::Name);
    let page = [ID, PartnerId(43)];
    vec![
        (
            "list: first page, newest first",
            list(&none, created, descending, None),
        ),
        (
            "list: after a row with the sort value",
            list(&none, created, descending, after(Some(time))),
        ),
        (
            "list: every filter, oldest first, after a row without the sort value",
            list(&all, created, ascending, after(None)),
        ),
        (
            "list: first page by name",
            list(&none, by_name, ascending, None),
        ),
        (
            "list: every filter, by name, after a row",
            list(&all, by_name, descending, after(Some(name))),
        ),
        ("count", select_count(dialect, &none).into_query()),
        (
            "count: every filter",
            select_count(dialect, &all).into_query(),
        ),
        (
            "counts of a page's partners",
            select_counts(dialect, &page).into_query(),
        ),
        (
            "branches of a page's partners",
            select_branches(dialect, &page),
        ),
    ]
}

/// However many values a list holds, PostgreSQL sees one text, so that its plans
/// are kept.
#[test]
fn the_length_of_a_list_does_not_change_the_text() {
    let postgres = Dialect::Postgres;
    let text = |select: &SelectStatement| statement(postgres, select).sql;
    let filtered = |count: usize| {
        let filter = PartnerFilter {
            statuses: PartnerStatus::ALL.into_iter().take(count).collect(),
            categories: [1, 2, 3].into_iter().take(count).map(CategoryId).collect(),
            name: None,
        };
        text(select_count(postgres, &filter).as_query())
    };
    assert_eq!(filtered(1), filtered(3));
    let page = |last| (1..=last).map(PartnerId).collect::<Vec<_>>();
    let of = |page: &[PartnerId]| {
        let counts = select_counts(postgres, page);
        [
            text(counts.as_query()),
            text(&select_branches(postgres, page)),
        ]
    };
    assert_eq!(of(&page(1)), of(&page(1_000)));
}

/// Nothing that comes from outside is written into a statement.
#[test]
fn no_value_is_part_of_the_text() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        for (name, select) in statements(dialect) {
            let sql = text(dialect, &select);
            for value in ["42", "43", "Alpha", "active'", "completed'", "100%"] {
                assert!(!sql.contains(value), "{name}: {value} in {sql}");
            }
        }
    }
}
