//! GetPartnerRequest.

use crate::support::{ADMIN, Row, Service, partner, reason, seconds};
use contract::time::Timestamp;
use proto::requests::v1::{
    Customer, GetPartnerRequestRequest, NamedReference, PartnerRequest, PartnerRequestStatus,
    get_partner_request_request::Key,
};
use testing::Kind;
use tonic::Code;

fn by_id(id: i32) -> GetPartnerRequestRequest {
    let key = Some(Key::RequestId(id));
    GetPartnerRequestRequest { key }
}

fn by_number(number: &str) -> GetPartnerRequestRequest {
    let key = Some(Key::Number(number.to_owned()));
    GetPartnerRequestRequest { key }
}

fn reference(id: i32, name: &str, name_ar: Option<&str>) -> NamedReference {
    NamedReference {
        id,
        name: name.to_owned(),
        name_ar: name_ar.map(str::to_owned),
    }
}

testing::on_both_databases! {
    async fn another_partners_request_does_not_exist(kind: Kind) {
        let service = Service::start(kind).await;
        let rows = [
            Row::new(1, Some(1)),
            Row::new(2, Some(2)),
            Row::new(3, None),
            Row {
                is_deleted: Some(true),
                ..Row::new(4, Some(1))
            },
            Row {
                is_active: None,
                ..Row::new(5, Some(1))
            },
        ];
        service.insert(&rows).await;
        assert_eq!(
            service.get(&partner(1), by_id(1)).await.unwrap().request_id,
            1
        );
        // another's, nobody's, two that are not live, and one that never was
        let unknown =
            [2, 3, 4, 5, 404].map(|id| [by_id(id), by_number(&Row::new(id, None).number)]);
        for request in unknown.into_iter().flatten() {
            let refusal = service.get(&partner(1), request).await.unwrap_err();
            assert_eq!(refusal.code(), Code::NotFound);
            assert_eq!(reason(&refusal), "PARTNER_REQUEST_NOT_FOUND");
        }
        for id in 1..=3 {
            assert_eq!(service.get(ADMIN, by_id(id)).await.unwrap().request_id, id);
        }
        for id in 4..=5 {
            assert_eq!(
                service.get(ADMIN, by_id(id)).await.unwrap_err().code(),
                Code::NotFound
            );
        }
    }

    async fn a_request_is_shown_whole(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[Row {
                service: Some(1),
                branch: Some(11),
                category: 1,
                pickup_option: 1,
                assigned: Some(seconds(5) + 123_456),
                ..Row::new(1, Some(1))
            }])
            .await;
        let time = |micros| Some(prost_types::Timestamp::from(Timestamp::from_micros(micros)));
        let expected = PartnerRequest {
            request_id: 1,
            number: "REQ-20251108-0001".to_owned(),
            customer: Some(Customer {
                name: "Mona Hassan".to_owned(),
                phone: "+20 100 123-4567".to_owned(),
                latitude: 30.0444,
                longitude: 31.2357,
                address: "Tahrir Square".to_owned(),
            }),
            category: Some(reference(1, "Towing", Some("سحب"))),
            service: Some(reference(1, "Short way", Some("قريب"))),
            pickup_option: Some(reference(1, "At home", Some("في المنزل"))),
            partner: Some(reference(1, "Alpha", None)),
            branch: Some(reference(11, "Alpha North", None)),
            status: PartnerRequestStatus::Assigned.into(),
            create_time: time(seconds(1)),
            update_time: time(seconds(1)),
            submit_time: time(seconds(1)),
            assign_time: time(seconds(5) + 123_456),
            ..PartnerRequest::default()
        };
        let shown = service.get(&partner(1), by_id(1)).await.unwrap();
        assert!(!shown.etag.is_empty());
        let expected = PartnerRequest {
            etag: shown.etag.clone(),
            ..expected
        };
        assert_eq!(shown, expected);
        assert_eq!(
            service
                .get(ADMIN, by_number(&expected.number))
                .await
                .unwrap(),
            expected
        );
    }

    async fn a_number_is_compared_exactly(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[Row::new(1, Some(1))]).await;
        for number in [
            "req-20251108-0001",
            "REQ-20251108-000",
            "REQ-20251108-000%",
            " REQ-20251108-0001",
        ] {
            assert_eq!(
                service
                    .get(ADMIN, by_number(number))
                    .await
                    .unwrap_err()
                    .code(),
                Code::NotFound
            );
        }
    }

    async fn every_time_stands_in_its_own_field(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[Row::new(1, Some(1))]).await;
        let columns = [
            "sla_deadline",
            "created_at",
            "updated_at",
            "submitted_at",
            "assigned_at",
            "confirmed_at",
            "rejected_at",
            "in_progress_at",
            "completed_at",
            "closed_at",
            "rated_at",
        ];
        for (index, column) in (0..).zip(columns) {
            let value = match kind {
                Kind::Postgres => format!("timestamptz 'epoch' + interval '{index} seconds'"),
                Kind::Sqlite => format!("{index} * 1000000"),
            };
            service
                .execute(&format!("UPDATE requests SET {column} = {value}"))
                .await;
        }
        if kind == Kind::Postgres {
            // the application's trigger has set it to now
            service
                .execute(
                    "ALTER TABLE requests DISABLE TRIGGER USER;
                 UPDATE requests SET updated_at = timestamptz 'epoch' + interval '2 seconds'",
                )
                .await;
        }
        let request = service.get(ADMIN, by_id(1)).await.unwrap();
        let times = [
            request.sla_deadline,
            request.create_time,
            request.update_time,
            request.submit_time,
            request.assign_time,
            request.confirm_time,
            request.reject_time,
            request.start_time,
            request.complete_time,
            request.close_time,
            request.rate_time,
        ];
        let expected: Vec<_> = (0..11)
            .map(|seconds| Some(prost_types::Timestamp { seconds, nanos: 0 }))
            .collect();
        assert_eq!(times.to_vec(), expected);
    }
}
