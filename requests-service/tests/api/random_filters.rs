//! Random filters, orders, pages and counts over random rows, against a filter in
//! memory.

use crate::{
    count::naive,
    support::{ADMIN, Row, Service, partner, range, seconds},
    walk::{FIELDS, sorted, walk},
};
use contract::time::Timestamp;
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::{select, subsequence},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use proto::requests::v1::{
    CountPartnerRequestsRequest, ListPartnerRequestsRequest, OrderDirection, PartnerRequestFilter,
    PartnerRequestGroup, PartnerRequestOrder, PartnerRequestOrderField, TimeRange,
};
use testing::Kind;

testing::on_both_databases! {
    async fn random_filters_list_what_a_filter_in_memory_leaves(kind: Kind) {
        let service = Service::start(kind).await;
        let mut random = TestRunner::deterministic();
        let rows = vec(row(), 90).new_tree(&mut random).unwrap().current();
        let rows: Vec<Row> = (1..)
            .zip(rows)
            .map(|(id, row)| Row {
                id,
                number: format!("{}{id}", row.number),
                ..row
            })
            .collect();
        service.insert(&rows).await;
        let mut some_and_not_all = 0;
        for _ in 0..150 {
            let filter = filter().new_tree(&mut random).unwrap().current();
            let requested = requested().new_tree(&mut random).unwrap().current();
            let seen = |row: &Row| requested.sees(row) && matches(row, &filter);
            let expected = sorted(&rows, seen, requested.field, requested.direction);
            let request = ListPartnerRequestsRequest {
                filter: Some(filter.clone()),
                order: Some(PartnerRequestOrder {
                    field: requested.field.into(),
                    direction: requested.direction.into(),
                }),
                page_size: requested.page_size,
                include_total_size: true,
                ..ListPartnerRequestsRequest::default()
            };
            // a partner user may name its own partner only
            let token = match requested.partner {
                Some(id) if filter.partner_ids.iter().all(|named| *named == id) => partner(id),
                Some(_) => continue,
                None => ADMIN.to_owned(),
            };
            let first = service.list(&token, request.clone()).await.unwrap();
            let walked = walk(&service, &token, request).await;
            assert_eq!(walked, expected, "{requested:?} {filter:?}");
            let total = i64::try_from(expected.len()).unwrap();
            assert_eq!(first.total_size, Some(total), "{requested:?} {filter:?}");
            for group in GROUPS {
                let request = CountPartnerRequestsRequest {
                    filter: Some(filter.clone()),
                    group_by: group.into(),
                };
                let counted = service.count(&token, request).await.unwrap();
                assert_eq!(counted, naive(&rows, seen, group), "{requested:?} {filter:?}");
                assert_eq!(counted.total_size, total, "{requested:?} {filter:?}");
            }
            some_and_not_all += usize::from((1..rows.len()).contains(&expected.len()));
        }
        // the filters are neither too narrow nor too wide to tell anything
        assert!(some_and_not_all > 50, "{some_and_not_all}");
    }
}

const STATUSES: [&str; 8] = [
    "submitted",
    "assigned",
    "confirmed",
    "in_progress",
    "completed",
    "closed",
    "rejected",
    "unassigned",
];

const GROUPS: [PartnerRequestGroup; 3] = [
    PartnerRequestGroup::Unspecified,
    PartnerRequestGroup::Category,
    PartnerRequestGroup::Branch,
];

/// Who asks, in which order, and for how many at a time.
#[derive(Clone, Debug)]
struct RequestedPage {
    partner: Option<i32>,
    field: PartnerRequestOrderField,
    direction: OrderDirection,
    page_size: i32,
}

impl RequestedPage {
    fn sees(&self, row: &Row) -> bool {
        self.partner.is_none() || row.partner == self.partner
    }
}

fn requested() -> impl Strategy<Value = RequestedPage> {
    let directions = vec![OrderDirection::Ascending, OrderDirection::Descending];
    (
        option::weighted(0.3, 1..=2),
        select(FIELDS.to_vec()),
        select(directions),
        prop_oneof![1..=9, Just(100)],
    )
        .prop_map(|(partner, field, direction, page_size)| RequestedPage {
            partner,
            field,
            direction,
            page_size,
        })
}

