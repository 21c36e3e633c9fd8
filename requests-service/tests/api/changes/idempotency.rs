//! Calls that are sent again.

use super::{assign, close, partner_with_update, staff, update, waiting};
use crate::support::{self, Service, reason};
use proto::requests::v1::{
    AssignPartnerRequestRequest, ClosePartnerRequestRequest, PartnerRequestChange,
    UpdatePartnerRequestStatusRequest,
};
use requests_service::store::retentions;
use std::time::Duration;
use testing::Kind;
use tonic::Code;

const NEARLY_A_DAY: Duration = Duration::from_mins(24 * 60 - 10);

fn keyed(change: PartnerRequestChange, key: &str) -> UpdatePartnerRequestStatusRequest {
    UpdatePartnerRequestStatusRequest {
        idempotency_key: key.to_owned(),
        ..update(1, change)
    }
}

async fn count(service: &Service, of: &str) -> usize {
    let query = format!("SELECT '' AS line FROM {of}");
    service.lines(&query).await.len()
}

testing::on_both_databases! {
    async fn a_repeated_call_answers_the_same_and_does_nothing(kind: Kind) {
        let service = Service::start(kind).await;
        let give = AssignPartnerRequestRequest {
            idempotency_key: "give".to_owned(),
            ..assign(1, 1, 11)
        };
        service.insert(&[support::Row { status: None, ..support::Row::new(1, None) }]).await;
        let given = service.assign(&staff(), give.clone()).await.unwrap();
        let confirm = keyed(PartnerRequestChange::Confirm, "confirm");
        let confirmed = service.update(&partner_with_update(1), confirm.clone()).await.unwrap();
        service.update(&partner_with_update(1), update(1, PartnerRequestChange::Start)).await.unwrap();
        service.update(&partner_with_update(1), update(1, PartnerRequestChange::Complete)).await.unwrap();
        let shut = ClosePartnerRequestRequest {
            idempotency_key: "close".to_owned(),
            ..close(1)
        };
        let closed = service.close(&staff(), shut.clone()).await.unwrap();
        let log = count(&service, "request_status_log").await;
        for _ in 0..2 {
            assert_eq!(service.assign(&staff(), give.clone()).await.unwrap(), given);
            assert_eq!(service.update(&partner_with_update(1), confirm.clone()).await.unwrap(), confirmed);
            assert_eq!(service.close(&staff(), shut.clone()).await.unwrap(), closed);
        }
        assert_eq!(count(&service, "request_status_log").await, log);
        assert_eq!(count(&service, "request_assignments").await, 1);
    }

    async fn a_repeated_rejection_answers_though_the_request_is_gone(kind: Kind) {
        let service = Service::start(kind).await;
        let etag = waiting(&service, 1).await.etag;
        let reject = UpdatePartnerRequestStatusRequest {
            etag,
            ..keyed(PartnerRequestChange::Reject, "reject")
        };
        let first = service.update(&partner_with_update(1), reject.clone()).await.unwrap();
        assert_eq!(service.update(&partner_with_update(1), reject.clone()).await.unwrap(), first);
        // whatever becomes of it, and of the partner
        service.assign(&staff(), assign(1, 2, 21)).await.unwrap();
        service.execute("UPDATE partners SET status = 'suspended' WHERE id = 1").await;
        assert_eq!(service.update(&partner_with_update(1), reject).await.unwrap(), first);
    }

    async fn a_key_is_of_one_call_and_of_one_user(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        waiting(&service, 2).await;
        service.update(&partner_with_update(1), keyed(PartnerRequestChange::Confirm, "key")).await.unwrap();
        let of_another_request = UpdatePartnerRequestStatusRequest {
            request_id: 2,
            ..keyed(PartnerRequestChange::Confirm, "key")
        };
        let with_an_etag = UpdatePartnerRequestStatusRequest {
            etag: "another".to_owned(),
            ..keyed(PartnerRequestChange::Confirm, "key")
        };
        for other in [keyed(PartnerRequestChange::Start, "key"), of_another_request.clone(), with_an_etag] {
            let refusal = service.update(&partner_with_update(1), other).await.unwrap_err();
            assert_eq!(refusal.code(), Code::InvalidArgument);
            assert_eq!(reason(&refusal), "IDEMPOTENCY_KEY_REUSED");
        }
        // a colleague's key is another one, though it is spelt alike
        let colleague = support::of("partner", "request_update", Some(1), 900);
        service.update(&colleague, of_another_request).await.unwrap();
        // and so is that of another RPC: no message of one is taken for the other's
        let shut = ClosePartnerRequestRequest { idempotency_key: "key".to_owned(), ..close(1) };
        let by_the_same_user = support::of("admin", "request_close", None, 901);
        let refusal = service.close(&by_the_same_user, shut).await.unwrap_err();
        assert_eq!(reason(&refusal), "IDEMPOTENCY_KEY_REUSED");
    }

    async fn another_users_idempotency_key_has_no_effect(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        let confirm = keyed(PartnerRequestChange::Confirm, "key");
        service.update(&partner_with_update(1), confirm.clone()).await.unwrap();
        let refusal = service.update(&partner_with_update(2), confirm.clone()).await.unwrap_err();
        assert_eq!(refusal.code(), Code::NotFound);
        // nor does it stand in the way of one's own that is spelt alike
        service.insert(&[support::Row::new(2, Some(2))]).await;
        let theirs = UpdatePartnerRequestStatusRequest { request_id: 2, ..confirm.clone() };
        for _ in 0..3 {
            let shown = service.update(&partner_with_update(2), theirs.clone()).await.unwrap();
            assert_eq!(shown.request_id, 2);
            let shown = service.update(&partner_with_update(1), confirm.clone()).await.unwrap();
            assert_eq!(shown.request_id, 1);
        }
    }

    async fn a_refused_call_leaves_its_key_unused(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        let start = keyed(PartnerRequestChange::Start, "key");
        let refusal = service.update(&partner_with_update(1), start.clone()).await.unwrap_err();
        assert_eq!(reason(&refusal), "CHANGE_NOT_ALLOWED");
        assert_eq!(count(&service, "ticketing_idempotency_keys").await, 0);
        // what does not exist for the caller is refused on another way
        let not_ours = service.update(&partner_with_update(2), start.clone()).await.unwrap_err();
        assert_eq!(not_ours.code(), Code::NotFound);
        assert_eq!(count(&service, "ticketing_idempotency_keys").await, 0);
        service.update(&partner_with_update(1), update(1, PartnerRequestChange::Confirm)).await.unwrap();
        assert!(service.update(&partner_with_update(1), start).await.is_ok());
    }

    async fn a_key_is_kept_for_a_day(kind: Kind) {
        let service = Service::start(kind).await;
        for id in 1..=2 {
            waiting(&service, id).await;
        }
        let confirm = |id: i32| UpdatePartnerRequestStatusRequest {
            request_id: id,
            ..keyed(PartnerRequestChange::Confirm, "key")
        };
        service.update(&partner_with_update(1), confirm(1)).await.unwrap();
        service.clock.advance(NEARLY_A_DAY);
        assert!(service.update(&partner_with_update(1), confirm(1)).await.is_ok());
        service.clock.advance(Duration::from_mins(11));
        // its day is over: this is a first call
        service.execute("UPDATE requests SET sla_deadline = NULL").await;
        let refusal = service.update(&partner_with_update(1), confirm(1)).await.unwrap_err();
        assert_eq!(reason(&refusal), "STATUS_REACHED");
        service.update(&partner_with_update(1), confirm(2)).await.unwrap();
        assert_eq!(count(&service, "ticketing_idempotency_keys").await, 1);
    }

    async fn housekeeping_deletes_keys_past_their_day(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        service.update(&partner_with_update(1), keyed(PartnerRequestChange::Confirm, "confirm")).await.unwrap();
        let pool = service.database.open(&service.clock).await;
        let keys = retentions()[0];
        service.clock.advance(NEARLY_A_DAY);
        assert_eq!(pool.purge(&keys, 5).await.unwrap(), Some(0));
        service.clock.advance(Duration::from_mins(11));
        assert_eq!(pool.purge(&keys, 5).await.unwrap(), Some(1));
        assert_eq!(count(&service, "ticketing_idempotency_keys").await, 0);
    }
}
