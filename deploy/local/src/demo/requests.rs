//! Demo requests: spread over the last ninety days, in every status, with the
//! times that their life cycle gives them.

use super::{
    id, insert,
    names::{BRANCHES, CATEGORIES, NAMES, PICKUP_OPTIONS, SERVICES},
};
use sea_orm::{
    DatabaseTransaction, DbErr,
    sea_query::{Alias, Expr, ExprTrait},
};
use shared::{database::Database, time::Timestamp};
use std::time::Duration;

/// The same data at each first start.
const SEED: u64 = 20_251_108;
/// Rows in one statement: 24 values each stay far below both databases' limits.
const BATCH: u32 = 100;
const SPREAD: Duration = Duration::from_hours(90 * 24);
const SLA: Duration = Duration::from_mins(15);

const COLUMNS: [&str; 24] = [
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
    "rejected_at",
    "rating",
];

/// How far a request came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Submitted,
    Unassigned,
    Assigned,
    Confirmed,
    InProgress,
    Completed,
    Closed,
}

impl Stage {
    /// Most requests are done; a few are at every other stage.
    fn draw(random: &mut fastrand::Rng) -> Self {
        match random.u8(0..100) {
            0..5 => Self::Submitted,
            5..10 => Self::Unassigned,
            10..20 => Self::Assigned,
            20..30 => Self::Confirmed,
            30..38 => Self::InProgress,
            38..80 => Self::Completed,
            _ => Self::Closed,
        }
    }

    fn status(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Unassigned => "unassigned",
            Self::Assigned => "assigned",
            Self::Confirmed => "confirmed",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Closed => "closed",
        }
    }
}

/// Writes `count` requests, the newest of them submitted just before `now`.
pub(super) async fn write(
    on: &DatabaseTransaction,
    database: &Database,
    count: u32,
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let step = SPREAD / Ord::max(count, 1);
    for first in (0..count).step_by(BATCH as usize) {
        let numbers = first..Ord::min(count, first + BATCH);
        let rows = numbers.map(|number| {
            let submitted = Timestamp::from_micros(
                now.micros()
                    - i64::try_from((step * (count - number)).as_micros()).unwrap_or_default(),
            );
            row(&mut random, database, number, submitted, now)
        });
        insert(on, "requests", &COLUMNS, rows.collect()).await?;
    }
    Ok(())
}

fn row(
    random: &mut fastrand::Rng,
    database: &Database,
    number: u32,
    submitted: Timestamp,
    now: Timestamp,
) -> Vec<Expr> {
    // the first partner has the most work, the suspended one the least
    let branch = match random.u8(0..10) {
        0..6 => random.usize(0..2),
        6..9 => random.usize(2..4),
        _ => random.usize(4..6),
    };
    let category = random.usize(0..CATEGORIES.len());
    let service = random.bool().then(|| 2 * category + random.usize(0..2));
    debug_assert!(service.is_none_or(|service| SERVICES[service].0 == category));
    let mut at = submitted;
    let mut after = |minutes: u64| {
        at = at + Duration::from_secs(random.u64(1..60 * minutes));
        at
    };
    let assigned = after(30);
    let confirmed = after(14);
    let started = after(60);
    let completed = after(180);
    let closed = after(600);
    // nothing has happened that is yet to come
    let stage = match Stage::draw(random) {
        Stage::Submitted => Stage::Submitted,
        drawn if closed < now => drawn,
        _ if assigned < now => Stage::Assigned,
        _ => Stage::Submitted,
    };
    let is_assigned = stage >= Stage::Assigned;
    let time = |time: Timestamp| database.time(time);
    let reached = |from: Stage, point: Timestamp| {
        if stage >= from {
            time(point)
        } else {
            Expr::null()
        }
    };
    let rejected = stage == Stage::Unassigned && random.bool();
    let (given, family) = NAMES[random.usize(0..NAMES.len())];
    let name = format!(
        "{} {}",
        given[random.usize(0..given.len())],
        family[random.usize(0..family.len())]
    );
    let rating = (stage >= Stage::Completed && random.bool()).then(|| random.i32(2..6));
    vec![
        request_number(number, submitted).into(),
        id(super::USERS.len() - 1).into(),
        name.into(),
        format!(
            "+966 5{} {:03} {:04}",
            random.u8(0..10),
            random.u16(0..1_000),
            random.u16(0..10_000)
        )
        .into(),
        degrees(24, random).into(),
        degrees(46, random).into(),
        format!("{} King Fahd Road", random.u16(1..2_000)).into(),
        id(category).into(),
        service.map(id).into(),
        id(random.usize(0..PICKUP_OPTIONS.len())).into(),
        is_assigned.then(|| id(BRANCHES[branch].partner)).into(),
        is_assigned.then(|| id(branch)).into(),
        Expr::val(stage.status()).as_enum(Alias::new("request_status_enum")),
        time(submitted),
        time(submitted),
        time(submitted),
        reached(Stage::Assigned, assigned),
        reached(Stage::Assigned, assigned + SLA),
        reached(Stage::Confirmed, confirmed),
        reached(Stage::InProgress, started),
        reached(Stage::Completed, completed),
        reached(Stage::Closed, closed),
        if rejected {
            time(assigned)
        } else {
            Expr::null()
        },
        rating.into(),
    ]
}

/// Somewhere within a degree, to six decimals.
fn degrees(whole: i32, random: &mut fastrand::Rng) -> f64 {
    f64::from(whole * 1_000_000 + random.i32(0..1_000_000)) / 1e6
}

/// `REQ-20251108-0011`: the day of submission, and a running number.
fn request_number(number: u32, submitted: Timestamp) -> String {
    let day = submitted.to_string();
    let day: String = day.chars().take(10).filter(char::is_ascii_digit).collect();
    format!("REQ-{day}-{:04}", number + 1)
}
