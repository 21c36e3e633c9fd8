//! Walking all pages of partners, by random filters, orders and page sizes,
//! against a filter in memory, also while partners come and change.

use crate::support::{MANAGER, PartnerRow, Service, seconds, start_without_partners};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::{select, subsequence},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use proto::requests::v1::{
    ListPartnersRequest, OrderDirection, PartnerFilter, PartnerOrder, PartnerOrderField,
};
use std::cmp::Reverse;
use testing::{Kind, pages::all_pages};
use tonic::Status;

const FIELDS: [PartnerOrderField; 3] = [
    PartnerOrderField::CreateTime,
    PartnerOrderField::UpdateTime,
    PartnerOrderField::Name,
];
const DIRECTIONS: [OrderDirection; 2] = [OrderDirection::Ascending, OrderDirection::Descending];

/// Half of each kind of time is NULL, the others have many ties, and a few are
/// infinite; names have ties, too.
pub(crate) fn row() -> impl Strategy<Value = PartnerRow> {
    let time = || {
        option::of(prop_oneof![
            8 => (0..4_i64).prop_map(seconds),
            1 => Just(i64::MAX),
            1 => Just(i64::MIN),
        ])
    };
    let names = prop_oneof!["[aBb%_\\\\ 'é~س]{0,2}", "[aB]{255}"];
    let flag =
        |live: bool| prop_oneof![9 => Just(Some(live)), 1 => Just(Some(!live)), 1 => Just(None)];
    let statuses = vec!["active", "inactive", "suspended"];
    (
        names,
        option::of(select(statuses)),
        (time(), time()),
        (flag(true), flag(false)),
        vec(option::of(any::<bool>()), 3),
    )
        .prop_map(
            |(name, status, (created, updated), (is_active, is_deleted), links)| {
                let of = |wanted| {
                    let links = (1..).zip(&links);
                    let links = links.filter(move |(_, link)| **link == Some(wanted));
                    links.map(|(category, _)| category).collect()
                };
                PartnerRow {
                    name,
                    status,
                    created,
                    updated,
                    is_active,
                    is_deleted,
                    categories: of(true),
                    left_categories: of(false),
                    ..PartnerRow::new(0)
                }
            },
        )
}

pub(crate) fn filter() -> impl Strategy<Value = PartnerFilter> {
    (
        prop_oneof![2 => Just(Vec::new()), 1 => subsequence(vec![1, 2, 3], 1..=3)],
        prop_oneof![2 => Just(Vec::new()), 1 => subsequence(vec![1, 2, 3], 1..=3)],
        prop_oneof![2 => Just(String::new()), 1 => "[aAbB%_\\\\ 'س]{1}"],
    )
        .prop_map(|(statuses, category_ids, name)| PartnerFilter {
            statuses,
            category_ids,
            name,
        })
}

/// What the contract says of a filter, word by word. Category 3 is deleted.
fn matches(row: &PartnerRow, filter: &PartnerFilter) -> bool {
    let status = match row.status {
        None | Some("active") => 1,
        Some("inactive") => 2,
        Some(_) => 3,
    };
    let works_in = |category: &i32| *category != 3 && row.categories.contains(category);
    row.is_live()
        && (filter.statuses.is_empty() || filter.statuses.contains(&status))
        && (filter.category_ids.is_empty() || filter.category_ids.iter().any(works_in))
        && row
            .name
            .to_lowercase()
            .contains(&filter.name.to_lowercase())
}

/// The sort value: a time, or a name as bytes.
fn value(field: PartnerOrderField, row: &PartnerRow) -> Option<(i64, &[u8])> {
    let by_time = |time: Option<i64>| time.map(|time| (time, &b""[..]));
    match field {
        PartnerOrderField::Unspecified | PartnerOrderField::CreateTime => by_time(row.created),
        PartnerOrderField::UpdateTime => by_time(row.updated),
        PartnerOrderField::Name => Some((0, row.name.as_bytes())),
    }
}

/// The ids in order, by filtering and sorting in memory.
fn expected(
    rows: &[PartnerRow],
    filter: &PartnerFilter,
    field: PartnerOrderField,
    direction: OrderDirection,
) -> Vec<i32> {
    let mut left: Vec<&PartnerRow> = rows.iter().filter(|row| matches(row, filter)).collect();
    let key = |row: &PartnerRow| {
        (
            value(field, row).map(|(time, name)| (time, name.to_vec())),
            row.id,
        )
    };
    match direction {
        OrderDirection::Ascending => left.sort_by_key(|row| key(row)),
        OrderDirection::Unspecified | OrderDirection::Descending => {
            left.sort_by_key(|row| Reverse(key(row)));
        }
    }
    // stable: only those without the value move, to the end
    left.sort_by_key(|row| value(field, row).is_none());
    left.iter().map(|row| row.id).collect()
}

