//! The old application goes on beside us: its time-out job, which takes requests from
//! partners that did not confirm in time, asks for no status before it writes.

use super::{partner_with_update, update, waiting};
use crate::support::Service;
use proto::requests::v1::PartnerRequestChange;
use testing::Kind;
use tonic::Code;

/// What the time-out job does to a request that it selected a moment ago.
const TIMEOUT_JOB: &str = "
BEGIN;
UPDATE requests SET status = 'unassigned', partner_id = NULL, branch_id = NULL, assigned_at = NULL,
    sla_deadline = NULL WHERE id = {id};
INSERT INTO request_assignments (request_id, partner_id, branch_id, assigned_by_user_id, response)
    VALUES ({id}, 1, 11, 903, 'timeout');
INSERT INTO request_status_log (request_id, status, changed_by_id, notes)
    VALUES ({id}, 'unassigned', 903, 'SLA timeout');
COMMIT;";

/// A request, its assignments and its log, in one line.
async fn all_of(service: &Service, id: i32) -> String {
    let line = format!(
        "SELECT r.status || ', ' || coalesce(r.partner_id::text, 'nobody') || ', ' ||
             CASE WHEN r.confirmed_at IS NULL THEN 'never confirmed' ELSE 'confirmed once' END || '; ' ||
             (SELECT string_agg(a.response::text, ', ' ORDER BY a.id)
              FROM request_assignments a WHERE a.request_id = r.id) || '; ' ||
             (SELECT string_agg(l.status::text, ', ' ORDER BY l.id)
              FROM request_status_log l WHERE l.request_id = r.id) AS line
         FROM requests r WHERE id = {id}"
    );
    service.lines(&line).await.remove(0)
}

/// Only PostgreSQL is shared with the old application.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_that_races_the_old_applications_timeout_job_is_whole_or_nothing() {
    let service = Service::start(Kind::Postgres).await;
    let token = partner_with_update(1);
    let (mut confirmed_first, mut timed_out_first) = (0, 0);
    for id in 1..=100 {
        waiting(&service, id).await;
        let timeout_job = TIMEOUT_JOB.replace("{id}", &id.to_string());
        let confirm = || service.update(&token, update(id, PartnerRequestChange::Confirm));
        // the two orders by turns, and both at once
        let outcome = match id % 4 {
            0 => {
                let outcome = confirm().await;
                service.execute(&timeout_job).await;
                outcome
            }
            1 => {
                service.execute(&timeout_job).await;
                confirm().await
            }
            _ => tokio::join!(confirm(), service.execute(&timeout_job)).0,
        };
        match outcome {
            Ok(_) => {
                confirmed_first += 1;
                assert_eq!(
                    all_of(&service, id).await,
                    "unassigned, nobody, confirmed once; confirmed, timeout; assigned, confirmed, unassigned"
                );
            }
            Err(refusal) => {
                timed_out_first += 1;
                assert_eq!(refusal.code(), Code::NotFound, "{refusal:?}");
                assert_eq!(
                    all_of(&service, id).await,
                    "unassigned, nobody, never confirmed; pending, timeout; assigned, unassigned"
                );
            }
        }
    }
    println!("confirmed first: {confirmed_first}, timed out first: {timed_out_first}");
    assert!(confirmed_first >= 25 && timed_out_first >= 25);
}
