//! Who is refused, and which messages.

use crate::support::{ADMIN, OPERATION, Row, Service, partner, reason};
use proto::requests::v1::{
    GetPartnerRequestRequest, ListPartnerRequestsRequest, PartnerRequestFilter,
    PartnerRequestOrder, TimeRange, get_partner_request_request::Key,
};
use testing::{Kind, refusals::fields};
use tonic::Code;

fn everything() -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest::default()
}

fn filtered(filter: PartnerRequestFilter) -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest {
        filter: Some(filter),
        ..everything()
    }
}

testing::on_both_databases! {
    async fn a_partner_user_without_a_partner_is_refused(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row::new(1, Some(1)), Row::new(2, None)])
            .await;
        let token = "partner/request_view";
        let listed = service.list(token, everything()).await.unwrap_err();
        let key = Some(Key::RequestId(1));
        let got = service
            .get(token, GetPartnerRequestRequest { key })
            .await
            .unwrap_err();
        for refusal in [listed, got] {
            assert_eq!(refusal.code(), Code::PermissionDenied);
            assert_eq!(reason(&refusal), "PARTNER_NOT_ASSIGNED");
        }
    }

    async fn only_those_whom_the_access_rule_names_are_served(kind: Kind) {
        let service = Service::start(kind).await;
        for (token, expected) in [
            ("customer/request_view", "USER_TYPE_NOT_ALLOWED"),
            ("somebody/request_view", "USER_TYPE_NOT_ALLOWED"),
            ("partner/request_update/1", "PERMISSION_MISSING"),
            ("admin/", "PERMISSION_MISSING"),
        ] {
            let refusal = service.list(token, everything()).await.unwrap_err();
            assert_eq!(refusal.code(), Code::PermissionDenied, "{token}");
            assert_eq!(reason(&refusal), expected, "{token}");
        }
        for token in [ADMIN, OPERATION, &partner(1)] {
            assert!(service.list(token, everything()).await.is_ok(), "{token}");
        }
    }

    async fn a_partner_user_that_names_another_partner_is_told_so(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row::new(1, Some(1)), Row::new(2, Some(2))])
            .await;
        let naming = |partner_ids| {
            filtered(PartnerRequestFilter {
                partner_ids,
                ..PartnerRequestFilter::default()
            })
        };
        assert_eq!(service.list_ids(&partner(1), naming(vec![1])).await, [1]);
        for ids in [vec![2], vec![1, 2]] {
            let refusal = service.list(&partner(1), naming(ids)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::PermissionDenied);
            assert_eq!(reason(&refusal), "PARTNER_NOT_YOURS");
        }
    }

    async fn every_wrong_field_is_named_at_once(kind: Kind) {
        let service = Service::start(kind).await;
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let refusal = service
            .list(
                ADMIN,
                ListPartnerRequestsRequest {
                    page_size: -1,
                    order: Some(PartnerRequestOrder {
                        field: 99,
                        direction: 99,
                    }),
                    filter: Some(PartnerRequestFilter {
                        statuses: vec![1, 0, 99],
                        category_ids: vec![1, 0],
                        branch_ids: vec![-1],
                        service_ids: (1..=101).collect(),
                        submit_time: Some(TimeRange {
                            start_time: time(2),
                            end_time: time(1),
                        }),
                        create_time: Some(TimeRange {
                            start_time: time(i64::MAX),
                            end_time: None,
                        }),
                        text: "x".repeat(201),
                        customer_name: "\0".to_owned(),
                        customer_phone: "nobody".to_owned(),
                        ..PartnerRequestFilter::default()
                    }),
                    ..everything()
                },
            )
            .await
            .unwrap_err();
        assert_eq!(reason(&refusal), "FIELD_INVALID");
        let mut named = fields(&refusal);
        named.sort();
        assert_eq!(
            named,
            [
                "filter.branch_ids[0]",
                "filter.category_ids[1]",
                "filter.create_time.start_time",
                "filter.customer_name",
                "filter.customer_phone",
                "filter.service_ids",
                "filter.statuses[1]",
                "filter.statuses[2]",
                "filter.submit_time.end_time",
                "filter.text",
                "order.direction",
                "order.field",
                "page_size",
            ]
        );
    }

    async fn a_key_must_name_a_request(kind: Kind) {
        let service = Service::start(kind).await;
        for (key, field) in [
            (None, "key"),
            (Some(Key::RequestId(0)), "request_id"),
            (Some(Key::RequestId(-1)), "request_id"),
            (Some(Key::Number(String::new())), "number"),
            (Some(Key::Number("x".repeat(51))), "number"),
            (Some(Key::Number("REQ\0".to_owned())), "number"),
        ] {
            let request = GetPartnerRequestRequest { key };
            let refusal = service.get(ADMIN, request.clone()).await.unwrap_err();
            assert_eq!(reason(&refusal), "FIELD_INVALID");
            assert_eq!(fields(&refusal), [field], "{request:?}");
        }
    }

    async fn a_page_token_of_another_list_is_refused(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row::new(1, Some(1)), Row::new(2, Some(1))])
            .await;
        let first = ListPartnerRequestsRequest {
            page_size: 1,
            ..everything()
        };
        let token = service
            .list(ADMIN, first.clone())
            .await
            .unwrap()
            .next_page_token;
        assert!(!token.is_empty());

        let at = |page_token: &str| ListPartnerRequestsRequest {
            page_token: page_token.to_owned(),
            ..first.clone()
        };
        let of_filter = ListPartnerRequestsRequest {
            filter: Some(PartnerRequestFilter {
                category_ids: vec![1],
                ..PartnerRequestFilter::default()
            }),
            ..at(&token)
        };
        let of_order = ListPartnerRequestsRequest {
            order: Some(PartnerRequestOrder {
                field: 2,
                direction: 1,
            }),
            ..at(&token)
        };
        let made_up = [
            "x",
            "AAAA",
            "====",
            &token[1..],
            &format!("{token}="),
            &"A".repeat(5_000),
        ];
        for request in [of_filter, of_order].into_iter().chain(made_up.map(at)) {
            let refusal = service.list(ADMIN, request).await.unwrap_err();
            assert_eq!(reason(&refusal), "PAGE_TOKEN_INVALID");
            assert_eq!(fields(&refusal), ["page_token"]);
        }
        // the size may change from page to page
        let next = ListPartnerRequestsRequest {
            page_size: 5,
            ..at(&token)
        };
        assert_eq!(service.list_ids(ADMIN, next).await, [1]);
    }

    /// A page token says where to start and nothing about what may be seen.
    async fn a_page_token_of_staff_shows_a_partner_its_own_alone(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[
                Row::new(1, Some(1)),
                Row::new(2, Some(2)),
                Row::new(3, Some(2)),
            ])
            .await;
        let first = ListPartnerRequestsRequest {
            page_size: 1,
            ..everything()
        };
        let page_token = service.list(ADMIN, first).await.unwrap().next_page_token;
        let next = ListPartnerRequestsRequest {
            page_token,
            ..everything()
        };
        assert_eq!(service.list_ids(&partner(1), next).await, [1]);
    }
}
