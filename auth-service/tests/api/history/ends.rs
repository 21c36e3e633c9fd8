//! What ended a session, or may have: read off a history.

use super::{
    checker::Rules,
    record::{Action, Change, Generation, History, Holder, Number, Operation, Outcome},
};

/// Why nothing may be accepted of a session after a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It was acknowledged that it ended.
    Acknowledged,
    /// It was refused as one that is over.
    SeenDead,
}

/// Reasons of a refusal that say that the session is over for good.
const OVER: [&str; 6] = [
    "SESSION_ENDED",
    "SESSION_EXPIRED",
    "SESSION_NOT_FOUND",
    "SESSION_USER_INVALID",
    "SESSION_OLDER_THAN_TOKEN",
    "REUSE_DETECTED",
];

/// One session's part of a history.
pub(super) struct Life<'a> {
    pub(super) session: Number,
    /// Its calls, and those that may have ended it.
    history: &'a History,
    created: &'a Operation,
    /// From its log-in on, when its user was surely disabled: orders, exclusive.
    disabled: Vec<(u64, u64)>,
    /// The first acknowledged end, and the first time that it was seen dead.
    over: [Option<u64>; 2],
    /// The first call that may have ended it, or made it look so.
    excused_from: Option<u64>,
}

impl<'a> Life<'a> {
    /// `None`: its log-in was not answered, so nobody holds a token of it.
    pub(super) fn of(session: Number, history: &'a History, rules: Rules) -> Option<Self> {
        let created = history.operations.iter().find(|operation| {
            matches!(operation.action, Action::Create { session: created, .. } if created == session)
                && operation.outcome.is_success()
        })?;
        let mut life = Self {
            session,
            history,
            created,
            disabled: Vec::new(),
            over: [None, None],
            excused_from: None,
        };
        for operation in &history.operations {
            life.take_in(operation, rules);
        }
        Some(life)
    }

    fn take_in(&mut self, operation: &Operation, rules: Rules) {
        let answered = operation.answered.order;
        let is_done = operation.outcome.is_success();
        if self.ends(operation) {
            if is_done && self.created.answered.order < operation.invoked.order {
                earlier(&mut self.over[0], answered);
            }
            let may_be_done = is_done || is_open(operation);
            let may_be_meant =
                self.created.invoked.order < answered || operation.outcome == Outcome::Unknown;
            if may_be_done && may_be_meant {
                earlier(&mut self.excused_from, operation.invoked.order);
            }
        }
        if operation.action == Action::Disable {
            self.take_in_disabling(operation);
        }
        let Some(presented) = operation.action.presented() else {
            return;
        };
        if presented.session != self.session {
            return;
        }
        if let Outcome::Refused(reason) = &operation.outcome
            && OVER.contains(&reason.as_str())
        {
            earlier(&mut self.over[1], answered);
        }
        if !is_done && self.is_dishonest(operation, rules) {
            earlier(&mut self.excused_from, operation.invoked.order);
        }
    }

    /// Whether it is a call that ends this session.
    fn ends(&self, operation: &Operation) -> bool {
        match operation.action {
            Action::Revoke { session } | Action::RevokeOwn { session, .. } => {
                session == self.session
            }
            Action::RevokeAll { by, keep_current } => !(keep_current && by.session == self.session),
            Action::ChangePassword { by, .. } => by.session != self.session,
            Action::Create { .. }
            | Action::Refresh { .. }
            | Action::Validate { .. }
            | Action::Disable
            | Action::Enable => false,
        }
    }

    fn take_in_disabling(&mut self, disabled: &Operation) {
        let after = |enabled: &&Operation| {
            enabled.action == Action::Enable && enabled.invoked.order > disabled.answered.order
        };
        let enabled = || self.history.operations.iter().filter(after);
        let enabled_from = enabled().map(|enabled| enabled.invoked.order).min();
        let enabled_until = enabled()
            .filter(|enabled| enabled.outcome.is_success())
            .map(|enabled| enabled.answered.order)
            .min();
        if disabled.outcome.is_success() {
            let until = enabled_from.unwrap_or(u64::MAX);
            self.disabled.push((disabled.answered.order, until));
        }
        if self.created.invoked.order < enabled_until.unwrap_or(u64::MAX) {
            earlier(&mut self.excused_from, disabled.invoked.order);
        }
    }

    /// Whether it presents a token as no honest holder does.
    pub(super) fn is_dishonest(&self, operation: &Operation, rules: Rules) -> bool {
        let Action::Refresh { token, holder } = operation.action else {
            return false;
        };
        let end = operation.answered.time;
        match holder {
            Holder::Shared { read_at } => end >= read_at + rules.overlap,
            Holder::Separate => self
                .rotation_from(token.generation)
                .is_some_and(|rotation| end >= rotation.rotated_at + rules.overlap),
            Holder::Thief => true,
        }
    }

    fn rotation_from(&self, generation: Generation) -> Option<&Change> {
        self.changes()
            .find(|change| change.is_rotation && change.generation[0] == generation)
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &'a Change> + use<'a> {
        let session = self.session;
        let changes = self.history.changes.iter();
        changes.filter(move |change| change.session == session)
    }

    /// Its calls: those that present a token of it, and its log-in.
    pub(super) fn operations(&self) -> impl Iterator<Item = &'a Operation> + use<'a> {
        let (session, created) = (self.session, self.created);
        let presents = move |operation: &&Operation| {
            let presented = operation.action.presented();
            presented.is_some_and(|presented| presented.session == session)
        };
        let others = self.history.operations.iter().filter(presents);
        std::iter::once(created).chain(others)
    }

    /// Why a call that began then must not be accepted.
    pub(super) fn over_before(&self, invoked: u64) -> Option<Cause> {
        let is_before = |end: Option<u64>| end.is_some_and(|end| end < invoked);
        match self.over.map(is_before) {
            [true, _] => Some(Cause::Acknowledged),
            [_, true] => Some(Cause::SeenDead),
            _ => None,
        }
    }

    /// Whether the user was disabled for all the time of a call.
    pub(super) fn is_disabled_throughout(&self, operation: &Operation) -> bool {
        self.disabled.iter().any(|(from, until)| {
            *from < operation.invoked.order && operation.answered.order < *until
        })
    }

    /// Whether something that began before this explains that a session is over.
    pub(super) fn is_excused_before(&self, answered: u64) -> bool {
        self.excused_from.is_some_and(|from| from < answered)
    }
}

/// It may have been done, or may be done yet.
fn is_open(operation: &Operation) -> bool {
    matches!(operation.outcome, Outcome::Unknown | Outcome::Broken)
}

fn earlier(known: &mut Option<u64>, order: u64) {
    *known = Some(known.map_or(order, |known| known.min(order)));
}
