//! Events and filters at random, and what the contract says of a filter.

use fastrand::Rng;
use proto::auth::v1::{AuditCause, AuditEvent, AuditEventFilter, AuditEventType};
use std::fmt::Write as _;
use testing::{Kind, auth::Auth};

pub(super) const SESSIONS: [&str; 3] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
];
const EVENTS: [&str; 3] = ["create_session", "refresh_session", "revoke_user_sessions"];
const TYPES: [AuditEventType; 3] = [
    AuditEventType::CreateSession,
    AuditEventType::RefreshSession,
    AuditEventType::RevokeUserSessions,
];
const CAUSES: [&str; 3] = ["turned", "password_wrong", "of_a_newer_build"];
/// 2026-01-01T00:00:00Z.
pub(super) const START: i64 = 1_767_225_600;

/// Of a seed that is printed.
pub(super) fn random() -> Rng {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    Rng::with_seed(seed)
}

/// Adds events at random, many of them at the same time.
pub(super) async fn add(auth: &Auth, random: &mut Rng, events: u32) {
    let mut rows = String::new();
    for _ in 0..events {
        let seconds = START + random.i64(0..20);
        let time = match auth.database.kind {
            Kind::Postgres => format!("to_timestamp({seconds})"),
            Kind::Sqlite => format!("{seconds}000000"),
        };
        let columns = [
            random.choice(CAUSES).map(|cause| format!("'{cause}'")),
            Some(random.i32(1..4).to_string()),
            Some(random.i32(1..4).to_string()),
            random
                .choice(SESSIONS)
                .map(|session| format!("'{session}'")),
        ];
        let columns = columns.map(|value| {
            let value = value.filter(|_| random.u8(0..4) > 0);
            value.unwrap_or_else(|| "NULL".to_owned())
        });
        let event = random.choice(EVENTS).unwrap();
        let outcome = random.choice(["done", "refused"]).unwrap();
        let separator = if rows.is_empty() { "" } else { ", " };
        write!(
            rows,
            "{separator}({time}, '{event}', '{outcome}', {})",
            columns.join(", ")
        )
        .unwrap();
    }
    auth.database
        .execute(&format!(
            "INSERT INTO ticketing_audit_events \
             (occurred_at, event, outcome, cause, actor_user_id, subject_user_id, session_id) VALUES {rows}"
        ))
        .await;
}

/// Some of some values; most often none.
fn some<T: Clone>(random: &mut Rng, values: &[T]) -> Vec<T> {
    let mut some = Vec::new();
    if random.u8(0..3) == 0 {
        for _ in 0..random.usize(1..3) {
            some.push(random.choice(values).unwrap().clone());
        }
    }
    some
}

pub(super) fn any_filter(random: &mut Rng) -> AuditEventFilter {
    let mut time = || {
        let seconds = START + random.i64(0..20);
        (random.u8(0..3) == 0).then_some(prost_types::Timestamp { seconds, nanos: 0 })
    };
    let (mut start_time, mut end_time) = (time(), time());
    if let (Some(start), Some(end)) = (start_time, end_time)
        && end.seconds < start.seconds
    {
        (start_time, end_time) = (Some(end), Some(start));
    }
    AuditEventFilter {
        subject_user_ids: some(random, &[1, 2, 3]),
        actor_user_ids: some(random, &[1, 2, 3]),
        session_ids: some(random, &SESSIONS.map(str::to_owned)),
        types: some(random, &TYPES.map(i32::from)),
        causes: some(
            random,
            &[AuditCause::Rotated.into(), AuditCause::PasswordWrong.into()],
        ),
        outcome: random.i32(0..3),
        start_time,
        end_time,
    }
}

/// What the contract says of a filter.
pub(super) fn is_meant(filter: &AuditEventFilter, event: &AuditEvent) -> bool {
    fn one_of<T: PartialEq>(values: &[T], value: Option<&T>) -> bool {
        values.is_empty() || value.is_some_and(|value| values.contains(value))
    }
    let at = event.occur_time.unwrap();
    let at = (at.seconds, at.nanos);
    one_of(&filter.subject_user_ids, event.subject_user_id.as_ref())
        && one_of(&filter.actor_user_ids, event.actor_user_id.as_ref())
        && one_of(&filter.session_ids, Some(&event.session_id))
        && one_of(&filter.types, Some(&event.r#type))
        && one_of(&filter.causes, Some(&event.cause))
        && (filter.outcome == 0 || filter.outcome == event.outcome)
        && filter
            .start_time
            .is_none_or(|start| at >= (start.seconds, start.nanos))
        && filter
            .end_time
            .is_none_or(|end| at <= (end.seconds, end.nanos))
}

/// The same filter in other words: lists in another order with values repeated, other
/// parts of a microsecond, and nothing at all for a filter that asks for nothing.
pub(super) fn in_other_words(
    random: &mut Rng,
    filter: &AuditEventFilter,
) -> Option<AuditEventFilter> {
    fn list<T: Clone>(random: &mut Rng, values: &[T]) -> Vec<T> {
        let mut list = values.to_vec();
        for _ in 0..random.usize(0..4) {
            list.extend(random.choice(values).cloned());
        }
        random.shuffle(&mut list);
        list
    }
    let mut time = |time: Option<prost_types::Timestamp>| {
        time.map(|time| prost_types::Timestamp {
            nanos: time.nanos / 1_000 * 1_000 + random.i32(0..1_000),
            ..time
        })
    };
    let (start_time, end_time) = (time(filter.start_time), time(filter.end_time));
    let same = AuditEventFilter {
        subject_user_ids: list(random, &filter.subject_user_ids),
        actor_user_ids: list(random, &filter.actor_user_ids),
        session_ids: list(random, &filter.session_ids),
        types: list(random, &filter.types),
        causes: list(random, &filter.causes),
        outcome: filter.outcome,
        start_time,
        end_time,
    };
    (same != AuditEventFilter::default() || random.bool()).then_some(same)
}

/// Filters that differ from this one in one thing each.
pub(super) fn others(filter: &AuditEventFilter) -> Vec<AuditEventFilter> {
    fn toggle<T: PartialEq>(list: &mut Vec<T>, value: T) {
        if list.contains(&value) {
            list.retain(|other| *other != value);
        } else {
            list.push(value);
        }
    }
    let changes: [fn(&mut AuditEventFilter); 8] = [
        |filter| toggle(&mut filter.subject_user_ids, 1),
        |filter| toggle(&mut filter.actor_user_ids, 1),
        |filter| toggle(&mut filter.session_ids, SESSIONS[0].to_owned()),
        |filter| toggle(&mut filter.types, TYPES[0].into()),
        |filter| toggle(&mut filter.causes, AuditCause::Rotated.into()),
        |filter| filter.outcome = (filter.outcome + 1) % 3,
        |filter| filter.start_time.get_or_insert_default().seconds -= 1,
        |filter| {
            let later = prost_types::Timestamp {
                seconds: START + 100,
                nanos: 0,
            };
            filter.end_time.get_or_insert(later).nanos += 1_000;
        },
    ];
    let changed = changes.iter().map(|change| {
        let mut other = filter.clone();
        change(&mut other);
        other
    });
    changed.collect()
}
