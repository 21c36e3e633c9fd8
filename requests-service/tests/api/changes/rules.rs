//! What a change asks for besides the status: reasons, deadlines, live branches
//! of active partners, etags.

use super::{assign, by_id, close, partner_with_update, staff, update, waiting};
use crate::support::{Row, Service, reason};
use contract::time::Timestamp;
use proto::requests::v1::{
    AssignPartnerRequestRequest, ClosePartnerRequestRequest, PartnerRequest, PartnerRequestChange,
    PartnerRequestStatus, UpdatePartnerRequestStatusRequest,
};
use std::time::Duration;
use testing::{Kind, refusals::fields};
use tonic::Code;

const MINUTE: Duration = Duration::from_mins(1);

fn time(of: Option<prost_types::Timestamp>) -> Timestamp {
    of.unwrap().try_into().unwrap()
}

/// How long a partner has, as the answer to an assignment says.
fn minutes(assigned: &PartnerRequest) -> u64 {
    let given = time(assigned.sla_deadline).since(time(assigned.assign_time));
    assert_eq!(given.as_secs() % 60, 0);
    given.as_secs() / 60
}

testing::on_both_databases! {
    async fn a_request_goes_its_whole_way(kind: Kind) {
        let service = Service::start(kind).await;
        let assigned = waiting(&service, 1).await;
        assert_eq!(assigned.status(), PartnerRequestStatus::Assigned);
        assert_eq!(assigned.partner.unwrap().name, "Alpha");
        assert_eq!(assigned.branch.unwrap().name, "Alpha North");
        for (change, status) in [
            (PartnerRequestChange::Confirm, PartnerRequestStatus::Confirmed),
            (PartnerRequestChange::Start, PartnerRequestStatus::InProgress),
            (PartnerRequestChange::StepBack, PartnerRequestStatus::Confirmed),
            (PartnerRequestChange::Start, PartnerRequestStatus::InProgress),
            (PartnerRequestChange::Complete, PartnerRequestStatus::Completed),
            (PartnerRequestChange::Reopen, PartnerRequestStatus::InProgress),
            (PartnerRequestChange::Complete, PartnerRequestStatus::Completed),
        ] {
            let shown = service.update(&partner_with_update(1), update(1, change)).await.unwrap();
            assert_eq!(shown.status(), status, "{change:?}");
            assert_eq!(service.get(&partner_with_update(1), by_id(1)).await.unwrap(), shown);
        }
        let closed = service.close(&staff(), close(1)).await.unwrap();
        assert_eq!(closed.status(), PartnerRequestStatus::Closed);
        assert!(closed.close_time.is_some() && closed.complete_time.is_some());
    }

    async fn a_rejected_request_is_no_longer_its_partners(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        let shown = service.update(&partner_with_update(1), update(1, PartnerRequestChange::Reject)).await.unwrap();
        assert_eq!(shown.status(), PartnerRequestStatus::Unassigned);
        assert_eq!((shown.partner, shown.branch, shown.sla_deadline), (None, None, None));
        for change in [PartnerRequestChange::Reject, PartnerRequestChange::Confirm] {
            let refusal = service.update(&partner_with_update(1), update(1, change)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::NotFound);
        }
        assert_eq!(service.get(&partner_with_update(1), by_id(1)).await.unwrap_err().code(), Code::NotFound);
        // and may come again
        let again = service.assign(&staff(), assign(1, 2, 21)).await.unwrap();
        assert_eq!(again.reject_time, None);
        assert_eq!(service.get(&partner_with_update(2), by_id(1)).await.unwrap(), again);
    }

    async fn a_reason_is_asked_of_a_rejection_and_of_nothing_else(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        let with = |change: PartnerRequestChange, reason: String| UpdatePartnerRequestStatusRequest {
            reason,
            ..update(1, change)
        };
        let reject = PartnerRequestChange::Reject;
        for (request, expected) in [
            (with(reject, String::new()), &["reason"][..]),
            (with(reject, "too short".to_owned()), &["reason"]),
            (with(reject, format!("{}short{}", " ".repeat(9), " ".repeat(9))), &["reason"]),
            (with(reject, "\u{200b}".repeat(20)), &["reason"]),
            (with(reject, format!("\u{200e}{}short\u{200b}", " ".repeat(9))), &["reason"]),
            (with(reject, "x".repeat(1_001)), &["reason"]),
            (with(reject, "not a text\0 of PostgreSQL".to_owned()), &["reason"]),
            (with(PartnerRequestChange::Confirm, "because I can".to_owned()), &["reason"]),
            (with(PartnerRequestChange::Unspecified, String::new()), &["change"]),
            (with(PartnerRequestChange::Assign, String::new()), &["change"]),
            (with(PartnerRequestChange::Close, String::new()), &["change"]),
            (UpdatePartnerRequestStatusRequest { change: 99, request_id: -1, ..Default::default() }, &["request_id", "change"]),
        ] {
            let refusal = service.update(&partner_with_update(1), request.clone()).await.unwrap_err();
            assert_eq!(fields(&refusal), expected, "{request:?}");
        }
        let refusal = service.assign(&staff(), AssignPartnerRequestRequest::default()).await.unwrap_err();
        assert_eq!(fields(&refusal), ["request_id", "partner_id", "branch_id"]);
        let long = "k".repeat(65);
        for key in [long.as_str(), "two words", "ключ", "line\n"] {
            let request = ClosePartnerRequestRequest {
                idempotency_key: key.to_owned(),
                etag: long.clone(),
                ..close(1)
            };
            let refusal = service.close(&staff(), request).await.unwrap_err();
            assert_eq!(fields(&refusal), ["etag", "idempotency_key"], "{key}");
        }
        let ten_letters = with(reject, "لا سيارة ا".to_owned());
        assert!(service.update(&partner_with_update(1), ten_letters).await.is_ok());
    }

    async fn confirming_ends_with_the_deadline_and_nothing_else_does(kind: Kind) {
        let service = Service::start(kind).await;
        for id in 1..=3 {
            waiting(&service, id).await;
        }
        service.clock.advance(14 * MINUTE);
        let confirm = |id| update(id, PartnerRequestChange::Confirm);
        assert!(service.update(&partner_with_update(1), confirm(1)).await.is_ok());
        service.clock.advance(2 * MINUTE);
        let refusal = service.update(&partner_with_update(1), confirm(2)).await.unwrap_err();
        assert_eq!(refusal.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refusal), "SLA_DEADLINE_PASSED");
        assert!(service.update(&partner_with_update(1), update(2, PartnerRequestChange::Reject)).await.is_ok());
        assert!(service.update(&partner_with_update(1), update(1, PartnerRequestChange::Start)).await.is_ok());
        // NULL: no limit
        service.execute("UPDATE requests SET sla_deadline = NULL WHERE id = 3").await;
        assert!(service.update(&partner_with_update(1), confirm(3)).await.is_ok());
    }

    async fn the_deadline_is_as_far_off_as_the_configuration_says(kind: Kind) {
        let service = Service::start(kind).await;
        assert_eq!(minutes(&waiting(&service, 1).await), 15);
        let set = |scope: &str, partner: &str, value: &str| format!(
            "INSERT INTO configurations (scope, partner_id, key, value)
             VALUES ('{scope}', {partner}, 'sla_timeout_minutes', '{value}')"
        );
        service.execute(&set("global", "NULL", "soon")).await;
        assert_eq!(minutes(&waiting(&service, 2).await), 15);
        service.execute(&set("global", "NULL", "30")).await;
        assert_eq!(minutes(&waiting(&service, 3).await), 30);
        service.execute(&set("partner", "2", "60")).await;
        assert_eq!(minutes(&waiting(&service, 4).await), 30);
        service.execute(&set("partner", "1", "1440")).await;
        assert_eq!(minutes(&waiting(&service, 5).await), 1_440);
        service.execute("UPDATE configurations SET is_deleted = NULL WHERE partner_id = 1").await;
        assert_eq!(minutes(&waiting(&service, 6).await), 30);
        service.execute("UPDATE configurations SET value = '1441' WHERE scope = 'global'").await;
        assert_eq!(minutes(&waiting(&service, 7).await), 15);
    }

    async fn assigning_asks_for_a_live_branch_of_an_active_partner(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .execute("INSERT INTO branches (id, partner_id, name, lat, lng, is_active, is_deleted) VALUES
                (13, 1, 'Closed', 0, 0, false, false), (14, 1, 'Gone', 0, 0, true, true),
                (15, 1, 'Neither', 0, 0, NULL, NULL), (31, 3, 'Of deleted', 0, 0, true, false),
                (41, 4, 'Of inactive', 0, 0, true, false), (51, 5, 'Of suspended', 0, 0, true, false),
                (61, 6, 'Of not live', 0, 0, true, false), (71, 7, 'Of not known', 0, 0, true, false)")
            .await;
        waiting(&service, 1).await;
        let before = service.get(&staff(), by_id(1)).await.unwrap();
        for (to, branch, expected) in [
            (1, 21, "BRANCH_OF_OTHER_PARTNER"),
            (1, 13, "BRANCH_NOT_FOUND"),
            (1, 14, "BRANCH_NOT_FOUND"),
            (1, 15, "BRANCH_NOT_FOUND"),
            (1, 404, "BRANCH_NOT_FOUND"),
            (3, 31, "PARTNER_NOT_FOUND"),
            (4, 41, "PARTNER_NOT_ACTIVE"),
            (5, 51, "PARTNER_NOT_ACTIVE"),
            (6, 61, "PARTNER_NOT_FOUND"),
            (7, 71, "PARTNER_NOT_FOUND"),
            (404, 11, "PARTNER_NOT_FOUND"),
        ] {
            let refusal = service.assign(&staff(), assign(1, to, branch)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::FailedPrecondition, "{to} {branch}");
            assert_eq!(reason(&refusal), expected, "{to} {branch}");
        }
        assert_eq!(service.get(&staff(), by_id(1)).await.unwrap(), before);
        // a partner without a status is active
        assert!(service.assign(&staff(), assign(1, 2, 21)).await.is_ok());
    }

    async fn users_of_partners_that_are_not_active_change_nothing(kind: Kind) {
        let service = Service::start(kind).await;
        for (id, expected) in [(3, "PARTNER_DELETED"), (4, "PARTNER_INACTIVE"), (5, "PARTNER_SUSPENDED")] {
            service.insert(&[Row::new(id, Some(id))]).await;
            let token = crate::support::of("partner", "request_update", Some(id), 901);
            let refusal = service.update(&token, update(id, PartnerRequestChange::Confirm)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::PermissionDenied);
            assert_eq!(reason(&refusal), expected);
        }
    }

    async fn deleted_requests_cannot_be_changed(kind: Kind) {
        let service = Service::start(kind).await;
        let dead = [
            Row { is_deleted: Some(true), ..Row::new(1, Some(1)) },
            Row { is_active: None, ..Row::new(2, Some(1)) },
        ];
        service.insert(&dead).await;
        for id in [1, 2, 404] {
            let confirm = update(id, PartnerRequestChange::Confirm);
            assert_eq!(service.update(&partner_with_update(1), confirm).await.unwrap_err().code(), Code::NotFound);
            assert_eq!(service.assign(&staff(), assign(id, 1, 11)).await.unwrap_err().code(), Code::NotFound);
            assert_eq!(service.close(&staff(), close(id)).await.unwrap_err().code(), Code::NotFound);
        }
    }

    async fn an_etag_is_of_the_row_and_of_nothing_else(kind: Kind) {
        let service = Service::start(kind).await;
        let assigned = waiting(&service, 1).await;
        let shown = service.get(&partner_with_update(1), by_id(1)).await.unwrap();
        assert_eq!(shown.etag, assigned.etag);
        // the name of what it refers to is not the row's
        service.execute("UPDATE categories SET name = 'Hauling'").await;
        assert_eq!(service.get(&partner_with_update(1), by_id(1)).await.unwrap().etag, shown.etag);
        // columns that the wire does not show are, whatever a trigger notes of the change
        if kind == Kind::Postgres {
            service.execute("ALTER TABLE requests DISABLE TRIGGER USER").await;
        }
        let mut touched = shown.clone();
        for change in ["updated_by_id = NULL", "customer_id = 903", "created_by_id = 903"] {
            service.execute(&format!("UPDATE requests SET {change}")).await;
            let now = service.get(&partner_with_update(1), by_id(1)).await.unwrap();
            assert_ne!(now.etag, touched.etag, "{change}");
            touched = now;
        }

        let confirm = |etag: &str| UpdatePartnerRequestStatusRequest {
            etag: etag.to_owned(),
            ..update(1, PartnerRequestChange::Confirm)
        };
        for stale in [shown.etag.as_str(), "never was one"] {
            let refusal = service.update(&partner_with_update(1), confirm(stale)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::Aborted);
            assert_eq!(reason(&refusal), "ETAG_MISMATCH");
        }
        let confirmed = service.update(&partner_with_update(1), confirm(&touched.etag)).await.unwrap();
        assert_ne!(confirmed.etag, touched.etag);
    }
}

/// What another version, or an operator, may have added: what may follow it is
/// not known.
#[tokio::test]
async fn a_status_that_this_version_does_not_know_is_left_alone() {
    let service = Service::start(Kind::Postgres).await;
    waiting(&service, 1).await;
    service
        .execute("ALTER TYPE request_status_enum ADD VALUE 'on_hold'")
        .await;
    service
        .execute("UPDATE requests SET status = 'on_hold'")
        .await;
    let refusal = service
        .assign(&staff(), assign(1, 2, 21))
        .await
        .unwrap_err();
    assert_eq!(reason(&refusal), "CHANGE_NOT_ALLOWED");
    let shown = service.detail(&staff(), by_id(1)).await.unwrap();
    assert!(shown.permitted_changes.is_empty());
}