fn first_page(
    filter: &PartnerFilter,
    field: PartnerOrderField,
    direction: OrderDirection,
    page_size: i32,
) -> ListPartnersRequest {
    ListPartnersRequest {
        filter: Some(filter.clone()),
        order: Some(PartnerOrder {
            field: field.into(),
            direction: direction.into(),
        }),
        page_size,
        include_total_size: true,
        ..ListPartnersRequest::default()
    }
}

/// The ids on all pages. `between` runs between a page and the next.
pub(crate) async fn walk(
    service: &Service,
    first: ListPartnersRequest,
    total: Option<i64>,
    mut between: impl AsyncFnMut(),
) -> Vec<i32> {
    let size = usize::try_from(first.page_size).unwrap();
    let walked = all_pages(async |page_token| {
        if !page_token.is_empty() {
            between().await;
        }
        let request = ListPartnersRequest {
            page_token,
            ..first.clone()
        };
        let page = service.list_partners(MANAGER, request).await?;
        assert!(page.partners.len() <= size);
        assert!(page.next_page_token.is_empty() || page.partners.len() == size);
        assert!(total.is_none() || page.total_size == total);
        let ids = page.partners.iter().map(|partner| partner.partner_id);
        Ok::<_, Status>((ids.collect(), page.next_page_token))
    });
    walked.await.unwrap()
}

pub(crate) async fn service_with(
    kind: Kind,
    random: &mut TestRunner,
) -> (Service, Vec<PartnerRow>) {
    let service = start_without_partners(kind).await;
    service
        .execute("UPDATE categories SET is_deleted = true WHERE id = 3")
        .await;
    let rows = vec(row(), 60).new_tree(random).unwrap().current();
    let rows: Vec<PartnerRow> = (1..)
        .zip(rows)
        .map(|(id, row)| PartnerRow { id, ..row })
        .collect();
    service.insert_partners(&rows).await;
    (service, rows)
}

testing::on_both_databases! {
    async fn walking_all_pages_of_partners_gives_each_once_and_in_order(kind: Kind) {
        let mut random = TestRunner::deterministic();
        let (service, rows) = service_with(kind, &mut random).await;
        let mut some_and_not_all = 0;
        for round in 0..60 {
            let drawn = if round == 0 { Just(PartnerFilter::default()).boxed() } else { filter().boxed() };
            let filter = drawn.new_tree(&mut random).unwrap().current();
            let page_size = select(vec![1, 2, 7, 60]).new_tree(&mut random).unwrap().current();
            for field in FIELDS {
                for direction in DIRECTIONS {
                    let expected = expected(&rows, &filter, field, direction);
                    let first = first_page(&filter, field, direction, page_size);
                    let total = i64::try_from(expected.len()).unwrap();
                    let walked = walk(&service, first, Some(total), async || {}).await;
                    assert_eq!(walked, expected, "{filter:?} {field:?} {direction:?}, {page_size} a page");
                    some_and_not_all += usize::from((1..rows.len()).contains(&expected.len()));
                }
            }
        }
        // the filters are neither too narrow nor too wide to tell anything
        assert!(some_and_not_all > 100, "{some_and_not_all}");
    }

    async fn partners_that_stand_still_are_seen_once_while_others_move(kind: Kind) {
        let mut random = TestRunner::deterministic();
        let (service, rows) = service_with(kind, &mut random).await;
        let (moving, still): (Vec<PartnerRow>, Vec<PartnerRow>) =
            rows.into_iter().partition(|row| row.id % 4 == 0);
        let mut changes = 0;
        let mut next_id = 1_000;
        for field in FIELDS {
            for direction in DIRECTIONS {
                for filter in [PartnerFilter::default(), filter().new_tree(&mut random).unwrap().current()] {
                    let first = first_page(&filter, field, direction, 5);
                    let walked = walk(&service, first, None, async || {
                        let come = PartnerRow { id: next_id, ..row().new_tree(&mut random).unwrap().current() };
                        next_id += 1;
                        service.insert_partners(&[come]).await;
                        let id = moving[changes % moving.len()].id;
                        // to one end, to the other, to those without a value, out of sight
                        let change = [
                            "created_at = NULL, updated_at = NULL, name = '', is_active = true",
                            "status = 'suspended', name = 'zz', is_deleted = false",
                            "name = '~', is_active = true, is_deleted = false",
                            "is_deleted = true",
                        ][changes % 4];
                        changes += 1;
                        service.execute(&format!("UPDATE partners SET {change} WHERE id = {id}")).await;
                    })
                    .await;
                    let stood: Vec<i32> = walked
                        .into_iter()
                        .filter(|id| still.iter().any(|row| row.id == *id))
                        .collect();
                    let expected = expected(&still, &filter, field, direction);
                    assert_eq!(stood, expected, "{filter:?} {field:?} {direction:?}");
                }
            }
        }
        assert!(changes > 50, "{changes}");
    }
}
