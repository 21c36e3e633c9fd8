//! Walking all pages gives each row once.

use crate::support::{ADMIN, Row, Service, partner, seconds};
use proto::requests::v1::{
    ListPartnerRequestsRequest, OrderDirection, PartnerRequestOrder, PartnerRequestOrderField,
};
use std::cmp::Reverse;
use testing::{Kind, pages::all_pages};
use tonic::Status;

pub(crate) const FIELDS: [PartnerRequestOrderField; 5] = [
    PartnerRequestOrderField::CreateTime,
    PartnerRequestOrderField::UpdateTime,
    PartnerRequestOrderField::SubmitTime,
    PartnerRequestOrderField::AssignTime,
    PartnerRequestOrderField::CompleteTime,
];

fn value(field: PartnerRequestOrderField, row: &Row) -> Option<i64> {
    match field {
        PartnerRequestOrderField::Unspecified | PartnerRequestOrderField::CreateTime => row.created,
        PartnerRequestOrderField::UpdateTime => row.updated,
        PartnerRequestOrderField::SubmitTime => row.submitted,
        PartnerRequestOrderField::AssignTime => row.assigned,
        PartnerRequestOrderField::CompleteTime => row.completed,
    }
}

/// Half of each kind of value is NULL, the others have many ties, and two are
/// infinite; the ids say nothing about the order.
fn rows() -> Vec<Row> {
    let value = |id: i64, step: i64, ties: i64| match (id * step) % 101 {
        0 => Some(i64::MAX),
        1 => Some(i64::MIN),
        mixed if mixed % 2 == 0 => Some(seconds(mixed % ties) + mixed % 3),
        _ => None,
    };
    let owners = [Some(1), Some(2), None, Some(1)];
    (1..=100)
        .map(|id| {
            let number = i64::from(id);
            Row {
                created: value(number, 7, 5),
                updated: value(number, 11, 1),
                submitted: value(number, 13, 30),
                assigned: value(number, 17, 9),
                completed: value(number, 19, 3),
                is_active: (id % 29 != 0).then_some(true),
                is_deleted: Some(id % 31 == 0),
                ..Row::new(id, owners[usize::try_from(id).unwrap() % owners.len()])
            }
        })
        .collect()
}

/// The ids in order, by sorting in memory.
pub(crate) fn sorted(
    rows: &[Row],
    seen: impl Fn(&Row) -> bool,
    field: PartnerRequestOrderField,
    direction: OrderDirection,
) -> Vec<i32> {
    let live = |row: &&Row| row.is_active == Some(true) && row.is_deleted == Some(false);
    let mut seen: Vec<&Row> = rows.iter().filter(live).filter(|row| seen(row)).collect();
    let key = |row: &&Row| (value(field, row), row.id);
    match direction {
        OrderDirection::Ascending => seen.sort_by_key(key),
        OrderDirection::Unspecified | OrderDirection::Descending => {
            seen.sort_by_key(|row| Reverse(key(row)));
        }
    }
    // stable: only those without the value move, to the end
    seen.sort_by_key(|row| value(field, row).is_none());
    seen.iter().map(|row| row.id).collect()
}

/// The ids of all pages, one page after another.
pub(crate) async fn walk(
    service: &Service,
    token: &str,
    first: ListPartnerRequestsRequest,
) -> Vec<i32> {
    let size = usize::try_from(first.page_size).unwrap();
    let walked = all_pages(async |page_token| {
        let request = ListPartnerRequestsRequest {
            page_token,
            ..first.clone()
        };
        let page = service.list(token, request).await?;
        assert!(page.partner_requests.len() <= size);
        assert!(page.next_page_token.is_empty() || page.partner_requests.len() == size);
        let ids = page.partner_requests.iter().map(|row| row.request_id);
        Ok::<_, Status>((ids.collect(), page.next_page_token))
    });
    walked.await.unwrap()
}

testing::on_both_databases! {
    async fn walking_all_pages_gives_each_row_once_and_in_order(kind: Kind) {
        let service = Service::start(kind).await;
        let rows = rows();
        service.insert(&rows).await;
        for field in FIELDS {
            for direction in [OrderDirection::Ascending, OrderDirection::Descending] {
                let of_all = sorted(&rows, |_| true, field, direction);
                let of_one = sorted(&rows, |row| row.partner == Some(1), field, direction);
                for (token, expected) in [(ADMIN, of_all), (&partner(1), of_one)] {
                    for page_size in [1, 2, 7, 100] {
                        let order = PartnerRequestOrder {
                            field: field.into(),
                            direction: direction.into(),
                        };
                        let first = ListPartnerRequestsRequest {
                            order: Some(order),
                            page_size,
                            ..ListPartnerRequestsRequest::default()
                        };
                        let walked = walk(&service, token, first).await;
                        assert_eq!(
                            walked, expected,
                            "{token}: {field:?} {direction:?}, {page_size} a page"
                        );
                    }
                }
            }
        }
    }
}
