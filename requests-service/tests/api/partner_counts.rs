//! ListPartners: how much there is of each partner, and what it costs to say.

use crate::support::{BranchRow, MANAGER, PartnerRow, Row, Service, start_without_partners};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use proto::requests::v1::{ListPartnersRequest, PartnerCounts};
use testing::{Kind, Role, TestDatabase, tap::Tap};

const PARTNERS: i32 = 9;

fn counted(page_size: i32) -> ListPartnersRequest {
    ListPartnersRequest {
        include_counts: true,
        page_size,
        ..ListPartnersRequest::default()
    }
}

/// Most rows are live.
fn flag(live: bool) -> impl Strategy<Value = Option<bool>> + Clone {
    prop_oneof![8 => Just(Some(live)), 1 => Just(Some(!live)), 1 => Just(None)]
}

/// A request with its rating. The last partners have none.
fn request() -> impl Strategy<Value = (Row, Option<i32>)> {
    let statuses = vec![
        "assigned",
        "in_progress",
        "completed",
        "closed",
        "unassigned",
    ];
    (
        option::of(1..=PARTNERS - 2),
        option::of(select(statuses)),
        flag(true),
        flag(false),
        option::of(1..=5),
    )
        .prop_map(|(partner, status, is_active, is_deleted, rating)| {
            let row = Row {
                status,
                is_active,
                is_deleted,
                ..Row::new(0, partner)
            };
            (row, rating)
        })
}

fn branch() -> impl Strategy<Value = BranchRow> {
    (1..=PARTNERS - 1, flag(true), flag(false)).prop_map(|(partner, is_active, is_deleted)| {
        BranchRow {
            is_active,
            is_deleted,
            ..BranchRow::new(0, partner, "Branch")
        }
    })
}

/// Live links, and deleted ones, to each of three categories.
fn links() -> impl Strategy<Value = (Vec<i32>, Vec<i32>)> {
    vec(option::of(any::<bool>()), 3).prop_map(|links| {
        let of = |wanted| {
            let links = (1..).zip(&links);
            let links = links.filter(move |(_, link)| **link == Some(wanted));
            links.map(|(category, _)| category).collect()
        };
        (of(true), of(false))
    })
}

/// What the contract says of the counts, word by word. Category 3 is deleted.
fn counts(
    partner: &PartnerRow,
    branches: &[BranchRow],
    requests: &[(Row, Option<i32>)],
) -> PartnerCounts {
    let count = |count: usize| i64::try_from(count).unwrap();
    let requests: Vec<&(Row, Option<i32>)> = requests
        .iter()
        .filter(|(row, _)| row.partner == Some(partner.id))
        .filter(|(row, _)| row.is_active == Some(true) && row.is_deleted == Some(false))
        .collect();
    let is_completed = |row: &Row| matches!(row.status, Some("completed" | "closed"));
    let completed = requests.iter().filter(|(row, _)| is_completed(row));
    let ratings: Vec<f64> = requests
        .iter()
        .filter_map(|(_, rating)| rating.map(f64::from))
        .collect();
    let ratings_count = f64::from(u32::try_from(ratings.len()).unwrap());
    let branches = branches
        .iter()
        .filter(|branch| branch.partner == partner.id && branch.is_live());
    PartnerCounts {
        branches: count(branches.count()),
        categories: count(partner.categories.iter().filter(|id| **id != 3).count()),
        requests: count(requests.len()),
        completed_requests: count(completed.count()),
        mean_rating: (!ratings.is_empty()).then(|| ratings.iter().sum::<f64>() / ratings_count),
    }
}

testing::on_both_databases! {
    async fn counts_are_what_counting_in_memory_gives(kind: Kind) {
        let service = start_without_partners(kind).await;
        let mut random = TestRunner::deterministic();
        let mut drawn = |size| {
            let rows = (vec(links(), 9), vec(branch(), size), vec(request(), size));
            rows.new_tree(&mut random).unwrap().current()
        };
        let (links, branches, requests) = drawn(300);
        let partners: Vec<PartnerRow> = (1..=PARTNERS)
            .zip(links)
            .map(|(id, (categories, left_categories))| PartnerRow {
                categories,
                left_categories,
                ..PartnerRow::new(id)
            })
            .collect();
        let branches: Vec<BranchRow> = (1..)
            .zip(branches)
            .map(|(id, row)| BranchRow { id, ..row })
            .collect();
        let rows: Vec<Row> = (1..)
            .zip(&requests)
            .map(|(id, (row, _))| Row {
                id,
                number: format!("REQ-{id}"),
                ..row.clone()
            })
            .collect();
        service.insert_partners(&partners).await;
        service.insert_branches(&branches).await;
        service.insert(&rows).await;
        for (id, (_, rating)) in (1..).zip(&requests) {
            if let Some(rating) = rating {
                service.execute(&format!("UPDATE requests SET rating = {rating} WHERE id = {id}")).await;
            }
        }
        service.execute("UPDATE categories SET is_deleted = true WHERE id = 3").await;

        for page_size in [4, PARTNERS] {
            let page = service.list_partners(MANAGER, counted(page_size)).await.unwrap();
            assert_eq!(page.partners.len(), usize::try_from(page_size).unwrap());
            for shown in &page.partners {
                let partner = partners.iter().find(|row| row.id == shown.partner_id).unwrap();
                let actual = shown.counts.unwrap();
                let expected = counts(partner, &branches, &requests);
                let whole = |counts: PartnerCounts| PartnerCounts { mean_rating: None, ..counts };
                assert_eq!(whole(actual), whole(expected), "{partner:?}");
                match (actual.mean_rating, expected.mean_rating) {
                    (Some(actual), Some(expected)) => assert!((actual - expected).abs() < 1e-9),
                    (actual, expected) => assert_eq!(actual, expected, "{partner:?}"),
                }
            }
        }
        // the data say something: there are partners with much and with nothing
        let all: Vec<PartnerCounts> = partners.iter().map(|row| counts(row, &branches, &requests)).collect();
        assert!(all.iter().any(|counts| counts.completed_requests > 5 && counts.mean_rating.is_some()));
        assert_eq!(all[8].requests + all[8].branches, 0);
    }
}

/// Mistake 10 in another place: the old list asked once for each partner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_fifty_partners_costs_the_statements_of_a_page_of_one() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let tap = Tap::start(&database).await;
    let url = database.url_tapped(&tap, Role::Requests);
    let service = Service::at(database, &url).await;
    let partners: Vec<PartnerRow> = (1..=60).map(PartnerRow::new).collect();
    service.insert_partners(&partners).await;
    let branches: Vec<BranchRow> = (1..=60).map(|id| BranchRow::new(id, id, "Main")).collect();
    service.insert_branches(&branches).await;
    let with_all = |page_size| ListPartnersRequest {
        include_total_size: true,
        include_branches: true,
        ..counted(page_size)
    };
    let plain = |page_size| ListPartnersRequest {
        page_size,
        ..ListPartnersRequest::default()
    };
    service.list_partners(MANAGER, plain(1)).await.unwrap();
    assert!(!tap.taken().is_empty(), "the tap works");
    for size in [1, 50] {
        for (request, expected) in [(plain(size), 1), (counted(size), 2), (with_all(size), 4)] {
            let page = service.list_partners(MANAGER, request).await.unwrap();
            assert_eq!(page.partners.len(), usize::try_from(size).unwrap());
            let statements = tap.taken();
            assert_eq!(statements.len(), expected, "{statements:#?}");
        }
    }
}
