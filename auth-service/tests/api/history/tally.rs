//! What a run was about: a history without a broken rule proves little if
//! nothing happened in it.

use super::{
    checker::Rules,
    ends::Life,
    record::{Action, History, Outcome},
};
use std::fmt;

/// A long run says how far it is, each time after so many calls.
pub(super) const EVERY: usize = 50_000;

/// What happened, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) operations: usize,
    sessions: usize,
    rotations: usize,
    refreshes: usize,
    /// By honest holders, while nothing had begun that could explain a refusal.
    honest: usize,
    /// Calls that began after an acknowledged end, and were refused.
    refused_after_end: usize,
    accepted: usize,
    unknown: usize,
    expired: usize,
    reuse_detected: usize,
    disabled: usize,
    passwords_changed: usize,
}

impl Tally {
    pub(super) fn add(&mut self, history: &History, rules: Rules) {
        self.operations += history.operations.len();
        self.rotations += history
            .changes
            .iter()
            .filter(|change| change.is_rotation)
            .count();
        for operation in &history.operations {
            let is_success = operation.outcome.is_success();
            let counted = match (&operation.action, &operation.outcome) {
                (_, Outcome::Unknown) => &mut self.unknown,
                (Action::Create { .. }, _) if is_success => &mut self.sessions,
                (Action::Refresh { .. }, _) if is_success => &mut self.refreshes,
                (Action::Validate { .. }, _) if is_success => &mut self.accepted,
                (Action::Disable, _) if is_success => &mut self.disabled,
                (Action::ChangePassword { .. }, _) if is_success => &mut self.passwords_changed,
                (_, Outcome::Refused(reason)) if reason == "REUSE_DETECTED" => {
                    &mut self.reuse_detected
                }
                (_, Outcome::Refused(reason)) if reason.ends_with("_EXPIRED") => &mut self.expired,
                _ => continue,
            };
            *counted += 1;
        }
        for session in 1.. {
            let is_this = |operation: &&super::record::Operation| matches!(operation.action, Action::Create { session: created, .. } if created == session);
            if !history
                .operations
                .iter()
                .any(|operation| is_this(&operation))
            {
                break;
            }
            let Some(life) = Life::of(session, history, rules) else {
                continue;
            };
            for operation in life.operations() {
                let refused = matches!(operation.outcome, Outcome::Refused(_));
                if refused && life.over_before(operation.invoked.order).is_some() {
                    self.refused_after_end += 1;
                }
                if matches!(operation.action, Action::Refresh { .. })
                    && operation.outcome != Outcome::Unknown
                    && !life.is_excused_before(operation.answered.order)
                {
                    self.honest += 1;
                }
            }
        }
    }

    /// Each part of it happened often enough to be seen to fail. What is rare is
    /// asked of a long run alone.
    pub(super) fn assert_says_something(&self) {
        let often = self.operations / 200;
        for (what, count) in [
            ("rotations", self.rotations),
            ("honest refreshes", self.honest),
            ("refusals after an end", self.refused_after_end),
            ("accepted", self.accepted),
            ("lost answers", self.unknown),
        ] {
            assert!(count > often, "{what}: {self}");
        }
        let rarely = self.operations / 20_000;
        for (what, count) in [
            ("expired", self.expired),
            ("reuse detected", self.reuse_detected),
            ("disabled", self.disabled),
            ("passwords changed", self.passwords_changed),
        ] {
            assert!(count >= rarely, "{what}: {self}");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} operations: {} sessions, {} rotations, {} refreshes ({} honest and unexcused), \
             {} accepted, {} refused after an end, {} unknown, {} expired, {} reuse detected, \
             {} times disabled, {} passwords changed",
            self.operations,
            self.sessions,
            self.rotations,
            self.refreshes,
            self.honest,
            self.accepted,
            self.refused_after_end,
            self.unknown,
            self.expired,
            self.reuse_detected,
            self.disabled,
            self.passwords_changed,
        )
    }
}
