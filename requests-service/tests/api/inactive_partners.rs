//! Users of partners that may not work.

use crate::support::{ADMIN, Row, Service, of, partner, reason};
use proto::requests::v1::{
    CountPartnerRequestsRequest, GetPartnerRequestRequest, ListPartnerRequestsRequest,
    PartnerRequestChange, PartnerRequestFilter, UpdatePartnerRequestStatusRequest,
    get_partner_request_request::Key,
};
use testing::Kind;
use tonic::Code;

fn with_total() -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest {
        include_total_size: true,
        ..ListPartnerRequestsRequest::default()
    }
}

testing::on_both_databases! {
    async fn users_of_partners_that_are_not_active_are_refused(kind: Kind) {
        let service = Service::start(kind).await;
        for (id, expected) in [
            (3, "PARTNER_DELETED"),
            (4, "PARTNER_INACTIVE"),
            (5, "PARTNER_SUSPENDED"),
            (6, "PARTNER_DELETED"),
            (7, "PARTNER_DELETED"),
            (404, "PARTNER_DELETED"),
        ] {
            // whether it has requests or not
            if id < 404 {
                service.insert(&[Row::new(id, Some(id))]).await;
            }
            let listed = service.list(&partner(id), with_total()).await.unwrap_err();
            let key = Some(Key::RequestId(id));
            let got = service
                .get(&partner(id), GetPartnerRequestRequest { key })
                .await
                .unwrap_err();
            for refusal in [listed, got] {
                assert_eq!(refusal.code(), Code::PermissionDenied, "{id}");
                assert_eq!(reason(&refusal), expected, "{id}");
            }
        }
    }

    /// Whatever the call is about: another partner, what does not exist, a request in
    /// another status.
    async fn a_user_of_a_partner_that_is_not_active_learns_of_it_from_every_call(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row::new(1, Some(1)), Row::new(4, Some(4)), Row::new(5, Some(5))])
            .await;
        for (id, expected) in [
            (3, "PARTNER_DELETED"),
            (4, "PARTNER_INACTIVE"),
            (5, "PARTNER_SUSPENDED"),
            (404, "PARTNER_DELETED"),
        ] {
            let token = of("partner", "request_view+request_update", Some(id), 901);
            for partner_ids in [vec![], vec![id], vec![1], vec![id, 1], vec![404, 405]] {
                let filter = Some(PartnerRequestFilter {
                    partner_ids: partner_ids.clone(),
                    text: "Mona".to_owned(),
                    ..PartnerRequestFilter::default()
                });
                let list = ListPartnerRequestsRequest { filter: filter.clone(), ..with_total() };
                let listed = service.list(&token, list).await.unwrap_err();
                assert_eq!(reason(&listed), expected, "list {partner_ids:?} as {id}");
                let count = CountPartnerRequestsRequest { filter, group_by: 0 };
                let counted = service.count(&token, count).await.unwrap_err();
                assert_eq!(reason(&counted), expected, "count {partner_ids:?} as {id}");
            }
            for request_id in [1, 4, 5, 999] {
                let key = Some(Key::RequestId(request_id));
                let got = service.get(&token, GetPartnerRequestRequest { key }).await.unwrap_err();
                assert_eq!(reason(&got), expected, "get {request_id} as {id}");
                let update = UpdatePartnerRequestStatusRequest {
                    request_id,
                    change: PartnerRequestChange::Complete.into(),
                    etag: "of another time".to_owned(),
                    ..UpdatePartnerRequestStatusRequest::default()
                };
                let updated = service.update(&token, update).await.unwrap_err();
                assert_eq!(reason(&updated), expected, "update {request_id} as {id}");
            }
        }
    }

    async fn a_partner_without_a_status_is_active(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[Row::new(1, Some(2))]).await;
        assert_eq!(service.list_ids(&partner(2), with_total()).await, [1]);
    }

    async fn an_active_partner_without_requests_sees_an_empty_page(kind: Kind) {
        let service = Service::start(kind).await;
        let page = service.list(&partner(1), with_total()).await.unwrap();
        assert_eq!(page.partner_requests, []);
        assert_eq!(page.next_page_token, "");
        assert_eq!(page.total_size, Some(0));
    }

    async fn staff_see_the_requests_of_partners_that_are_not_active(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[3, 4, 5, 6, 7].map(|id| Row::new(id, Some(id))))
            .await;
        assert_eq!(service.list_ids(ADMIN, with_total()).await, [7, 6, 5, 4, 3]);
        let of_suspended = ListPartnerRequestsRequest {
            filter: Some(PartnerRequestFilter {
                partner_ids: vec![5],
                ..PartnerRequestFilter::default()
            }),
            ..with_total()
        };
        assert_eq!(service.list_ids(ADMIN, of_suspended).await, [5]);
    }

    async fn a_partner_that_is_suspended_between_two_pages_is_refused(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row::new(1, Some(1)), Row::new(2, Some(1))])
            .await;
        let first = ListPartnerRequestsRequest {
            page_size: 1,
            ..with_total()
        };
        let page_token = service
            .list(&partner(1), first.clone())
            .await
            .unwrap()
            .next_page_token;
        service
            .execute("UPDATE partners SET status = 'suspended' WHERE id = 1")
            .await;
        let next = ListPartnerRequestsRequest {
            page_token,
            ..first
        };
        let refusal = service.list(&partner(1), next).await.unwrap_err();
        assert_eq!(reason(&refusal), "PARTNER_SUSPENDED");
    }
}
