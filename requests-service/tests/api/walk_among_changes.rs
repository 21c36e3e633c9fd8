//! Walking all pages while rows come, go and move.

use crate::{
    support::{ADMIN, Row, Service, partner, seconds},
    walk::{FIELDS, sorted},
};
use proto::requests::v1::{
    ListPartnerRequestsRequest, OrderDirection, PartnerRequestOrder, PartnerRequestOrderField,
};
use std::collections::HashSet;
use testing::Kind;

/// Few values, so that there are ties; half of them NULL.
fn value(random: &mut fastrand::Rng) -> Option<i64> {
    random.bool().then(|| seconds(random.i64(0..6)))
}

fn row(random: &mut fastrand::Rng, id: i32) -> Row {
    let partner = [Some(1), Some(2), None][random.usize(0..3)];
    let mut value = || value(random);
    Row {
        created: value(),
        updated: value(),
        submitted: value(),
        assigned: value(),
        completed: value(),
        ..Row::new(id, partner)
    }
}

fn column(field: PartnerRequestOrderField) -> &'static str {
    match field {
        PartnerRequestOrderField::Unspecified | PartnerRequestOrderField::CreateTime => {
            "created_at"
        }
        PartnerRequestOrderField::UpdateTime => "updated_at",
        PartnerRequestOrderField::SubmitTime => "submitted_at",
        PartnerRequestOrderField::AssignTime => "assigned_at",
        PartnerRequestOrderField::CompleteTime => "completed_at",
    }
}

/// Moves a row to another place in the order, or out of sight.
fn change(random: &mut fastrand::Rng, kind: Kind, column: &str, id: i32) -> String {
    let set = match random.u8(0..4) {
        0 => "is_deleted = true".to_owned(),
        1 => "partner_id = 2".to_owned(),
        2 => format!("{column} = NULL"),
        _ => match (kind, seconds(random.i64(0..6))) {
            (Kind::Sqlite, micros) => format!("{column} = {micros}"),
            (Kind::Postgres, micros) => {
                format!("{column} = timestamptz 'epoch' + interval '{micros} microseconds'")
            }
        },
    };
    // the application's trigger sets updated_at, which is one more move
    format!("UPDATE requests SET {set} WHERE id = {id}")
}

testing::on_both_databases! {
    async fn a_row_that_stood_still_is_seen_once_whatever_happens_around_it(kind: Kind) {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..12 {
            let service = Service::start(kind).await;
            let rows: Vec<Row> = (1..=60).map(|id| row(&mut random, id)).collect();
            service.insert(&rows).await;
            let field = FIELDS[random.usize(0..FIELDS.len())];
            let direction = [OrderDirection::Ascending, OrderDirection::Descending][random.usize(0..2)];
            let (token, own) = if random.bool() { (ADMIN.to_owned(), None) } else { (partner(1), Some(1)) };
            let mut request = ListPartnerRequestsRequest {
                order: Some(PartnerRequestOrder { field: field.into(), direction: direction.into() }),
                page_size: random.i32(1..=9),
                ..ListPartnerRequestsRequest::default()
            };
            let mut walked = Vec::new();
            let mut changed = HashSet::new();
            let mut next_id = 1_000;
            loop {
                let page = service.list(&token, request.clone()).await.unwrap();
                walked.extend(page.partner_requests.iter().map(|row| row.request_id));
                assert!(walked.len() < 1_000, "seed {seed}: the walk has no end");
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
                // few enough that the walk comes to its end
                if random.bool() && changed.len() < 30 {
                    service.insert(&[row(&mut random, next_id)]).await;
                    next_id += 1;
                    let id = random.i32(1..=60);
                    changed.insert(id);
                    service.execute(&change(&mut random, kind, column(field), id)).await;
                }
            }
            let stood_still = |row: &Row| !changed.contains(&row.id) && (own.is_none() || row.partner == own);
            let expected = sorted(&rows, stood_still, field, direction);
            let still: HashSet<i32> = expected.iter().copied().collect();
            walked.retain(|id| still.contains(id));
            assert_eq!(walked, expected, "seed {seed}: {field:?} {direction:?} {own:?}, changed {changed:?}");
        }
    }
}
