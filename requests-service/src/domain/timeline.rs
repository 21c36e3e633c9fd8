//! What of a request's past a caller may know.

use crate::{
    model::{Assignment, TimelineEntry, Visibility},
    store::MOST_ASSIGNMENTS,
};
use shared::{ids::PartnerId, time::Timestamp};

/// Takes from entries who and why, where the request was another partner's: a
/// partner sees that something happened, not what another one said.
pub(super) fn shown_to(
    visibility: Visibility,
    mut entries: Vec<TimelineEntry>,
    assignments: &[Assignment],
) -> Vec<TimelineEntry> {
    let Visibility::Partner(partner) = visibility else {
        return entries;
    };
    for entry in &mut entries {
        if !is_for(partner, entry.at, assignments) {
            entry.actor = None;
            entry.notes = None;
        }
    }
    entries
}

/// Whether a request was a partner's at a time, or nobody's yet. Where the rows
/// do not say when, it is decided against the caller.
fn is_for(partner: PartnerId, at: Option<Timestamp>, assignments: &[Assignment]) -> bool {
    let given = |assignment: &&Assignment| assignment.at.unwrap_or(Timestamp::NEGATIVE_INFINITY);
    let at = at.unwrap_or(Timestamp::INFINITY);
    let before = assignments
        .iter()
        .filter(|assignment| given(assignment) <= at);
    match before.clone().max_by_key(given) {
        // two at one time: both have to be the caller's
        Some(last) => before
            .filter(|assignment| given(assignment) == given(&last))
            .all(|assignment| assignment.partner == partner),
        None => u64::try_from(assignments.len()).is_ok_and(|count| count < MOST_ASSIGNMENTS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, Status};
    use shared::ids::UserId;

    const OURS: PartnerId = PartnerId(1);
    const THEIRS: PartnerId = PartnerId(2);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn known(at: Option<Timestamp>, assignments: &[(PartnerId, Option<Timestamp>)]) -> bool {
        let entry = TimelineEntry {
            status: Some(Status::Rejected),
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
    fn what_has_no_time_is_decided_against_the_caller() {
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
}
