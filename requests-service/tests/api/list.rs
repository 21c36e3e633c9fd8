//! ListPartnerRequests: pages, totals, defaults.

use crate::support::{ADMIN, OPERATION, Row, Service, partner, seconds};
use proto::requests::v1::{ListPartnerRequestsRequest, PartnerRequestFilter};
use testing::Kind;

fn sized(page_size: i32) -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest {
        page_size,
        ..ListPartnerRequestsRequest::default()
    }
}

testing::on_both_databases! {
    async fn the_default_page_size_is_20(kind: Kind) {
        let service = Service::start(kind).await;
        let rows: Vec<Row> = (1..=150).map(|id| Row::new(id, Some(1))).collect();
        service.insert(&rows).await;
        for (requested, expected) in [
            (0, 20),
            (1, 1),
            (99, 99),
            (100, 100),
            (101, 100),
            (i32::MAX, 100),
        ] {
            let page = service.list(ADMIN, sized(requested)).await.unwrap();
            assert_eq!(page.partner_requests.len(), expected, "{requested}");
            assert!(!page.next_page_token.is_empty());
        }
        // created, newest first
        let newest: Vec<i32> = (131..=150).rev().collect();
        assert_eq!(service.list_ids(ADMIN, sized(0)).await, newest);
    }

    async fn the_total_is_counted_only_when_asked_for(kind: Kind) {
        let service = Service::start(kind).await;
        let rows: Vec<Row> = (1..=30).map(|id| Row::new(id, Some(1 + id % 2))).collect();
        service.insert(&rows).await;
        let page = service.list(ADMIN, sized(3)).await.unwrap();
        assert_eq!(page.total_size, None);
        let counted = ListPartnerRequestsRequest {
            include_total_size: true,
            ..sized(3)
        };
        let page = service.list(ADMIN, counted.clone()).await.unwrap();
        assert_eq!(page.total_size, Some(30));
        // over all pages, on each of them
        let next = ListPartnerRequestsRequest {
            page_token: page.next_page_token,
            ..counted.clone()
        };
        assert_eq!(
            service.list(ADMIN, next).await.unwrap().total_size,
            Some(30)
        );
        assert_eq!(
            service
                .list(&partner(1), counted.clone())
                .await
                .unwrap()
                .total_size,
            Some(15)
        );
        let filtered = ListPartnerRequestsRequest {
            filter: Some(PartnerRequestFilter {
                category_ids: vec![3],
                ..PartnerRequestFilter::default()
            }),
            ..counted
        };
        assert_eq!(
            service.list(ADMIN, filtered).await.unwrap().total_size,
            Some(0)
        );
    }

    async fn a_full_last_page_has_no_next(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row::new(1, Some(1)), Row::new(2, Some(1))])
            .await;
        let page = service.list(ADMIN, sized(2)).await.unwrap();
        assert_eq!(page.partner_requests.len(), 2);
        assert_eq!(page.next_page_token, "");
    }

    async fn only_live_rows_are_listed_and_counted(kind: Kind) {
        let service = Service::start(kind).await;
        let flags = [Some(true), Some(false), None];
        let rows: Vec<Row> = (1..=9)
            .map(|id| {
                let index = usize::try_from(id - 1).unwrap();
                Row {
                    is_active: flags[index / 3],
                    is_deleted: flags[index % 3],
                    ..Row::new(id, Some(1))
                }
            })
            .collect();
        service.insert(&rows).await;
        let counted = ListPartnerRequestsRequest {
            include_total_size: true,
            ..sized(0)
        };
        for token in [ADMIN, OPERATION, &partner(1)] {
            // active and not deleted, both said: the second
            assert_eq!(service.list_ids(token, counted.clone()).await, [2]);
            assert_eq!(
                service
                    .list(token, counted.clone())
                    .await
                    .unwrap()
                    .total_size,
                Some(1)
            );
        }
    }

    /// Paging by position: what is inserted above does not shift what follows.
    async fn rows_that_stand_still_are_seen_once_while_others_move(kind: Kind) {
        let service = Service::start(kind).await;
        let rows: Vec<Row> = (1..=6).map(|id| Row::new(id, Some(1))).collect();
        service.insert(&rows).await;
        let first = service.list(ADMIN, sized(3)).await.unwrap();
        service
            .insert(&[
                Row {
                    created: Some(seconds(1_000)),
                    ..Row::new(7, Some(1))
                },
                Row {
                    created: None,
                    ..Row::new(8, Some(1))
                },
            ])
            .await;
        service
            .execute("UPDATE requests SET is_deleted = true WHERE id = 4")
            .await;
        let next = ListPartnerRequestsRequest {
            page_token: first.next_page_token,
            ..sized(0)
        };
        assert_eq!(service.list_ids(ADMIN, next).await, [3, 2, 1, 8]);
    }
}
