//! Requests at random, and what was done about them.

use super::rows::{
    BRANCHES, CATEGORIES, PARTNERS, PICKUP_OPTIONS, SERVICES, USERS, common, flag, insert, one_of,
    or_null, quoted, text, time,
};
use fastrand::Rng;

const REQUESTS: u32 = 30;
/// Of ids of requests: they are not dense.
const STEP: u32 = 3;

const STATUSES: [&str; 10] = [
    "'submitted'",
    "'assigned'",
    "'confirmed'",
    "'in_progress'",
    "'completed'",
    "'closed'",
    "'rejected'",
    "'unassigned'",
    "'on_hold'",
    "NULL",
];

/// A number of a request, in one of the forms that there are.
fn number(random: &mut Rng, id: u32) -> String {
    let number = match random.u8(0..7) {
        0 => format!("{id}"),
        1 => format!("req {id}"),
        2 => format!("طلب-{id}"),
        3 => format!("{}{id:04}", "🚗".repeat(46)),
        4 => format!("  REQ-%_'\\{id} "),
        5 => format!("REQ-20251108-1{id:05}"),
        _ => format!("REQ-20251108-{id:04}"),
    };
    quoted(&number)
}

pub(super) fn requests(random: &mut Rng) -> String {
    let columns = "requests id, request_number, customer_id, customer_phone, customer_name, customer_lat, \
                   customer_lng, customer_address, category_id, service_id, pickup_option_id, partner_id, \
                   branch_id, assigned_by_user_id, status, rating, feedback, assigned_at, sla_deadline, \
                   submitted_at, confirmed_at, rejected_at, in_progress_at, completed_at, closed_at, rated_at";
    insert(random, columns, REQUESTS, |random, id| {
        let number = number(random, id);
        let phone = one_of(
            random,
            &["''", "'+966 50 000 0000'", "'٠٥٠ ١٢٣'", "'ask 1%'"],
        );
        let mut values = vec![
            (id * STEP).to_string(),
            number,
            random.u32(1..=USERS).to_string(),
            phone.to_owned(),
            text(random),
            one_of(random, &["0", "-90", "99.99999999", "24.7"]).to_owned(),
            one_of(random, &["0", "-180", "999.99999999", "46.6"]).to_owned(),
            text(random),
            random.u32(1..=CATEGORIES).to_string(),
        ];
        // more of the first partner's
        let partner = random.u32(1..=PARTNERS) * random.u32(0..2);
        let service = random.u32(1..=SERVICES);
        values.push(or_null(random, &service));
        values.push(random.u32(1..=PICKUP_OPTIONS).to_string());
        for last in [partner.max(1)..=partner.max(1), 1..=BRANCHES, 1..=USERS] {
            let value = random.u32(last);
            values.push(or_null(random, &value));
        }
        values.push(one_of(random, &STATUSES).to_owned());
        let rating = random.u8(1..=5);
        values.push(or_null(random, &rating));
        let feedback = text(random);
        values.push(or_null(random, &feedback));
        values.extend((0..9).map(|_| time(random)));
        values.join(", ")
    })
}

/// Assignments, several of one request pending with different partners, and logs.
pub(super) fn histories(random: &mut Rng) -> String {
    let mut assignments = Vec::new();
    let mut logs = Vec::new();
    for request in (1..=REQUESTS).map(|id| id * STEP) {
        for partner in 1..=random.u32(0..4) {
            let response = [
                "'pending'",
                "'pending'",
                "'confirmed'",
                "'rejected'",
                "'timeout'",
                "NULL",
            ];
            let (branch, reason) = (random.u32(1..=BRANCHES), text(random));
            assignments.push(format!(
                "({request}, {partner}, {branch}, 1, {}, {}, {}, {}, {}, {})",
                time(random),
                time(random),
                one_of(random, &response),
                or_null(random, &reason),
                time(random),
                flag(random, "true")
            ));
            let notes = text(random);
            logs.push(format!(
                "({request}, {}, {}, {}, {}, {})",
                one_of(random, &STATUSES[..9]),
                random.u32(1..=USERS),
                or_null(random, &notes),
                time(random),
                common(random)
            ));
        }
    }
    // one at least of each
    assignments.push(format!(
        "({STEP}, 1, 1, 1, NULL, NULL, 'pending', NULL, NULL, NULL)"
    ));
    logs.push(format!(
        "({STEP}, 'assigned', 1, NULL, NULL, NULL, NULL, NULL, NULL)"
    ));
    format!(
        "INSERT INTO request_assignments (request_id, partner_id, branch_id, assigned_by_user_id, assigned_at,
                                          responded_at, response, rejection_reason, created_at, is_active) VALUES {};
         INSERT INTO request_status_log (request_id, status, changed_by_id, notes, \"timestamp\", created_at, updated_at,
                                         is_active, is_deleted) VALUES {};\n",
        assignments.join(", "), logs.join(", ")
    )
}
