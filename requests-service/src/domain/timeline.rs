//! Which part of a request's timeline a caller may see.

use crate::{
    model::{Assignment, Status, TimelineEntry, Visibility},
    store::MOST_ASSIGNMENTS,
};
use contract::{ids::PartnerId, time::Timestamp};

/// Removes actor and notes from entries of the time when the request belonged to another partner. A
/// partner then sees that something happened, but not what the other partner wrote.
pub(super) fn shown_to(
    visibility: Visibility,
    mut entries: Vec<TimelineEntry>,
    assignments: &[Assignment],
) -> Vec<TimelineEntry> {
    let Visibility::Partner(partner) = visibility else {
        return entries;
    };
    for entry in &mut entries {
        if !is_for(partner, entry, assignments) {
            entry.actor = None;
            entry.notes = None;
        }
    }
    entries
}

/// Whether a request belonged to this partner, or to nobody yet, when something happened. If the
/// rows do not show it, the answer is no.
fn is_for(partner: PartnerId, entry: &TimelineEntry, assignments: &[Assignment]) -> bool {
    let given = |assignment: &&Assignment| assignment.at.unwrap_or(Timestamp::NEGATIVE_INFINITY);
    let at = entry.at.unwrap_or(Timestamp::INFINITY);
    let before = assignments
        .iter()
        .filter(|assignment| given(assignment) <= at);
    if let Some(last) = before.clone().max_by_key(given) {
        // if two assignments have the same time, both must be the caller's
        return before
            .filter(|assignment| given(assignment) == given(&last))
            .all(|assignment| assignment.partner == partner);
    }
    let all = u64::try_from(assignments.len()).is_ok_and(|count| count < MOST_ASSIGNMENTS);
    all && !is_a_partners(entry.status)
}

/// Whether only a partner can have done it. Then the request belonged to some partner, even if no
/// assignment shows it.
fn is_a_partners(status: Option<Status>) -> bool {
    match status {
        Some(Status::Confirmed | Status::Rejected | Status::InProgress | Status::Completed)
        | None => true,
        Some(Status::Submitted | Status::Assigned | Status::Closed | Status::Unassigned) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Actor;
    use contract::ids::UserId;

    const OURS: PartnerId = PartnerId(1);
    const THEIRS: PartnerId = PartnerId(2);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn known(at: Option<Timestamp>, assignments: &[(PartnerId, Option<Timestamp>)]) -> bool {
        known_of(Status::Assigned, at, assignments)
    }

    fn known_of(
        status: Status,
        at: Option<Timestamp>,
        assignments: &[(PartnerId, Option<Timestamp>)],
    ) -> bool {
        let entry = TimelineEntry {
            status: Some(status),
            at,
            actor: Some(Actor {
                id: UserId(1),
                name: "Somebody".to_owned(),
            }),
            notes: Some("no car is free".to_owned()),
        };
        let assignments: Vec<_> = assignments
            .iter()
            .map(|&(partner, at)| Assignment { partner, at })
            .collect();
        let all = shown_to(Visibility::AllPartners, vec![entry.clone()], &assignments);
        assert_eq!(all, std::slice::from_ref(&entry));
        let shown = shown_to(Visibility::Partner(OURS), vec![entry.clone()], &assignments);
        let hidden = TimelineEntry {
            actor: None,
            notes: None,
            ..entry.clone()
        };
        let whole = shown == [entry];
        assert!(whole || shown == [hidden]);
        whole
    }

    #[test]
    fn a_partner_knows_what_happened_while_the_request_was_its_own_or_nobodys() {
        let history = [
            (OURS, Some(at(10))),
            (THEIRS, Some(at(20))),
            (OURS, Some(at(30))),
        ];
        for (seconds, expected) in [
            (5, true),
            (10, true),
            (19, true),
            (20, false),
            (29, false),
            (30, true),
            (99, true),
        ] {
            assert_eq!(known(Some(at(seconds)), &history), expected, "{seconds}");
        }
        assert!(known(Some(at(5)), &[]));
    }

    #[test]
    fn an_entry_without_a_time_is_hidden_from_the_caller() {
        assert!(!known(
            None,
            &[(OURS, Some(at(10))), (THEIRS, Some(at(20)))]
        ));
        assert!(known(None, &[(THEIRS, Some(at(10))), (OURS, Some(at(20)))]));
        assert!(!known(Some(at(5)), &[(THEIRS, None)]));
        assert!(!known(
            Some(at(10)),
            &[(THEIRS, Some(at(10))), (OURS, Some(at(10)))]
        ));
        assert!(known(None, &[]));
    }

    #[test]
    fn a_partners_entry_before_any_assignment_counts_as_another_partners() {
        for (status, expected) in [
            (Status::Submitted, true),
            (Status::Unassigned, true),
            (Status::Confirmed, false),
            (Status::Rejected, false),
            (Status::InProgress, false),
            (Status::Completed, false),
        ] {
            assert_eq!(known_of(status, Some(at(5)), &[]), expected, "{status:?}");
            let later = [(OURS, Some(at(10)))];
            assert_eq!(
                known_of(status, Some(at(5)), &later),
                expected,
                "{status:?}"
            );
            assert!(known_of(status, Some(at(10)), &later), "{status:?}");
        }
    }
}
