//! The rules, over a history: a pure function. What it does not know it does not
//! hold against anyone: an unknown outcome may have been done or not.

use super::{
    ends::{Cause, Life},
    record::{Action, Generation, History, Number, Operation, Outcome},
};
use crate::doors::INACTIVE;
use std::{collections::BTreeSet, time::Duration};

/// A rule that a history can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rule {
    /// After an acknowledged end no call by the session's access token is
    /// accepted that begins later.
    AcceptedAfterItsEnd,
    /// After an acknowledged end no refresh succeeds that begins later.
    RefreshedAfterItsEnd,
    /// Nothing is accepted that falls into a time in which the user was
    /// disabled.
    AcceptedWhileDisabled,
    /// What was once refused as over is never accepted again.
    Revived,
    /// A row that ended stays so.
    RowRevived,
    /// A row that ended never rotates, nor is its end put off.
    ChangedAfterItsEnd,
    /// A token is accepted after its time.
    AcceptedExpired,
    /// After a change of password the one before logs in.
    OldPasswordLoggedIn,
    /// An honest holder is refused, and nothing explains it.
    HonestRefused,
    /// A good access token is refused, and nothing explains it.
    GoodRefused,
    /// A refresh answers neither the generation presented nor the one after.
    Skipped,
    /// A refresh answers a lower generation than one that ended before it began.
    WentBack,
    /// A generation rotates more than once, or by more than one.
    TwoWinners,
    /// The answers of one generation are of more than one chain: its refresh
    /// token ends with the session, which a rotation and the first use slide.
    Forked,
    /// A session rotates twice within the overlap.
    RotatedTooSoon,
    /// The row's generation in the end is not what was answered.
    RowDiffers,
    /// A fault of the service.
    Broke,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) session: Option<Number>,
    /// The operation that shows it, or else where it was seen.
    pub(crate) seen: String,
}

/// What the service is configured to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) overlap: Duration,
    /// How far a replica's own clock may be off.
    pub(crate) clock_error: Duration,
}

/// What tokens are good for after their time (`design.md`: leeway).
const LEEWAY: Duration = Duration::from_secs(5);

/// All that a history breaks.
pub(crate) fn check(history: &History, rules: Rules) -> Vec<Violation> {
    let sessions: BTreeSet<Number> = history
        .operations
        .iter()
        .filter_map(|operation| match operation.action {
            Action::Create { session, .. } => Some(session),
            _ => None,
        })
        .collect();
    let mut violations: Vec<Violation> = Vec::new();
    for operation in &history.operations {
        let rule = match operation.action {
            _ if operation.outcome == Outcome::Broken => Rule::Broke,
            Action::Create { password, .. } if logs_in_by_old(history, operation, password) => {
                Rule::OldPasswordLoggedIn
            }
            _ => continue,
        };
        violations.push(Violation {
            rule,
            session: None,
            seen: format!("{operation:?}"),
        });
    }
    for session in sessions {
        let Some(life) = Life::of(session, history, rules) else {
            continue;
        };
        let mut broken = Broken {
            session,
            violations: &mut violations,
        };
        for operation in life.operations() {
            if let Some(rule) = broken_by_acceptance(&life, operation, rules)
                .or_else(|| broken_by_refusal(&life, operation, rules))
            {
                broken.note(rule, operation);
            }
        }
        check_answers(&life, &mut broken);
        check_row(history, &life, rules, &mut broken);
    }
    violations
}

struct Broken<'a> {
    session: Number,
    violations: &'a mut Vec<Violation>,
}

impl Broken<'_> {
    fn note(&mut self, rule: Rule, seen: impl std::fmt::Debug) {
        self.violations.push(Violation {
            rule,
            session: Some(self.session),
            seen: format!("{seen:?}"),
        });
    }
}

fn logs_in_by_old(history: &History, log_in: &Operation, password: u32) -> bool {
    let changed_before = |change: &Operation| {
        matches!(change.action, Action::ChangePassword { from, .. } if from == password)
            && change.outcome.is_success()
            && change.answered.order < log_in.invoked.order
    };
    log_in.outcome.is_success() && history.operations.iter().any(changed_before)
}

fn broken_by_acceptance(life: &Life<'_>, operation: &Operation, rules: Rules) -> Option<Rule> {
    let presented = operation.action.presented()?;
    if !operation.outcome.is_success() {
        return None;
    }
    let is_refresh = matches!(operation.action, Action::Refresh { .. });
    let good_until = presented.expires_at + LEEWAY + rules.clock_error;
    match life.over_before(operation.invoked.order) {
        Some(Cause::Acknowledged) if is_refresh => Some(Rule::RefreshedAfterItsEnd),
        Some(Cause::Acknowledged) => Some(Rule::AcceptedAfterItsEnd),
        Some(Cause::SeenDead) => Some(Rule::Revived),
        None if life.is_disabled_throughout(operation) => Some(Rule::AcceptedWhileDisabled),
        None if operation.invoked.time >= good_until => Some(Rule::AcceptedExpired),
        None => None,
    }
}

