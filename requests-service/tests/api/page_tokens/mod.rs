//! A page token serves the list that it was given for, however the list is asked
//! for, and no other.

mod words;

use self::words::{other_partners, other_requests, partners, requests};
use crate::{
    partners_walk, random_filters,
    support::{ADMIN, MANAGER, Row, Service, reason},
};
use fastrand::Rng;
use proptest::{
    collection::vec,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnersRequest, Partner, PartnerOrder, PartnerRequestOrder,
};
use std::fmt::Debug;
use testing::{Kind, refusals::fields};
use tonic::Status;

/// Random, by a seed that is printed.
fn random() -> Rng {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    Rng::with_seed(seed)
}

fn assert_refused<T>(answer: Result<T, Status>, request: &impl Debug) {
    let Err(refusal) = answer else {
        panic!("served: {request:?}");
    };
    assert_eq!(reason(&refusal), "PAGE_TOKEN_INVALID", "{request:?}");
    assert_eq!(fields(&refusal), ["page_token"]);
}

testing::on_both_databases! {
    async fn a_walk_goes_on_however_its_list_is_asked_for_and_in_no_other_list(kind: Kind) {
        let service = Service::start(kind).await;
        let mut strategies = TestRunner::deterministic();
        let mut random = random();
        let rows = vec(random_filters::row(), 60).new_tree(&mut strategies).unwrap().current();
        let rows: Vec<Row> = (1..)
            .zip(rows)
            .map(|(id, row)| Row { id, number: format!("{}{id}", row.number), ..row })
            .collect();
        service.insert(&rows).await;
        let mut next_pages = 0;
        for round in 0..60 {
            let drawn = random_filters::filter().new_tree(&mut strategies).unwrap().current();
            let requested = ListPartnerRequestsRequest {
                filter: (round > 0).then_some(drawn),
                order: Some(PartnerRequestOrder { field: random.i32(0..6), direction: random.i32(0..3) }),
                page_size: 100,
                ..ListPartnerRequestsRequest::default()
            };
            let whole = service.list_ids(ADMIN, requested.clone()).await;
            let mut walked = Vec::new();
            let mut request = requests(&mut random, &requested);
            loop {
                let page = service.list(ADMIN, request.clone()).await.unwrap();
                walked.extend(page.partner_requests.iter().map(|row| row.request_id));
                if page.next_page_token.is_empty() {
                    break;
                }
                next_pages += 1;
                request = requests(&mut random, &ListPartnerRequestsRequest {
                    page_token: page.next_page_token,
                    ..requested.clone()
                });
                if walked.len() < 8 {
                    for other in other_requests(&request) {
                        assert_refused(service.list(ADMIN, other.clone()).await, &other);
                    }
                }
            }
            assert_eq!(walked, whole, "{requested:?}");
        }
        assert!(next_pages > 60, "{next_pages}");
    }

    async fn a_walk_of_partners_goes_on_however_they_are_asked_for_and_in_no_other_list(kind: Kind) {
        let mut strategies = TestRunner::deterministic();
        let mut random = random();
        let (service, _) = partners_walk::service_with(kind, &mut strategies).await;
        let ids = |page: &[Partner]| -> Vec<i32> {
            page.iter().map(|partner| partner.partner_id).collect()
        };
        let mut next_pages = 0;
        for round in 0..60 {
            let drawn = partners_walk::filter().new_tree(&mut strategies).unwrap().current();
            let requested = ListPartnersRequest {
                filter: (round > 0).then_some(drawn),
                order: Some(PartnerOrder { field: random.i32(0..4), direction: random.i32(0..3) }),
                page_size: 100,
                ..ListPartnersRequest::default()
            };
            let whole = service.list_partners(MANAGER, requested.clone()).await.unwrap();
            let mut walked = Vec::new();
            let mut request = partners(&mut random, &requested);
            loop {
                let page = service.list_partners(MANAGER, request.clone()).await.unwrap();
                walked.extend(ids(&page.partners));
                if page.next_page_token.is_empty() {
                    break;
                }
                next_pages += 1;
                request = partners(&mut random, &ListPartnersRequest {
                    page_token: page.next_page_token,
                    ..requested.clone()
                });
                if walked.len() < 8 {
                    for other in other_partners(&request) {
                        assert_refused(service.list_partners(MANAGER, other.clone()).await, &other);
                    }
                }
            }
            assert_eq!(walked, ids(&whole.partners), "{requested:?}");
        }
        assert!(next_pages > 60, "{next_pages}");
    }

    /// Both lists encode alike if they ask for everything in the usual order.
    async fn a_token_of_requests_is_none_of_partners_and_the_reverse(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[Row::new(1, Some(1)), Row::new(2, Some(1))]).await;
        let of_requests = ListPartnerRequestsRequest { page_size: 1, ..ListPartnerRequestsRequest::default() };
        let of_partners = ListPartnersRequest { page_size: 1, ..ListPartnersRequest::default() };
        let requests = service.list(ADMIN, of_requests.clone()).await.unwrap();
        let partners = service.list_partners(MANAGER, of_partners.clone()).await.unwrap();
        let crossed = ListPartnerRequestsRequest { page_token: partners.next_page_token, ..of_requests };
        assert_refused(service.list(ADMIN, crossed.clone()).await, &crossed);
        let crossed = ListPartnersRequest { page_token: requests.next_page_token, ..of_partners };
        assert_refused(service.list_partners(MANAGER, crossed.clone()).await, &crossed);
    }
}
