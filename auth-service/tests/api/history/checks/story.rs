//! Histories made by hand.

use crate::history::{
    checker::{Rule, Rules, check},
    record::{
        Action, Change, Generation, History, Holder, Moment, Number, Operation, Outcome, Presented,
    },
};
use contract::time::Timestamp;
use std::time::Duration;

const RULES: Rules = Rules {
    overlap: Duration::from_mins(1),
    clock_error: Duration::ZERO,
};
/// When tokens end.
pub(super) const END: i64 = 10_000;

/// A history in the making. A second passes with each moment.
#[derive(Clone, Default)]
pub(super) struct Story {
    pub(super) history: History,
    pub(super) now: i64,
}

pub(super) fn at(now: i64) -> Moment {
    Moment {
        order: now.unsigned_abs(),
        time: Timestamp::from_seconds(now),
    }
}

pub(super) fn token(session: Number, generation: Generation) -> Presented {
    Presented {
        session,
        generation,
        expires_at: Timestamp::from_seconds(END),
    }
}

pub(super) fn pair(generation: Generation) -> Outcome {
    issued(generation, END)
}

pub(super) fn issued(generation: Generation, end: i64) -> Outcome {
    Outcome::Issued {
        generation,
        refresh_expires_at: Timestamp::from_seconds(end),
    }
}

pub(super) fn refused(reason: &str) -> Outcome {
    Outcome::Refused(reason.to_owned())
}

pub(super) fn validate(session: Number) -> Action {
    let token = token(session, 1);
    Action::Validate { token }
}

pub(super) fn create(session: Number) -> Action {
    let password = 0;
    Action::Create { session, password }
}

pub(super) const REVOKE: Action = Action::Revoke { session: 1 };

impl Story {
    /// Two sessions have begun.
    pub(super) fn begun() -> Self {
        let mut story = Self::default();
        for session in [1, 2] {
            story.history.rows.push((session, 1));
            story.done(create(session), pair(1));
        }
        story
    }

    pub(super) fn tick(&mut self) -> Moment {
        self.now += 1;
        at(self.now)
    }

    /// Something that is answered before anything else begins.
    pub(super) fn done(&mut self, action: Action, outcome: Outcome) -> &mut Self {
        let invoked = self.tick();
        self.answered(action, invoked, outcome)
    }

    /// Something that began at a moment, and is answered now.
    pub(super) fn answered(
        &mut self,
        action: Action,
        invoked: Moment,
        outcome: Outcome,
    ) -> &mut Self {
        let answered = self.tick();
        self.history.operations.push(Operation {
            action,
            invoked,
            answered,
            outcome,
        });
        self
    }

    pub(super) fn shared(&self, generation: Generation) -> Action {
        Action::Refresh {
            token: token(1, generation),
            holder: Holder::Shared {
                read_at: Timestamp::from_seconds(self.now),
            },
        }
    }

    pub(super) fn refreshed(&mut self, presented: Generation, outcome: Outcome) -> &mut Self {
        let action = self.shared(presented);
        self.done(action, outcome)
    }

    /// The first session's row rotates, an overlap after whatever was before.
    pub(super) fn rotates(&mut self, from: Generation) -> &mut Self {
        self.now += 60;
        self.changes([from, from + 1], [true, true]);
        self.history.rows[0].1 = from + 1;
        self
    }

    pub(super) fn changes(&mut self, generation: [Generation; 2], active: [bool; 2]) -> &mut Self {
        self.history.changes.push(Change {
            session: 1,
            generation,
            active,
            is_rotation: generation[0] != generation[1],
            rotated_at: Timestamp::from_seconds(self.now),
        });
        self
    }

    #[track_caller]
    pub(super) fn breaks(&self, expected: &[Rule]) {
        let broken = check(&self.history, RULES);
        let mut rules: Vec<Rule> = broken.iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules, expected, "{broken:#?}");
    }
}
