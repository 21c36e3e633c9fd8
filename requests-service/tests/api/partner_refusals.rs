//! ListPartners: who is refused, and which messages.

use crate::support::{ADMIN, MANAGER, PartnerRow, Row, Service, reason, start_without_partners};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnersRequest, PartnerFilter, PartnerOrder, PartnerOrderField,
};
use testing::{Kind, refusals::fields};
use tonic::Code;

fn everything() -> ListPartnersRequest {
    ListPartnersRequest::default()
}

testing::on_both_databases! {
    async fn partners_are_for_staff_that_manages_them(kind: Kind) {
        let service = start_without_partners(kind).await;
        service.insert_partners(&[PartnerRow::new(1)]).await;
        for (token, expected) in [
            ("partner/partner_manage/1", "USER_TYPE_NOT_ALLOWED"),
            ("partner/partner_manage", "USER_TYPE_NOT_ALLOWED"),
            ("customer/partner_manage", "USER_TYPE_NOT_ALLOWED"),
            ("somebody/partner_manage", "USER_TYPE_NOT_ALLOWED"),
            ("admin/", "PERMISSION_MISSING"),
            ("admin/request_view", "PERMISSION_MISSING"),
            ("operation/user_manage", "PERMISSION_MISSING"),
        ] {
            let refusal = service.list_partners(token, everything()).await.unwrap_err();
            assert_eq!(refusal.code(), Code::PermissionDenied, "{token}");
            assert_eq!(reason(&refusal), expected, "{token}");
        }
        for token in [MANAGER, "operation/partner_manage"] {
            let page = service.list_partners(token, everything()).await.unwrap();
            assert_eq!(page.partners.len(), 1, "{token}");
        }
    }

    async fn every_wrong_field_about_partners_is_named_at_once(kind: Kind) {
        let service = Service::start(kind).await;
        let wrong = |name: &str, category_ids: Vec<i32>| ListPartnersRequest {
            page_size: -1,
            order: Some(PartnerOrder {
                field: 4,
                direction: 99,
            }),
            filter: Some(PartnerFilter {
                statuses: vec![1, 0, 4, -1],
                category_ids,
                name: name.to_owned(),
            }),
            ..everything()
        };
        for request in [
            wrong(&"x".repeat(201), vec![1, 0]),
            wrong("\0", vec![1, -1]),
        ] {
            let refusal = service.list_partners(MANAGER, request).await.unwrap_err();
            assert_eq!(reason(&refusal), "FIELD_INVALID");
            let mut named = fields(&refusal);
            named.sort();
            assert_eq!(
                named,
                [
                    "filter.category_ids[1]",
                    "filter.name",
                    "filter.statuses[1]",
                    "filter.statuses[2]",
                    "filter.statuses[3]",
                    "order.direction",
                    "order.field",
                    "page_size",
                ]
            );
        }
        let too_many = ListPartnersRequest {
            filter: Some(PartnerFilter {
                category_ids: (1..=101).collect(),
                ..PartnerFilter::default()
            }),
            ..everything()
        };
        let refusal = service.list_partners(MANAGER, too_many).await.unwrap_err();
        assert_eq!(fields(&refusal), ["filter.category_ids"]);
        // at the limits
        let most = ListPartnersRequest {
            filter: Some(PartnerFilter {
                statuses: vec![1; 100],
                category_ids: (1..=100).collect(),
                name: "ن".repeat(200),
            }),
            ..everything()
        };
        assert!(service.list_partners(MANAGER, most).await.is_ok());
    }

    async fn a_page_token_of_another_list_of_partners_is_refused(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[Row::new(1, Some(1)), Row::new(2, Some(1))]).await;
        let first = ListPartnersRequest {
            page_size: 1,
            ..everything()
        };
        let token = service.list_partners(MANAGER, first.clone()).await.unwrap().next_page_token;
        assert!(!token.is_empty());
        let of_requests = ListPartnerRequestsRequest {
            page_size: 1,
            ..ListPartnerRequestsRequest::default()
        };
        let requests_token = service.list(ADMIN, of_requests.clone()).await.unwrap().next_page_token;
        assert!(!requests_token.is_empty());

        let at = |page_token: &str| ListPartnersRequest {
            page_token: page_token.to_owned(),
            ..first.clone()
        };
        let of_filter = ListPartnersRequest {
            filter: Some(PartnerFilter {
                name: "a".to_owned(),
                ..PartnerFilter::default()
            }),
            ..at(&token)
        };
        let of_order = ListPartnersRequest {
            order: Some(PartnerOrder {
                field: PartnerOrderField::Name.into(),
                direction: 0,
            }),
            ..at(&token)
        };
        let made_up = [
            requests_token.as_str(),
            "x",
            "AAAA",
            "====",
            &token[1..],
            &format!("{token}="),
            &"A".repeat(5_000),
        ];
        for request in [of_filter, of_order].into_iter().chain(made_up.map(at)) {
            let refusal = service.list_partners(MANAGER, request.clone()).await.unwrap_err();
            assert_eq!(reason(&refusal), "PAGE_TOKEN_INVALID", "{request:?}");
            assert_eq!(fields(&refusal), ["page_token"]);
        }
        let of_partners = ListPartnerRequestsRequest {
            page_token: token.clone(),
            ..of_requests
        };
        let refusal = service.list(ADMIN, of_partners).await.unwrap_err();
        assert_eq!(reason(&refusal), "PAGE_TOKEN_INVALID");
        // the size, and what is shown besides, may change from page to page
        let next = ListPartnersRequest {
            page_size: 5,
            include_total_size: true,
            include_counts: true,
            include_branches: true,
            ..at(&token)
        };
        assert_eq!(service.partner_ids(next).await, [4, 2, 1]);
    }

    /// Whoever knows the layout can make up a token of the right list.
    async fn a_page_token_that_names_what_no_row_has_is_refused(kind: Kind) {
        let service = Service::start(kind).await;
        let ordered = |field: PartnerOrderField, page_token: String| ListPartnersRequest {
            order: Some(PartnerOrder {
                field: field.into(),
                direction: 0,
            }),
            page_size: 1,
            page_token,
            ..everything()
        };
        for field in [PartnerOrderField::CreateTime, PartnerOrderField::Name] {
            let first = ordered(field, String::new());
            let token = service.list_partners(MANAGER, first).await.unwrap().next_page_token;
            // version, fingerprint, half
            let mut start = URL_SAFE_NO_PAD.decode(token).unwrap();
            start.truncate(10);
            let with = |half: u8, sort: &[u8]| {
                let mut bytes = start.clone();
                bytes[9] = half;
                bytes.extend(sort);
                bytes.extend([0, 0, 0, 1]);
                URL_SAFE_NO_PAD.encode(bytes)
            };
            let mut made_up = vec![with(2, b""), with(1, b"12345678")];
            match field {
                // neither NUL nor other than UTF-8 is text; and all rows have a name
                PartnerOrderField::Name => {
                    made_up.extend([with(0, b"\0"), with(0, b"\xff"), with(1, b"")]);
                }
                _ => made_up.push(with(0, b"1234567")),
            }
            for token in made_up {
                let refusal = service.list_partners(MANAGER, ordered(field, token)).await.unwrap_err();
                assert_eq!(reason(&refusal), "PAGE_TOKEN_INVALID");
            }
            // such a one is as good as any
            let fine = with(0, b"12345678");
            assert!(service.list_partners(MANAGER, ordered(field, fine)).await.is_ok());
        }
    }
}
