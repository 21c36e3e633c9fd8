//! The text of each statement: what it depends on, and what never stands in it.

use super::{List, count, get, statement};
use crate::{
    model::{
        AnyCase, Direction, Filter, Group, Key, Order, OrderField, PhoneDigits, Position,
        SearchText, Status, TimeRange, Visibility,
    },
    store::{
        entity::{partner, partner_request},
        folded::folded,
        timeline,
    },
};
use contract::{
    ids::{BranchId, CategoryId, PartnerId, PartnerRequestId, PickupOptionId, ServiceId},
    time::Timestamp,
};
use database::Dialect;
use sea_orm::{
    QueryTrait as _,
    sea_query::{Expr, Query, SelectStatement},
};

const STAFF: Visibility = Visibility::AllPartners;
const PARTNER: Visibility = Visibility::Partner(PartnerId(7));
const TIME: Timestamp = Timestamp::from_micros(1_764_034_517_123_456);
const ID: PartnerRequestId = PartnerRequestId(42);

#[allow(
    clippy::needless_update,
    reason = "a new field needs a value here only if it is a text"
)]
fn filled() -> Filter {
    let range = TimeRange {
        start: Some(TIME),
        end: Some(Timestamp::INFINITY),
    };
    Filter {
        statuses: [Status::Assigned, Status::InProgress].into(),
        categories: [CategoryId(1), CategoryId(2)].into(),
        branches: [BranchId(3), BranchId(4)].into(),
        services: [ServiceId(5), ServiceId(6)].into(),
        pickup_options: [PickupOptionId(7), PickupOptionId(8)].into(),
        partners: [PartnerId(9)].into(),
        submitted: range,
        created: range,
        text: SearchText::new("+20 100".to_owned()),
        customer_name: AnyCase::new("100%_\\".to_owned()),
        customer_phone: PhoneDigits::of("0100-123"),
        ..Filter::default()
    }
}

fn without_trigram() -> Filter {
    Filter {
        text: SearchText::new("+2-0".to_owned()),
        customer_name: AnyCase::new("a b".to_owned()),
        customer_phone: PhoneDigits::of("01"),
        ..Filter::default()
    }
}

fn statements(dialect: Dialect) -> Vec<(&'static str, SelectStatement)> {
    let none = Filter::default();
    let filled = filled();
    let list = |visibility, filter, field, direction, position| {
        let order = Order { field, direction };
        let limit = 21;
        let list = List {
            dialect,
            visibility,
            filter,
            order,
            limit,
        };
        list.select(list.half(position)).into_query()
    };
    let after = |sort| Some(Position { sort, id: ID });
    let (valued, unsorted) = (after(Some(TIME)), after(None));
    let (ascending, descending) = (Direction::Ascending, Direction::Descending);
    let (created, assigned) = (OrderField::Created, OrderField::Assigned);
    let count = |visibility, filter| count::select(dialect, visibility, filter).into_query();
    let kinds =
        |visibility, group| count::select_kinds(dialect, visibility, &none, group, 21).into_query();
    let get = |visibility, key| get::select(visibility, key, dialect.now(0)).into_query();
    let number = Key::Number("REQ-20251108-0011".to_owned());
    vec![
        (
            "list: staff, first page, newest first",
            list(STAFF, &none, created, descending, None),
        ),
        (
            "list: a partner, after a row with the sort value",
            list(PARTNER, &none, assigned, descending, valued),
        ),
        (
            "list: a partner, oldest first, after a row with the sort value",
            list(PARTNER, &none, assigned, ascending, valued),
        ),
        (
            "list: a partner, oldest first, after a row without the sort value",
            list(PARTNER, &none, assigned, ascending, unsorted),
        ),
        (
            "list: staff, a filter, after a row without the sort value",
            list(STAFF, &filled, created, descending, unsorted),
        ),
        ("count: staff", count(STAFF, &none)),
        ("count: a partner, a filter", count(PARTNER, &filled)),
        (
            "count: staff, a search without a trigram",
            count(STAFF, &without_trigram()),
        ),
        ("count of kinds: a partner, by status", kinds(PARTNER, None)),
        (
            "count of kinds: staff, by category",
            kinds(STAFF, Some(Group::Category)),
        ),
        ("get: staff, by id", get(STAFF, &Key::Id(ID))),
        ("get: a partner, by number", get(PARTNER, &number)),
        ("timeline", timeline::entries(ID).into_query()),
        ("assignments", timeline::assignments(ID).into_query()),
    ]
}

/// A statement's text, in which `folded(…)` stands for the long expression of it.
pub(super) fn text(dialect: Dialect, select: &SelectStatement) -> String {
    let columns = [
        Expr::col((
            partner_request::Entity,
            partner_request::Column::RequestNumber,
        )),
        Expr::col((
            partner_request::Entity,
            partner_request::Column::CustomerName,
        )),
        Expr::col((
            partner_request::Entity,
            partner_request::Column::CustomerPhone,
        )),
        Expr::col((partner::Entity, partner::Column::Name)),
    ];
    let alone = |expression: Expr| {
        let sql = statement(dialect, &Query::select().expr(expression).take()).sql;
        sql.trim_start_matches("SELECT ").to_owned()
    };
    columns
        .iter()
        .fold(statement(dialect, select).sql, |sql, column| {
            let short = format!("folded({})", alone(column.clone()));
            sql.replace(&alone(folded(dialect, column)), &short)
        })
}

/// However many values a list in the filter holds, PostgreSQL sees one text, so
/// that its plans are kept.
#[test]
fn the_length_of_a_list_does_not_change_the_text() {
    let sql = |count: i32| {
        let filter = Filter {
            categories: (1..=count).map(CategoryId).collect(),
            statuses: Status::ALL
                .into_iter()
                .take(usize::try_from(count).unwrap())
                .collect(),
            ..Filter::default()
        };
        statement(
            Dialect::Postgres,
            count::select(Dialect::Postgres, STAFF, &filter).as_query(),
        )
        .sql
    };
    assert_eq!(sql(2), sql(8));
}

/// Nothing that comes from outside is written into a statement.
#[test]
fn no_value_is_part_of_the_text() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        for (name, select) in statements(dialect) {
            let sql = text(dialect, &select);
            for value in ["42", "REQ-2025", "assigned'", "20 100", "100%", "123"] {
                assert!(!sql.contains(value), "{name}: {value} in {sql}");
            }
        }
    }
}
