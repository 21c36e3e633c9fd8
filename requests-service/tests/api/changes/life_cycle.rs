//! The life cycle as it is served is the table in `LIFE_CYCLE.md`: every change,
//! from every status, by everyone.

use super::{
    document::{Written, document},
    done, partner_with_update, staff,
};
use crate::support::{Row, Service, of, reason, seconds};
use proto::requests::v1::{PartnerRequestChange, PartnerRequestStatus};
use requests_service::model::{Holder, LIFE_CYCLE, Moment, Side, Status};
use std::collections::BTreeMap;
use testing::Kind;
use tonic::Code;

/// Of `requests`: what a change may write.
const COLUMNS: [&str; 13] = [
    "status",
    "partner_id",
    "branch_id",
    "assigned_by_user_id",
    "sla_deadline",
    "assigned_at",
    "confirmed_at",
    "rejected_at",
    "in_progress_at",
    "completed_at",
    "closed_at",
    "closed_by_user_id",
    "updated_by_id",
];

fn name(status: Option<Status>) -> &'static str {
    status.map_or("NULL", Status::name)
}

#[test]
fn the_table_in_the_code_is_the_documents() {
    let document = document();
    assert_eq!(document.len(), LIFE_CYCLE.len());
    for (written, row) in document.iter().zip(&LIFE_CYCLE) {
        assert_eq!(written.change, row.change.to_string());
        let from: Vec<_> = row.from.iter().map(|status| name(*status)).collect();
        assert_eq!(written.from, from, "{}", row.change);
        let side = match row.by {
            Side::Partner => "its partner",
            Side::Staff => "staff",
        };
        assert_eq!(written.who, format!("{side}, {}", row.permission));
        assert_eq!(written.of("status"), Some(row.to.name()));
        for (moment, column) in [
            (Moment::Assigned, "assigned_at"),
            (Moment::Confirmed, "confirmed_at"),
            (Moment::Rejected, "rejected_at"),
            (Moment::InProgress, "in_progress_at"),
            (Moment::Completed, "completed_at"),
            (Moment::Closed, "closed_at"),
        ] {
            let expected = match (row.set.contains(&moment), row.cleared.contains(&moment)) {
                (true, false) => Some("now"),
                (false, true) => Some("NULL"),
                (false, false) => None,
                (true, true) => panic!("{moment:?} is set and cleared"),
            };
            assert_eq!(written.of(column), expected, "{}: {column}", row.change);
        }
        let holder = match written.of("partner_id") {
            None => Holder::Stays,
            Some("NULL") => Holder::Goes,
            Some(_) => Holder::Comes,
        };
        assert_eq!(row.holder, holder, "{}", row.change);
        let response = row.response.map_or("–", |response| response.name());
        if row.holder != Holder::Comes {
            assert!(written.response.starts_with(response), "{}", row.change);
        }
        assert!(written.log.starts_with(row.logged.name()), "{}", row.change);
    }
}

/// Everything that a change may write, by column.
async fn row(service: &Service, id: i32) -> BTreeMap<&'static str, String> {
    let columns = COLUMNS.map(|column| format!("coalesce(CAST({column} AS text), 'NULL')"));
    let columns = columns.join(" || '|' || ");
    let query = format!("SELECT {columns} AS line FROM requests WHERE id = {id}");
    let line = service.lines(&query).await.remove(0);
    COLUMNS
        .into_iter()
        .zip(line.split('|').map(str::to_owned))
        .collect()
}

/// A request of partner 1 with a value in every column, and a pending assignment
/// of each partner.
async fn full(service: &Service, id: i32, status: &str) {
    let mut names = Status::ALL.into_iter().map(Status::name);
    let set = Row {
        status: names.find(|name| *name == status),
        branch: Some(11),
        assigned: Some(seconds(1)),
        completed: Some(seconds(2)),
        ..Row::new(id, Some(1))
    };
    service.insert(&[set]).await;
    service
        .execute(&format!(
            "UPDATE requests SET confirmed_at = completed_at, rejected_at = completed_at,
                 in_progress_at = completed_at, closed_at = completed_at,
                 assigned_by_user_id = 900, closed_by_user_id = 900
             WHERE id = {id};
             INSERT INTO request_assignments (request_id, partner_id, branch_id, assigned_by_user_id)
             VALUES ({id}, 1, 12, 900), ({id}, 2, 21, 900), ({id}, 1, 11, 900);"
        ))
        .await;
}

