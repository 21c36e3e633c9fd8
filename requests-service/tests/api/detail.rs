//! GetPartnerRequest: what a request's page shows besides the request.

use crate::{
    changes::{assign, by_id, partner_with_update, staff, update, waiting},
    support::{Row, Service, of},
};
use proto::requests::v1::{
    Actor, BranchContact, GetPartnerRequestResponse, PartnerRequestChange as Change,
    PartnerRequestStatus as Status,
};
use std::time::Duration;
use testing::Kind;

const MINUTE: Duration = Duration::from_mins(1);

/// Status, actor's name and notes of each entry.
fn timeline(shown: &GetPartnerRequestResponse) -> Vec<(Status, Option<&str>, Option<&str>)> {
    let entries = shown.timeline.iter();
    entries
        .map(|entry| {
            let actor = entry.actor.as_ref().map(|actor| actor.name.as_str());
            (entry.status(), actor, entry.notes.as_deref())
        })
        .collect()
}

fn permitted(shown: &GetPartnerRequestResponse) -> Vec<Change> {
    shown.permitted_changes().collect()
}

testing::on_both_databases! {
    async fn the_timeline_is_newest_first_with_who_and_why(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        service.clock.advance(MINUTE);
        service.update(&partner_with_update(1), update(1, Change::Confirm)).await.unwrap();
        service.clock.advance(MINUTE);
        service.update(&partner_with_update(1), update(1, Change::Start)).await.unwrap();
        let shown = service.detail(&partner_with_update(1), by_id(1)).await.unwrap();
        assert_eq!(timeline(&shown), [
            (Status::InProgress, Some("Of Alpha"), None),
            (Status::Confirmed, Some("Of Alpha"), None),
            (Status::Assigned, Some("Of the platform"), None),
        ]);
        assert_eq!(shown.timeline[0].actor, Some(Actor { user_id: 901, name: "Of Alpha".to_owned() }));
        let request = shown.partner_request.as_ref().unwrap();
        assert_eq!(shown.timeline[0].time, request.start_time);
        assert_eq!(shown.timeline[2].time, request.assign_time);
        assert_eq!(service.detail(&staff(), by_id(1)).await.unwrap().timeline, shown.timeline);
    }

    async fn notes_of_another_partner_are_not_shown(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        service.clock.advance(MINUTE);
        service.update(&partner_with_update(1), update(1, Change::Reject)).await.unwrap();
        service.clock.advance(MINUTE);
        service.assign(&staff(), assign(1, 2, 21)).await.unwrap();
        let shown = service.detail(&partner_with_update(2), by_id(1)).await.unwrap();
        assert_eq!(timeline(&shown), [
            (Status::Assigned, Some("Of the platform"), None),
            (Status::Rejected, None, None),
            (Status::Assigned, None, None),
        ]);
        let to_staff = service.detail(&staff(), by_id(1)).await.unwrap();
        assert_eq!(timeline(&to_staff), [
            (Status::Assigned, Some("Of the platform"), None),
            (Status::Rejected, Some("Of Alpha"), Some("no car is free today")),
            (Status::Assigned, Some("Of the platform"), None),
        ]);
    }

    async fn entries_that_are_not_live_are_not_shown_and_the_newest_200_are(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[Row::new(1, Some(1))]).await;
        let entry = |note: &str, flags: &str| format!(
            "INSERT INTO request_status_log (request_id, status, changed_by_id, notes, is_active, is_deleted)
             VALUES (1, 'submitted', 900, '{note}', {flags});"
        );
        let mut script: String = ["false, false", "true, true", "NULL, NULL"]
            .iter()
            .map(|flags| entry("dead", flags))
            .collect();
        for number in 0..250 {
            script.push_str(&entry(&number.to_string(), "true, false"));
        }
        service.execute(&script).await;
        service.execute("UPDATE request_status_log SET \"timestamp\" = NULL").await;
        let shown = service.detail(&partner_with_update(1), by_id(1)).await.unwrap();
        assert_eq!(shown.timeline.len(), 200);
        assert_eq!(shown.timeline[0].notes.as_deref(), Some("249"));
        assert_eq!(shown.timeline[199].notes.as_deref(), Some("50"));
        assert_eq!(shown.timeline[0].time, None);
    }

    async fn the_branch_is_shown_with_address_and_phone(kind: Kind) {
        let service = Service::start(kind).await;
        service.execute("UPDATE branches SET address = '1, Corniche', phone = '+20 3 555' WHERE id = 11").await;
        waiting(&service, 1).await;
        let shown = service.detail(&partner_with_update(1), by_id(1)).await.unwrap();
        let contact = |address: &str, phone: &str| Some(BranchContact {
            address: Some(address.to_owned()),
            phone: Some(phone.to_owned()),
        });
        assert_eq!(shown.branch_contact, contact("1, Corniche", "+20 3 555"));
        service.assign(&staff(), assign(1, 2, 21)).await.unwrap();
        let shown = service.detail(&staff(), by_id(1)).await.unwrap();
        assert_eq!(shown.branch_contact, Some(BranchContact::default()));
        service.update(&partner_with_update(2), update(1, Change::Reject)).await.unwrap();
        assert_eq!(service.detail(&staff(), by_id(1)).await.unwrap().branch_contact, None);
    }

    async fn a_branch_of_another_partner_is_not_shown(kind: Kind) {
        let service = Service::start(kind).await;
        service.execute("UPDATE branches SET address = '1, Corniche' WHERE id = 21").await;
        service.insert(&[Row { branch: Some(21), ..Row::new(1, Some(1)) }]).await;
        let shown = service.detail(&partner_with_update(1), by_id(1)).await.unwrap();
        assert_eq!(shown.partner_request.unwrap().branch.unwrap().name, "");
        assert_eq!(shown.branch_contact, Some(BranchContact::default()));
    }

    async fn the_time_left_runs_out_while_it_is_assigned(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        let left = async || {
            let shown = service.detail(&partner_with_update(1), by_id(1)).await.unwrap();
            shown.time_left.map(|left| left.seconds)
        };
        service.clock.advance(5 * MINUTE);
        let seconds = left().await.unwrap();
        assert!((0..=600).contains(&seconds), "{seconds}");
        service.clock.advance(20 * MINUTE);
        assert_eq!(left().await, Some(0));
        assert_eq!(
            permitted(&service.detail(&partner_with_update(1), by_id(1)).await.unwrap()),
            [Change::Reject]
        );
        service.execute("UPDATE requests SET sla_deadline = NULL").await;
        assert_eq!(left().await, None);
        service.update(&partner_with_update(1), update(1, Change::Confirm)).await.unwrap();
        assert_eq!(left().await, None);
    }

    async fn the_permitted_changes_are_those_that_succeed(kind: Kind) {
        let service = Service::start(kind).await;
        waiting(&service, 1).await;
        let shown = async |token: &str| permitted(&service.detail(token, by_id(1)).await.unwrap());
        let reader = of("partner", "request_view", Some(1), 901);
        let assigner = of("operation", "request_view+request_assign", None, 903);
        assert_eq!(shown(&partner_with_update(1)).await, [Change::Confirm, Change::Reject]);
        assert_eq!(shown(&staff()).await, [Change::Assign]);
        assert_eq!(shown(&reader).await, []);
        service.update(&partner_with_update(1), update(1, Change::Confirm)).await.unwrap();
        assert_eq!(shown(&partner_with_update(1)).await, [Change::Start]);
        service.update(&partner_with_update(1), update(1, Change::Start)).await.unwrap();
        assert_eq!(shown(&partner_with_update(1)).await, [Change::StepBack, Change::Complete]);
        assert_eq!(shown(&assigner).await, [Change::Assign]);
        service.update(&partner_with_update(1), update(1, Change::Complete)).await.unwrap();
        assert_eq!(shown(&partner_with_update(1)).await, [Change::Reopen]);
        assert_eq!(shown(&staff()).await, [Change::Close]);
        assert_eq!(shown(&assigner).await, []);
    }
}

/// A deadline that never comes is no limit.
#[tokio::test]
async fn a_deadline_at_infinity_leaves_all_time() {
    let service = Service::start(Kind::Postgres).await;
    waiting(&service, 1).await;
    for (deadline, left, may) in [
        ("infinity", None, &[Change::Confirm, Change::Reject][..]),
        ("-infinity", Some(0), &[Change::Reject]),
    ] {
        service
            .execute(&format!("UPDATE requests SET sla_deadline = '{deadline}'"))
            .await;
        let shown = service
            .detail(&partner_with_update(1), by_id(1))
            .await
            .unwrap();
        assert_eq!(shown.time_left.map(|left| left.seconds), left);
        assert_eq!(permitted(&shown), may);
    }
}
