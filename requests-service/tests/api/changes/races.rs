//! Many at one request at once.

use super::{assign, by_id, partner_with_update, staff, update, waiting};
use crate::support::{Service, reason};
use proto::requests::v1::{PartnerRequestChange, UpdatePartnerRequestStatusRequest};
use std::collections::BTreeMap;
use testing::Kind;
use tonic::Code;

/// What 32 confirmations at once come to, counted by reason; and that the log has
/// one of them.
async fn confirmed_by_many(
    kind: Kind,
    request: impl Fn(usize, &str) -> UpdatePartnerRequestStatusRequest,
) -> BTreeMap<String, usize> {
    let service = Service::start(kind).await;
    let etag = waiting(&service, 1).await.etag;
    let token = partner_with_update(1);
    let calls = (0..32).map(|number| service.update(&token, request(number, &etag)));
    let mut outcomes = BTreeMap::new();
    let mut answers = Vec::new();
    for outcome in futures_util::future::join_all(calls).await {
        let word = match outcome {
            Ok(answer) => {
                answers.push(answer);
                "done".to_owned()
            }
            Err(refusal) => {
                assert_eq!(refusal.code(), Code::Aborted, "{refusal:?}");
                reason(&refusal)
            }
        };
        *outcomes.entry(word).or_default() += 1;
    }
    // whoever was answered was answered alike
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(service.get(&token, by_id(1)).await.unwrap(), answers[0]);
    let log =
        "SELECT CAST(status AS text) AS line FROM request_status_log WHERE status = 'confirmed'";
    assert_eq!(service.lines(log).await.len(), 1);
    let responses = "SELECT CAST(response AS text) AS line FROM request_assignments";
    assert_eq!(service.lines(responses).await, ["confirmed"]);
    outcomes
}

testing::on_both_databases! {
    async fn of_many_confirmations_one_succeeds(kind: Kind) {
        let outcomes = confirmed_by_many(kind, |_, _| update(1, PartnerRequestChange::Confirm)).await;
        assert_eq!(outcomes, [("STATUS_REACHED".to_owned(), 31), ("done".to_owned(), 1)].into());
    }

    async fn of_many_confirmations_with_one_etag_one_succeeds(kind: Kind) {
        let outcomes = confirmed_by_many(kind, |_, etag| UpdatePartnerRequestStatusRequest {
            etag: etag.to_owned(),
            ..update(1, PartnerRequestChange::Confirm)
        })
        .await;
        assert_eq!(outcomes, [("ETAG_MISMATCH".to_owned(), 31), ("done".to_owned(), 1)].into());
    }

    async fn of_many_confirmations_with_one_key_all_are_answered_alike(kind: Kind) {
        let outcomes = confirmed_by_many(kind, |_, _| UpdatePartnerRequestStatusRequest {
            idempotency_key: "one-and-the-same".to_owned(),
            ..update(1, PartnerRequestChange::Confirm)
        })
        .await;
        assert_eq!(outcomes, [("done".to_owned(), 32)].into());
    }

    /// Each either saw the request of the other, or did not see it any more.
    async fn confirmations_and_reassignments_come_one_after_the_other(kind: Kind) {
        let service = Service::start(kind).await;
        let (one, staff) = (partner_with_update(1), staff());
        for id in 1..=20 {
            waiting(&service, id).await;
            let (confirmed, reassigned) = tokio::join!(
                service.update(&one, update(id, PartnerRequestChange::Confirm)),
                service.assign(&staff, assign(id, 2, 21)),
            );
            assert!(reassigned.is_ok(), "{reassigned:?}");
            if let Err(refusal) = &confirmed {
                assert_eq!(refusal.code(), Code::NotFound);
            }
            let shown = service.get(&staff, by_id(id)).await.unwrap();
            assert_eq!(shown.partner.unwrap().id, 2);
            assert_eq!(shown.confirm_time, None);
            let responses = format!(
                "SELECT partner_id || ' ' || response AS line FROM request_assignments
                 WHERE request_id = {id} ORDER BY id"
            );
            let first = if confirmed.is_ok() { "1 confirmed" } else { "1 pending" };
            assert_eq!(service.lines(&responses).await, [first, "2 pending"]);
        }
    }
}