/// What stands in the assignments, oldest first.
async fn assignments(service: &Service, id: i32) -> Vec<String> {
    let query = format!(
        "SELECT partner_id || ' ' || response || ' ' || is_active || ' ' ||
                (responded_at IS NOT NULL) || ' ' || coalesce(rejection_reason, '') AS line
         FROM request_assignments WHERE request_id = {id} ORDER BY id"
    );
    let lines = service.lines(&query).await;
    lines.iter().map(|line| spelled(line)).collect()
}

/// Booleans as PostgreSQL spells them.
fn spelled(line: &str) -> String {
    let words = line.split(' ').enumerate().map(|(index, word)| match word {
        "0" if index > 0 => "false",
        "1" if index > 0 => "true",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn logged(service: &Service, id: i32) -> Vec<String> {
    let query = format!(
        "SELECT status || ' ' || changed_by_id || ' ' || coalesce(notes, '') AS line
         FROM request_status_log WHERE request_id = {id} ORDER BY id"
    );
    service.lines(&query).await
}

const PENDING: [&str; 3] = [
    "1 pending true false ",
    "2 pending true false ",
    "1 pending true false ",
];

/// The change was made as the document says, and nothing else was.
async fn assert_made(
    service: &Service,
    id: i32,
    written: &Written,
    before: &BTreeMap<&str, String>,
) {
    let after = row(service, id).await;
    let user = if written.who.starts_with("staff") {
        "903"
    } else {
        "901"
    };
    let mut now = Vec::new();
    for column in COLUMNS {
        let (before, after) = (&before[column], &after[column]);
        match (column, written.of(column)) {
            ("status", Some(status)) => assert_eq!(after, status),
            ("partner_id", Some("value")) => assert_eq!(after, "2"),
            ("branch_id", Some("value")) => assert_eq!(after, "21"),
            ("sla_deadline", Some("value")) => assert_ne!(after, "NULL"),
            ("assigned_by_user_id" | "closed_by_user_id", Some("value"))
            | ("updated_by_id", None) => assert_eq!(after, user),
            (_, Some("NULL")) => assert_eq!(after, "NULL", "{}: {column}", written.change),
            (_, Some("now")) => now.push(after.clone()),
            (_, None) => assert_eq!(after, before, "{}: {column}", written.change),
            (_, Some(other)) => panic!("{other}"),
        }
    }
    now.dedup();
    assert_eq!(now.len(), 1, "{}: one now", written.change);
    assert_ne!(now[0], before["completed_at"]);

    let mut expected = PENDING.map(str::to_owned).to_vec();
    match written.response {
        "–" => {}
        "confirmed" => "1 confirmed true true ".clone_into(&mut expected[2]),
        "rejected, with the reason" => {
            "1 rejected true true no car is free today".clone_into(&mut expected[2]);
        }
        _ => {
            for line in &mut expected {
                *line = line.replace(" true ", " false ");
            }
            expected.push("2 pending true false ".to_owned());
        }
    }
    assert_eq!(
        assignments(service, id).await,
        expected,
        "{}",
        written.change
    );
    let (status, notes) = match written.log.split_once(", notes: the reason") {
        Some((status, _)) => (status, "no car is free today"),
        None => (written.log, ""),
    };
    assert_eq!(
        logged(service, id).await,
        [format!("{status} {user} {notes}")]
    );
}

/// What is refused leaves no trace.
async fn assert_untouched(service: &Service, id: i32, before: &BTreeMap<&str, String>) {
    assert_eq!(row(service, id).await, *before);
    assert_eq!(assignments(service, id).await, PENDING);
    assert!(logged(service, id).await.is_empty());
}

testing::on_both_databases! {
    async fn every_change_from_every_status_is_what_the_document_says(kind: Kind) {
        let service = Service::start(kind).await;
        let statuses: Vec<_> = Status::ALL.map(Some).into_iter().chain([None]).map(name).collect();
        let mut id = 0;
        for written in document() {
            for status in &statuses {
                id += 1;
                full(&service, id, status).await;
                let before = row(&service, id).await;
                let token = if written.who.starts_with("staff") { staff() } else { partner_with_update(1) };
                let outcome = done(&service, &token, id, written.change()).await;
                let what = format!("{} from {status}", written.change);
                match outcome {
                    Ok(shown) => {
                        assert!(written.from.contains(status), "{what}");
                        let to = written.of("status").unwrap().to_uppercase();
                        let to = format!("PARTNER_REQUEST_STATUS_{to}");
                        assert_eq!(shown.status(), PartnerRequestStatus::from_str_name(&to).unwrap());
                        assert_made(&service, id, &written, &before).await;
                    }
                    Err(refusal) => {
                        assert!(!written.from.contains(status), "{what}: {refusal:?}");
                        let expected = if written.of("status") == Some(*status) {
                            (Code::Aborted, "STATUS_REACHED")
                        } else {
                            (Code::FailedPrecondition, "CHANGE_NOT_ALLOWED")
                        };
                        assert_eq!((refusal.code(), reason(&refusal).as_str()), expected, "{what}");
                        assert_untouched(&service, id, &before).await;
                    }
                }
            }
        }
    }

    async fn only_whom_the_life_cycle_names_may_change_a_request(kind: Kind) {
        let service = Service::start(kind).await;
        for (id, written) in (1..).zip(document()) {
            full(&service, id, written.from[0]).await;
            let before = row(&service, id).await;
            let (permission, others) = match written.who.split_once(", ") {
                Some(("staff", permission)) => (permission, [
                    (partner_with_update(1), Code::PermissionDenied, "USER_TYPE_NOT_ALLOWED"),
                    (of("admin", "request_view", None, 903), Code::PermissionDenied, "PERMISSION_MISSING"),
                ]),
                Some((_, permission)) => (permission, [
                    (staff(), Code::PermissionDenied, "USER_TYPE_NOT_ALLOWED"),
                    (of("partner", "request_view", Some(1), 901), Code::PermissionDenied, "PERMISSION_MISSING"),
                ]),
                None => panic!("{}", written.who),
            };
            let another = (partner_with_update(2), Code::NotFound, "PARTNER_REQUEST_NOT_FOUND");
            let without = (of("partner", permission, None, 901), Code::PermissionDenied, "PARTNER_NOT_ASSIGNED");
            let of_partners = [another, without].into_iter().filter(|_| written.who.starts_with("its"));
            for (token, code, expected) in others.into_iter().chain(of_partners) {
                let refusal = done(&service, &token, id, written.change()).await.unwrap_err();
                let what = format!("{} by {token}", written.change);
                assert_eq!((refusal.code(), reason(&refusal).as_str()), (code, expected), "{what}");
            }
            assert_untouched(&service, id, &before).await;
        }
    }

    /// Of an assignment that another one took the place of, nothing is asked any more.
    async fn only_an_active_assignment_is_answered(kind: Kind) {
        let service = Service::start(kind).await;
        for (id, change, response) in [
            (1, PartnerRequestChange::Confirm, "1 confirmed true true "),
            (2, PartnerRequestChange::Reject, "1 rejected true true no car is free today"),
        ] {
            full(&service, id, "assigned").await;
            service
                .execute(&format!(
                    "INSERT INTO request_assignments (request_id, partner_id, branch_id, assigned_by_user_id, is_active)
                     VALUES ({id}, 1, 11, 900, false), ({id}, 1, 11, 900, NULL)"
                ))
                .await;
            done(&service, &partner_with_update(1), id, change).await.unwrap();
            let rows = format!(
                "SELECT response || ' ' || (responded_at IS NOT NULL) AS line FROM request_assignments
                 WHERE request_id = {id} AND (is_active IS NULL OR NOT is_active)"
            );
            let untouched = service.lines(&rows).await;
            assert_eq!(untouched.len(), 2);
            for line in untouched {
                assert_eq!(spelled(&line), "pending false");
            }
            assert!(assignments(&service, id).await.contains(&response.to_owned()));
        }
    }

    /// Who and when stands in the row, in the assignment and in the log. A trigger of the
    /// old application puts its own time into `updated_at`.
    async fn every_row_says_who_wrote_it_and_when(kind: Kind) {
        let service = Service::start(kind).await;
        full(&service, 1, "assigned").await;
        service.execute("UPDATE requests SET updated_at = completed_at").await;
        done(&service, &partner_with_update(1), 1, PartnerRequestChange::Confirm).await.unwrap();
        let log = "SELECT changed_by_id || ' ' || created_by_id || ' ' || updated_by_id || ' ' ||
                       (created_at = \"timestamp\") || ' ' || (updated_at = \"timestamp\") || ' ' ||
                       (\"timestamp\" = (SELECT confirmed_at FROM requests)) || ' ' ||
                       (SELECT updated_at > completed_at FROM requests) AS line
                   FROM request_status_log";
        let lines = service.lines(log).await;
        assert_eq!(lines.len(), 1);
        assert_eq!(
            lines[0].replace(" 1", " true"),
            "901 901 901 true true true true"
        );
        let assignment = "SELECT CAST(id AS text) AS line FROM request_assignments
                          WHERE responded_at = (SELECT confirmed_at FROM requests)";
        assert_eq!(service.lines(assignment).await.len(), 1);
    }
}