fn broken_by_refusal(life: &Life<'_>, operation: &Operation, rules: Rules) -> Option<Rule> {
    let presented = operation.action.presented()?;
    let Outcome::Refused(reason) = &operation.outcome else {
        return None;
    };
    let is_explained = match reason.as_str() {
        "TOKEN_EXPIRED" | "SESSION_EXPIRED" => {
            operation.answered.time + rules.clock_error >= presented.expires_at
        }
        INACTIVE => {
            operation.answered.time + rules.clock_error >= presented.expires_at
                || life.is_excused_before(operation.answered.order)
        }
        // of what the call asks for, not of who calls
        "CURRENT_PASSWORD_WRONG" | "OWN_SESSION_NOT_FOUND" => true,
        reason if reason.starts_with("SESSION_") || reason == "REUSE_DETECTED" => {
            life.is_excused_before(operation.answered.order)
        }
        _ => false,
    };
    match operation.action {
        _ if is_explained => None,
        Action::Refresh { .. } => Some(Rule::HonestRefused),
        _ => Some(Rule::GoodRefused),
    }
}

/// What answers say of each other.
fn check_answers(life: &Life<'_>, broken: &mut Broken<'_>) {
    let issued: Vec<(&Operation, Generation)> = life
        .operations()
        .filter_map(|operation| match operation.outcome {
            Outcome::Issued { generation, .. } => Some((operation, generation)),
            _ => None,
        })
        .collect();
    // operations are in the order of their answers
    let mut highest: Vec<(u64, Generation)> = Vec::new();
    for (operation, generation) in &issued {
        let before = highest.partition_point(|(order, _)| *order < operation.invoked.order);
        let known = before.checked_sub(1).map(|last| highest[last].1);
        if known.is_some_and(|known| *generation < known) {
            broken.note(Rule::WentBack, operation);
        } else if let Some(presented) = operation.action.presented()
            && *generation != presented.generation
            && *generation != presented.generation + 1
        {
            broken.note(Rule::Skipped, operation);
        }
        let so_far = highest.last().map_or(*generation, |(_, so_far)| *so_far);
        highest.push((operation.answered.order, so_far.max(*generation)));
    }
    let newest = issued.iter().map(|(_, generation)| *generation).max();
    for of in 1..=newest.unwrap_or(0) {
        let ends: BTreeSet<_> = issued
            .iter()
            .filter_map(|(operation, _)| match operation.outcome {
                Outcome::Issued {
                    generation,
                    refresh_expires_at,
                } if generation == of => Some(refresh_expires_at),
                _ => None,
            })
            .collect();
        // as the rotation left it, and as the first use did
        if ends.len() > 2 {
            broken.note(Rule::Forked, (of, ends));
        }
    }
}

/// What the row says of the answers.
fn check_row(history: &History, life: &Life<'_>, rules: Rules, broken: &mut Broken<'_>) {
    let mut in_force = 1;
    let mut changed_at = None;
    for change in life.changes() {
        if change.active == [false, true] {
            broken.note(Rule::RowRevived, change);
        }
        if change.active == [false, false] {
            broken.note(Rule::ChangedAfterItsEnd, change);
        }
        if !change.is_rotation {
            continue;
        }
        if change.generation != [in_force, in_force + 1] {
            broken.note(Rule::TwoWinners, change);
        } else if changed_at.is_some_and(|before| change.rotated_at < before + rules.overlap) {
            broken.note(Rule::RotatedTooSoon, change);
        }
        in_force = change.generation[1];
        changed_at = Some(change.rotated_at);
    }
    let answered = life.operations().filter_map(|operation| {
        match (&operation.outcome, operation.action.presented()) {
            (Outcome::Issued { generation, .. }, _) => Some((*generation, *generation)),
            // it may have rotated it, and nobody knows
            (Outcome::Unknown, Some(presented))
                if matches!(operation.action, Action::Refresh { .. }) =>
            {
                Some((presented.generation, presented.generation + 1))
            }
            _ => None,
        }
    });
    let (least, most) = answered.fold((1, 1), |(least, most), (low, high)| {
        (least.max(low), most.max(high))
    });
    let row = history
        .rows
        .iter()
        .find(|(session, _)| *session == life.session);
    let row = row.map(|(_, generation)| *generation);
    if !row.is_some_and(|row| (least..=most).contains(&row) && row == in_force) {
        broken.note(Rule::RowDiffers, (row, in_force, least, most));
    }
}
