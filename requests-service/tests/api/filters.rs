//! The filters of a list, each alone.

use crate::support::{ADMIN, Row, Service, partner, range, seconds};
use proto::requests::v1::{ListPartnerRequestsRequest, PartnerRequestFilter, PartnerRequestStatus};
use testing::Kind;

fn by(filter: PartnerRequestFilter) -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest {
        filter: Some(filter),
        page_size: 100,
        ..ListPartnerRequestsRequest::default()
    }
}

fn none() -> PartnerRequestFilter {
    PartnerRequestFilter::default()
}

testing::on_both_databases! {
    async fn enum_filters_are_typed(kind: Kind) {
        let service = Service::start(kind).await;
        let names = [
            "submitted",
            "assigned",
            "confirmed",
            "in_progress",
            "completed",
            "closed",
            "rejected",
            "unassigned",
        ];
        let rows: Vec<Row> = (1..)
            .zip(names.map(Some).into_iter().chain([None]))
            .map(|(id, status)| Row {
                status,
                ..Row::new(id, Some(1))
            })
            .collect();
        service.insert(&rows).await;
        for value in 1..=8 {
            let filter = PartnerRequestFilter {
                statuses: vec![value],
                ..none()
            };
            assert_eq!(service.list_ids(ADMIN, by(filter.clone())).await, [value]);
            let page = service.list(&partner(1), by(filter)).await.unwrap();
            assert_eq!(page.partner_requests[0].status, value);
        }
        let filter = PartnerRequestFilter {
            statuses: (1..=8).chain(1..=8).collect(),
            ..none()
        };
        assert_eq!(
            service.list_ids(ADMIN, by(filter)).await,
            [8, 7, 6, 5, 4, 3, 2, 1]
        );
        // without a status: listed, under UNSPECIFIED
        let page = service.list(ADMIN, by(none())).await.unwrap();
        assert_eq!(page.partner_requests[0].request_id, 9);
        assert_eq!(
            page.partner_requests[0].status(),
            PartnerRequestStatus::Unspecified
        );
    }

    async fn every_filter_of_the_list_filters(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[
                Row::new(1, None),
                Row {
                    number: "OTHER-2".to_owned(),
                    customer_name: "Karim".to_owned(),
                    customer_phone: "0222".to_owned(),
                    category: 2,
                    service: Some(3),
                    pickup_option: 2,
                    branch: Some(21),
                    status: Some("closed"),
                    created: Some(seconds(200)),
                    submitted: Some(seconds(300)),
                    ..Row::new(2, Some(2))
                },
            ])
            .await;
        let closed = PartnerRequestStatus::Closed.into();
        for filter in [
            PartnerRequestFilter {
                statuses: vec![closed],
                ..none()
            },
            PartnerRequestFilter {
                category_ids: vec![2, 3],
                ..none()
            },
            PartnerRequestFilter {
                branch_ids: vec![12, 21],
                ..none()
            },
            PartnerRequestFilter {
                service_ids: vec![3],
                ..none()
            },
            PartnerRequestFilter {
                pickup_option_ids: vec![3, 2],
                ..none()
            },
            PartnerRequestFilter {
                partner_ids: vec![2],
                ..none()
            },
            PartnerRequestFilter {
                partner_ids: vec![2, 3],
                ..none()
            },
            PartnerRequestFilter {
                submit_time: Some(range(Some(seconds(300)), None)),
                ..none()
            },
            PartnerRequestFilter {
                submit_time: Some(range(Some(seconds(300)), Some(seconds(300)))),
                ..none()
            },
            PartnerRequestFilter {
                create_time: Some(range(Some(seconds(2)), Some(seconds(200)))),
                ..none()
            },
            PartnerRequestFilter {
                text: "other".to_owned(),
                ..none()
            },
            PartnerRequestFilter {
                text: "ARI".to_owned(),
                ..none()
            },
            PartnerRequestFilter {
                text: "(0) 222".to_owned(),
                ..none()
            },
            PartnerRequestFilter {
                customer_name: "KARIM".to_owned(),
                ..none()
            },
            PartnerRequestFilter {
                customer_phone: "phone: 02-22".to_owned(),
                ..none()
            },
        ] {
            assert_eq!(
                service.list_ids(ADMIN, by(filter.clone())).await,
                [2],
                "{filter:?}"
            );
        }
        // fields mean AND
        let contradiction = PartnerRequestFilter {
            category_ids: vec![2],
            service_ids: vec![1],
            ..none()
        };
        assert_eq!(
            service.list_ids(ADMIN, by(contradiction)).await,
            Vec::<i32>::new()
        );
    }

    async fn both_ends_of_a_range_are_inclusive_to_the_microsecond(kind: Kind) {
        let service = Service::start(kind).await;
        let rows = [0, 1, 2, 3].map(|micros| Row {
            submitted: Some(seconds(0) + micros),
            ..Row::new(i32::try_from(micros).unwrap() + 1, Some(1))
        });
        service.insert(&rows).await;
        service
            .insert(&[Row {
                submitted: None,
                ..Row::new(5, Some(1))
            }])
            .await;
        let submitted = |start, end| {
            by(PartnerRequestFilter {
                submit_time: Some(range(start, end)),
                ..none()
            })
        };
        let (second, third) = (Some(seconds(0) + 1), Some(seconds(0) + 2));
        assert_eq!(
            service.list_ids(ADMIN, submitted(second, third)).await,
            [3, 2]
        );
        assert_eq!(
            service.list_ids(ADMIN, submitted(second, None)).await,
            [4, 3, 2]
        );
        assert_eq!(
            service.list_ids(ADMIN, submitted(None, third)).await,
            [3, 2, 1]
        );
        assert_eq!(
            service.list_ids(ADMIN, submitted(None, None)).await,
            [5, 4, 3, 2, 1]
        );
    }

    async fn search_ignores_case_and_takes_wildcards_literally(kind: Kind) {
        let service = Service::start(kind).await;
        let named = |id, name: &str| Row {
            customer_name: name.to_owned(),
            ..Row::new(id, Some(1))
        };
        service
            .insert(&[
                named(1, "Mona Hassan"),
                named(2, "100% Sure"),
                named(3, "under_score"),
                named(4, r"back\slash"),
                named(5, "O'Neil; DROP TABLE requests"),
                named(6, "منى حسن"),
            ])
            .await;
        for (text, expected) in [
            ("mONA", vec![1]),
            ("%", vec![2]),
            ("_", vec![3]),
            (r"\", vec![4]),
            (r"\_", vec![]),
            ("100%", vec![2]),
            ("'", vec![5]),
            ("drop table", vec![5]),
            ("حسن", vec![6]),
            (" ", vec![5, 2, 1].into_iter().chain([6]).collect()),
        ] {
            let mut expected: Vec<i32> = expected;
            expected.sort_by(|a, b| b.cmp(a));
            let name = PartnerRequestFilter {
                customer_name: text.to_owned(),
                ..none()
            };
            assert_eq!(service.list_ids(ADMIN, by(name)).await, expected, "{text}");
            let any = PartnerRequestFilter {
                text: text.to_owned(),
                ..none()
            };
            assert_eq!(service.list_ids(ADMIN, by(any)).await, expected, "{text}");
        }
        // a number by its beginning, a phone by its digits wherever they are
        for (text, expected) in [
            ("req-20251108-0003", vec![3]),
            ("-0003", vec![]),
            ("0 (100) 12", vec![6, 5, 4, 3, 2, 1]),
        ] {
            let any = PartnerRequestFilter {
                text: text.to_owned(),
                ..none()
            };
            assert_eq!(service.list_ids(ADMIN, by(any)).await, expected, "{text}");
        }
    }
}
