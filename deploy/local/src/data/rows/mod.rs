//! The rows of a life in three tables.

use super::{Life, Row, Table, Value, life::Stage, names::NAMES};
use contract::time::Timestamp;

const REQUESTS: Table = Table {
    name: "requests",
    columns: &[
        "id",
        "request_number",
        "customer_id",
        "customer_name",
        "customer_phone",
        "customer_lat",
        "customer_lng",
        "customer_address",
        "category_id",
        "service_id",
        "pickup_option_id",
        "partner_id",
        "branch_id",
        "assigned_by_user_id",
        "status",
        "created_at",
        "updated_at",
        "submitted_at",
        "assigned_at",
        "sla_deadline",
        "confirmed_at",
        "in_progress_at",
        "completed_at",
        "closed_at",
        "closed_by_user_id",
        "rejected_at",
        "rating",
    ],
};

const ASSIGNMENTS: Table = Table {
    name: "request_assignments",
    columns: &[
        "request_id",
        "partner_id",
        "branch_id",
        "assigned_by_user_id",
        "assigned_at",
        "responded_at",
        "response",
        "rejection_reason",
        "created_at",
        "is_active",
    ],
};

const STATUS_LOG: Table = Table {
    name: "request_status_log",
    columns: &[
        "request_id",
        "status",
        "changed_by_id",
        "notes",
        "timestamp",
        "created_at",
        "updated_at",
    ],
};

const STATUS: &str = "request_status_enum";
const RESPONSE: &str = "assignment_response_enum";

/// How to get a life's rows of one table.
type RowsOf = fn(Life<'_>) -> Vec<Row>;

/// The three tables, with how to get a life's rows of each.
pub(crate) struct Tables;

impl Tables {
    pub(crate) const ALL: [(Table, RowsOf); 3] = [
        (REQUESTS, |life| vec![life.request()]),
        (ASSIGNMENTS, |life| life.assignments()),
        (STATUS_LOG, |life| life.status_log()),
    ];
}

impl Life<'_> {
    fn reached(&self, stage: Stage, time: Timestamp) -> Value {
        if self.stage >= stage {
            time.into()
        } else {
            Value::Null
        }
    }

    /// The row of `requests`.
    pub(crate) fn request(mut self) -> Row {
        let random = &mut self.random;
        let (category, services) =
            &self.world.categories[random.usize(0..self.world.categories.len())];
        let service = random
            .bool()
            .then(|| services[random.usize(0..services.len())]);
        let pickup = self.world.pickup_options[random.usize(0..self.world.pickup_options.len())];
        let (given, family) = NAMES[random.usize(0..NAMES.len())];
        let name = format!(
            "{} {}",
            given[random.usize(0..given.len())],
            family[random.usize(0..family.len())]
        );
        let phone = format!(
            "+966 5{} {:03} {:04}",
            random.u8(0..10),
            random.u16(0..1_000),
            random.u16(0..10_000)
        );
        let rating = random.bool().then(|| random.i32(2..6));
        let place = [degrees(24, random), degrees(46, random)];
        let address = format!("{} King Fahd Road", random.u16(1..2_000));
        let is_assigned = self.stage >= Stage::Assigned;
        let last_change = match self.stage {
            Stage::Submitted => self.submitted,
            Stage::Assigned => self.assigned,
            Stage::Rejected | Stage::Unassigned | Stage::Confirmed => self.answered,
            Stage::InProgress => self.started,
            Stage::Completed => self.completed,
            Stage::Closed => self.closed,
        };
        let refused = matches!(self.stage, Stage::Rejected | Stage::Unassigned);
        vec![
            self.id.into(),
            request_number(self.id, self.submitted).into(),
            self.customer.into(),
            name.into(),
            phone.into(),
            place[0].into(),
            place[1].into(),
            address.into(),
            (*category).into(),
            service.into(),
            pickup.into(),
            is_assigned.then_some(self.partner.id).into(),
            is_assigned.then_some(self.branch).into(),
            is_assigned.then_some(self.world.staff).into(),
            Value::Enum(STATUS, self.stage.status()),
            self.submitted.into(),
            last_change.into(),
            self.submitted.into(),
            self.reached(Stage::Assigned, self.assigned),
            self.reached(Stage::Assigned, self.deadline),
            self.reached(Stage::Confirmed, self.answered),
            self.reached(Stage::InProgress, self.started),
            self.reached(Stage::Completed, self.completed),
            self.reached(Stage::Closed, self.closed),
            (self.stage == Stage::Closed)
                .then_some(self.world.staff)
                .into(),
            refused.then_some(self.answered).into(),
            rating.filter(|_| self.stage >= Stage::Completed).into(),
        ]
    }

    /// Its rows of `request_assignments`.
    fn assignments(self) -> Vec<Row> {
        let (response, reason) = match self.stage {
            Stage::Submitted => return Vec::new(),
            Stage::Rejected => ("rejected", Some("No free vehicle in this area")),
            // every other one was not answered in time
            Stage::Unassigned if self.id % 2 == 0 => ("timeout", None),
            Stage::Unassigned => ("rejected", Some("Too far from the branch")),
            Stage::Assigned => ("pending", None),
            _ => ("confirmed", None),
        };
        let responded = (response != "pending").then_some(self.answered);
        vec![vec![
            self.id.into(),
            self.partner.id.into(),
            self.branch.into(),
            self.world.staff.into(),
            self.assigned.into(),
            responded.into(),
            Value::Enum(RESPONSE, response),
            reason.into(),
            self.assigned.into(),
            true.into(),
        ]]
    }

    /// Its rows of `request_status_log`.
    fn status_log(self) -> Vec<Row> {
        let (staff, partner) = (self.world.staff, self.partner.user);
        let refused = matches!(self.stage, Stage::Rejected | Stage::Unassigned);
        let steps = [
            (Stage::Submitted, self.submitted, self.customer, true),
            (
                Stage::Assigned,
                self.assigned,
                staff,
                self.stage > Stage::Submitted,
            ),
            (self.stage, self.answered, partner, refused),
            (
                Stage::Confirmed,
                self.answered,
                partner,
                self.stage >= Stage::Confirmed,
            ),
            (
                Stage::InProgress,
                self.started,
                partner,
                self.stage >= Stage::InProgress,
            ),
            (
                Stage::Completed,
                self.completed,
                partner,
                self.stage >= Stage::Completed,
            ),
            (
                Stage::Closed,
                self.closed,
                staff,
                self.stage >= Stage::Closed,
            ),
        ];
        let happened = steps.into_iter().filter(|(.., happened)| *happened);
        happened
            .map(|(stage, time, user, _)| {
                vec![
                    self.id.into(),
                    Value::Enum(STATUS, stage.status()),
                    user.into(),
                    Value::Null,
                    time.into(),
                    time.into(),
                    time.into(),
                ]
            })
            .collect()
    }
}

/// Somewhere within a degree, to six decimals.
fn degrees(whole: i32, random: &mut fastrand::Rng) -> f64 {
    f64::from(whole * 1_000_000 + random.i32(0..1_000_000)) / 1e6
}

/// `REQ-20251108-0011`: the day of submission, and a running number.
fn request_number(number: i32, submitted: Timestamp) -> String {
    let day: String = submitted
        .to_string()
        .chars()
        .take(10)
        .filter(char::is_ascii_digit)
        .collect();
    format!("REQ-{day}-{number:04}")
}

#[cfg(test)]
mod tests;