pub(crate) fn row() -> impl Strategy<Value = Row> {
    let time = || option::of((0..20_i64).prop_map(seconds));
    let things = (
        1..=3,
        option::of(1..=3),
        1..=3,
        option::of(1..=7),
        option::of(select(vec![11, 12, 21])),
        option::of(select(STATUSES.to_vec())),
    );
    let times = (time(), time(), time(), time(), time());
    // most rows are live
    let flags = || prop_oneof![9 => Just(true), 1 => Just(false)];
    (
        things,
        times,
        (flags(), flags()),
        "[aB%_\\\\ 'أاة\u{200e}]{0,4}",
        "[+0-2١ ()-]{0,6}",
        "[rR1١]{1,3}",
    )
        .prop_map(
            |(
                (category, service, pickup_option, partner, branch, status),
                (created, updated, submitted, assigned, completed),
                (is_active, is_not_deleted),
                name,
                phone,
                number,
            )| Row {
                category,
                service,
                pickup_option,
                branch,
                status,
                created,
                updated,
                submitted,
                assigned,
                completed,
                is_active: Some(is_active),
                is_deleted: Some(!is_not_deleted),
                customer_name: name,
                customer_phone: phone,
                number,
                ..Row::new(0, partner)
            },
        )
}

pub(crate) fn filter() -> impl Strategy<Value = PartnerRequestFilter> {
    // most fields are empty, or hardly a row would match
    let ids = |ids: Vec<i32>| prop_oneof![4 => Just(Vec::new()), 1 => subsequence(ids, 1..=3)];
    let time = || option::of((0..20_i64).prop_map(seconds));
    let times = || {
        (time(), time()).prop_map(|(one, other)| match (one, other) {
            (Some(one), Some(other)) => range(Some(one.min(other)), Some(one.max(other))),
            (start, end) => range(start, end),
        })
    };
    let times = || option::weighted(0.2, times());
    let text = |pattern: &'static str| prop_oneof![4 => Just(String::new()), 1 => pattern];
    let lists = (
        ids((1..=8).collect()),
        ids(vec![1, 2, 3]),
        ids(vec![11, 12, 21]),
        ids(vec![1, 2, 3]),
        ids(vec![1, 2, 3]),
        ids((1..=7).collect()),
    );
    let texts = (
        text("[aAbB%_\\\\ '0-2١+rRإه]\u{200e}?[aAbB%_\\\\ '0-2+rR]?"),
        text("\u{200e}?[aAbB%_\\\\ 'آه]{1,2}"),
        text("[ +]{0,1}[0-2]{1,2}"),
    );
    (lists, times(), times(), texts).prop_map(
        |(lists, submit_time, create_time, (text, customer_name, customer_phone))| {
            let (statuses, category_ids, branch_ids, service_ids, pickup_option_ids, partner_ids) =
                lists;
            PartnerRequestFilter {
                statuses,
                category_ids,
                branch_ids,
                service_ids,
                pickup_option_ids,
                partner_ids,
                submit_time,
                create_time,
                text,
                customer_name,
                customer_phone,
            }
        },
    )
}

/// What the contract says of a filter, word by word.
fn matches(row: &Row, filter: &PartnerRequestFilter) -> bool {
    let one_of = |list: &[i32], value: Option<i32>| {
        list.is_empty() || value.is_some_and(|value| list.contains(&value))
    };
    let status = row.status.and_then(|name| {
        let index = STATUSES.iter().position(|status| *status == name)?;
        i32::try_from(index + 1).ok()
    });
    let within = |range: Option<TimeRange>, value: Option<i64>| {
        let TimeRange {
            start_time,
            end_time,
        } = range.unwrap_or_default();
        let micros = |time: prost_types::Timestamp| Timestamp::try_from(time).unwrap().micros();
        let after =
            start_time.is_none_or(|start| value.is_some_and(|value| value >= micros(start)));
        let before = end_time.is_none_or(|end| value.is_some_and(|value| value <= micros(end)));
        after && before
    };
    let lower = |text: &str| {
        let folded = text.replace(['أ', 'إ', 'آ'], "ا").replace('ة', "ه");
        folded
            .replace('١', "1")
            .replace('\u{200e}', "")
            .to_lowercase()
    };
    let digits = |text: &str| {
        lower(text)
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let name_contains = |text: &str| lower(&row.customer_name).contains(&lower(text));
    let phone_contains = |text: &str| digits(&row.customer_phone).contains(&digits(text));
    let is_phone = |text: &str| {
        let only = lower(text)
            .chars()
            .all(|letter| letter.is_ascii_digit() || " +-.()".contains(letter));
        only && !digits(text).is_empty()
    };
    let any = |text: &str| {
        lower(&row.number).starts_with(&lower(text))
            || name_contains(text)
            || (is_phone(text) && phone_contains(text))
    };
    one_of(&filter.statuses, status)
        && one_of(&filter.category_ids, Some(row.category))
        && one_of(&filter.branch_ids, row.branch)
        && one_of(&filter.service_ids, row.service)
        && one_of(&filter.pickup_option_ids, Some(row.pickup_option))
        && one_of(&filter.partner_ids, row.partner)
        && within(filter.submit_time, row.submitted)
        && within(filter.create_time, row.created)
        && any(&filter.text)
        && name_contains(&filter.customer_name)
        && phone_contains(&filter.customer_phone)
}
