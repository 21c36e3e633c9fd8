//! The checker, on histories made by hand: each good one is good, and each that
//! breaks a rule breaks that one alone.

use super::{
    checker::{Rule, Rules, check},
    record::{
        Action, Change, Generation, History, Holder, Moment, Number, Operation, Outcome, Presented,
    },
};
use shared::time::Timestamp;
use std::time::Duration;

const RULES: Rules = Rules {
    overlap: Duration::from_mins(1),
    clock_error: Duration::ZERO,
};
/// When tokens end.
const END: i64 = 10_000;

/// A history in the making. A second passes with each moment.
#[derive(Clone, Default)]
struct Story {
    history: History,
    now: i64,
}

fn at(now: i64) -> Moment {
    Moment {
        order: now.unsigned_abs(),
        time: Timestamp::from_seconds(now),
    }
}

fn token(session: Number, generation: Generation) -> Presented {
    Presented {
        session,
        generation,
        expires_at: Timestamp::from_seconds(END),
    }
}

fn pair(generation: Generation) -> Outcome {
    granted(generation, END)
}

fn granted(generation: Generation, end: i64) -> Outcome {
    Outcome::Granted {
        generation,
        refresh_expires_at: Timestamp::from_seconds(end),
    }
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused(reason.to_owned())
}

fn validate(session: Number) -> Action {
    let token = token(session, 1);
    Action::Validate { token }
}

fn create(session: Number) -> Action {
    let password = 0;
    Action::Create { session, password }
}

const REVOKE: Action = Action::Revoke { session: 1 };

impl Story {
    /// Two sessions have begun.
    fn begun() -> Self {
        let mut story = Self::default();
        for session in [1, 2] {
            story.history.rows.push((session, 1));
            story.done(create(session), pair(1));
        }
        story
    }

    fn tick(&mut self) -> Moment {
        self.now += 1;
        at(self.now)
    }

    /// Something that is answered before anything else begins.
    fn done(&mut self, action: Action, outcome: Outcome) -> &mut Self {
        let invoked = self.tick();
        self.answered(action, invoked, outcome)
    }

    /// Something that began at a moment, and is answered now.
    fn answered(&mut self, action: Action, invoked: Moment, outcome: Outcome) -> &mut Self {
        let answered = self.tick();
        self.history.operations.push(Operation {
            action,
            invoked,
            answered,
            outcome,
        });
        self
    }

    fn shared(&self, generation: Generation) -> Action {
        Action::Refresh {
            token: token(1, generation),
            holder: Holder::Shared {
                read_at: Timestamp::from_seconds(self.now),
            },
        }
    }

    fn refreshed(&mut self, presented: Generation, outcome: Outcome) -> &mut Self {
        let action = self.shared(presented);
        self.done(action, outcome)
    }

    /// The first session's row turns, an overlap after whatever was before.
    fn turns(&mut self, from: Generation) -> &mut Self {
        self.now += 60;
        self.changes([from, from + 1], [true, true]);
        self.history.rows[0].1 = from + 1;
        self
    }

    fn changes(&mut self, generation: [Generation; 2], active: [bool; 2]) -> &mut Self {
        self.history.changes.push(Change {
            session: 1,
            generation,
            active,
            turned: generation[0] != generation[1],
            rotated_at: Timestamp::from_seconds(self.now),
        });
        self
    }

    #[track_caller]
    fn breaks(&self, expected: &[Rule]) {
        let broken = check(&self.history, RULES);
        let mut rules: Vec<Rule> = broken.iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules, expected, "{broken:#?}");
    }
}

#[test]
fn a_good_history_breaks_nothing() {
    let mut story = Story::begun();
    story
        .done(validate(1), Outcome::Done)
        .refreshed(1, granted(1, END + 1))
        .turns(1)
        .refreshed(1, granted(2, END + 2))
        .refreshed(1, granted(2, END + 2))
        .refreshed(2, granted(2, END + 3))
        .refreshed(1, Outcome::Unknown)
        .done(validate(1), Outcome::Unknown)
        .done(REVOKE, Outcome::Done)
        .done(validate(1), refused("SESSION_ENDED"))
        .refreshed(2, refused("SESSION_ENDED"))
        .done(validate(2), Outcome::Done);
    story.breaks(&[]);
}

#[test]
fn what_began_before_the_answer_to_a_revocation_may_go_either_way() {
    for outcome in [Outcome::Done, refused("SESSION_ENDED")] {
        let mut story = Story::begun();
        let [validated, revoked] = [story.tick(), story.tick()];
        story
            .answered(REVOKE, revoked, Outcome::Done)
            .answered(validate(1), validated, outcome);
        story.breaks(&[]);
    }
    let mut story = Story::begun();
    story
        .done(REVOKE, Outcome::Unknown)
        .done(validate(1), Outcome::Done)
        .done(validate(1), refused("SESSION_ENDED"));
    story.breaks(&[]);
}

#[test]
fn p1_after_each_kind_of_acknowledged_end_nothing_is_accepted() {
    let by = token(2, 1);
    let change = Action::ChangePassword { by, from: 0 };
    let all = |keep_current| Action::RevokeAll { by, keep_current };
    let own = Action::RevokeOwn { by, session: 1 };
    for end in [REVOKE, own, all(true), all(false), change] {
        let mut story = Story::begun();
        story.done(end, Outcome::Done);
        let mut validated = story.clone();
        validated.done(validate(1), Outcome::Done);
        validated.breaks(&[Rule::AcceptedAfterItsEnd]);
        let mut refreshed = story.clone();
        refreshed.refreshed(1, pair(1));
        refreshed.breaks(&[Rule::RefreshedAfterItsEnd]);
        story.done(validate(1), refused("SESSION_ENDED"));
        story.breaks(&[]);
    }
}

#[test]
fn p1_an_ended_session_neither_ends_others_nor_changes_the_password() {
    let by = token(1, 1);
    for action in [
        Action::RevokeOwn { by, session: 2 },
        Action::ChangePassword { by, from: 0 },
    ] {
        let mut story = Story::begun();
        story
            .done(REVOKE, Outcome::Done)
            .done(action, Outcome::Done);
        story.breaks(&[Rule::AcceptedAfterItsEnd]);
    }
}

#[test]
fn who_is_spared_goes_on() {
    let by = token(1, 1);
    let keep_current = true;
    for end in [
        Action::RevokeAll { by, keep_current },
        Action::ChangePassword { by, from: 0 },
    ] {
        let mut story = Story::begun();
        story
            .done(end, Outcome::Done)
            .done(validate(1), Outcome::Done);
        story.breaks(&[]);
        story.done(validate(1), refused("SESSION_ENDED"));
        story.breaks(&[Rule::GoodRefused]);
    }
}

#[test]
fn a_session_that_begins_after_an_end_of_all_is_not_meant() {
    let by = token(2, 1);
    let keep_current = false;
    let mut story = Story::begun();
    story.history.rows.push((3, 1));
    story
        .done(Action::RevokeAll { by, keep_current }, Outcome::Done)
        .done(create(3), pair(1))
        .done(validate(3), Outcome::Done);
    story.breaks(&[]);
    story.done(validate(3), refused("SESSION_ENDED"));
    story.breaks(&[Rule::GoodRefused]);
}

#[test]
fn p1_nothing_is_accepted_while_the_user_is_disabled() {
    let mut story = Story::begun();
    story.done(Action::Disable, Outcome::Done);
    let mut refused_only = story.clone();
    refused_only
        .done(validate(1), refused("SESSION_USER_INVALID"))
        .done(Action::Enable, Outcome::Done)
        .done(validate(1), refused("SESSION_ENDED"));
    refused_only.breaks(&[]);
    story
        .done(validate(1), Outcome::Done)
        .done(Action::Enable, Outcome::Done);
    story.breaks(&[Rule::AcceptedWhileDisabled]);
}

#[test]
fn p1_what_was_seen_dead_stays_dead_and_what_was_not_comes_back() {
    let mut story = Story::begun();
    story
        .done(Action::Disable, Outcome::Done)
        .done(validate(1), refused("SESSION_USER_INVALID"))
        .done(Action::Enable, Outcome::Done)
        .done(validate(2), Outcome::Done);
    story.breaks(&[]);
    story.done(validate(1), Outcome::Done);
    story.breaks(&[Rule::Revived]);
}

#[test]
fn p1_an_ended_row_neither_revives_nor_turns() {
    let mut story = Story::begun();
    story.changes([1, 1], [true, false]);
    story.breaks(&[]);
    let mut revived = story.clone();
    revived.changes([1, 1], [false, true]);
    revived.breaks(&[Rule::RowRevived]);
    story.changes([1, 2], [false, false]);
    story.history.rows[0].1 = 2;
    story.refreshed(1, Outcome::Unknown);
    story.breaks(&[Rule::TurnedAfterItsEnd]);
}

#[test]
fn a_token_past_its_time_is_refused_and_one_before_it_is_not() {
    let mut story = Story::begun();
    let mut early = story.clone();
    early.done(validate(1), refused("TOKEN_EXPIRED"));
    early.breaks(&[Rule::GoodRefused]);
    story.now = END + 5;
    let mut late = story.clone();
    late.done(validate(1), refused("TOKEN_EXPIRED"));
    late.breaks(&[]);
    story.done(validate(1), Outcome::Done);
    story.breaks(&[Rule::AcceptedExpired]);
}

#[test]
fn an_old_password_logs_nobody_in() {
    let by = token(1, 1);
    let mut story = Story::begun();
    story.history.rows.push((3, 1));
    story
        .done(Action::ChangePassword { by, from: 0 }, Outcome::Done)
        .done(create(3), pair(1));
    story.breaks(&[Rule::OldPasswordLoggedIn]);
}

#[test]
fn p2_an_honest_refresh_is_refused_only_where_something_explains_it() {
    for reason in [
        "REUSE_DETECTED",
        "SESSION_ENDED",
        "SESSION_ROW_BEHIND",
        "TOKEN_EXPIRED",
        "TOKEN_SIGNATURE_INVALID",
    ] {
        let mut story = Story::begun();
        story.refreshed(1, refused(reason));
        story.breaks(&[Rule::HonestRefused]);
    }
    let keep_current = false;
    let by = token(2, 1);
    for explanation in [
        REVOKE,
        Action::RevokeAll { by, keep_current },
        Action::Disable,
        Action::Refresh {
            token: token(1, 1),
            holder: Holder::Thief,
        },
    ] {
        let mut story = Story::begun();
        story
            .done(explanation, Outcome::Unknown)
            .refreshed(1, refused("SESSION_ENDED"));
        story.breaks(&[]);
    }
    let mut story = Story::begun();
    story
        .done(REVOKE, refused("TOKEN_MALFORMED"))
        .refreshed(1, refused("SESSION_ENDED"));
    story.breaks(&[Rule::HonestRefused]);
}

#[test]
fn p2_who_keeps_a_token_for_too_long_is_not_honest() {
    let mut story = Story::begun();
    let kept = story.shared(1);
    story.now += 60;
    story.done(kept, refused("REUSE_DETECTED"));
    story.breaks(&[]);

    let separate = Action::Refresh {
        token: token(1, 1),
        holder: Holder::Separate,
    };
    let mut story = Story::begun();
    story.turns(1).refreshed(1, pair(2));
    let mut in_time = story.clone();
    in_time.done(separate, refused("REUSE_DETECTED"));
    in_time.breaks(&[Rule::HonestRefused]);
    story.now += 60;
    story.done(separate, refused("REUSE_DETECTED"));
    story.breaks(&[]);
}

#[test]
fn a_generation_is_followed_by_the_next_one() {
    let mut story = Story::begun();
    story.turns(1).turns(2).refreshed(1, pair(3));
    story.breaks(&[Rule::Skipped]);
}

#[test]
fn answers_never_go_back() {
    let mut story = Story::begun();
    let late = story.tick();
    story.turns(1).refreshed(1, pair(2));
    let mut at_once = story.clone();
    let action = at_once.shared(1);
    at_once.answered(action, late, pair(1));
    at_once.breaks(&[]);
    story.refreshed(1, pair(1));
    story.breaks(&[Rule::WentBack]);
}

#[test]
fn a_generation_turns_once_and_is_one_chain() {
    let mut twice = Story::begun();
    twice.turns(1).turns(1).refreshed(1, pair(2));
    twice.breaks(&[Rule::TwoWinners]);
    let mut forked = Story::begun();
    forked
        .turns(1)
        .refreshed(1, granted(2, END + 1))
        .refreshed(1, granted(2, END + 2))
        .refreshed(1, granted(2, END + 3));
    forked.breaks(&[Rule::Forked]);
}

#[test]
fn a_session_turns_at_most_once_an_overlap() {
    let mut story = Story::begun();
    story.turns(1).refreshed(1, pair(2)).turns(2);
    story.history.changes[1].rotated_at = story.history.changes[0].rotated_at;
    story.refreshed(2, pair(3));
    story.breaks(&[Rule::TurnedTooSoon]);
}

#[test]
fn the_row_says_in_the_end_what_was_answered() {
    let mut behind = Story::begun();
    behind.turns(1).refreshed(1, pair(2));
    behind.history.rows[0].1 = 1;
    behind.breaks(&[Rule::RowDiffers]);
    let mut ahead = Story::begun();
    ahead.turns(1);
    ahead.breaks(&[Rule::RowDiffers]);
    ahead.refreshed(1, Outcome::Unknown);
    ahead.breaks(&[]);
    let mut gone = Story::begun();
    gone.history.rows.remove(0);
    gone.breaks(&[Rule::RowDiffers]);
}

#[test]
fn a_fault_of_the_service_is_one() {
    let mut story = Story::begun();
    story.done(validate(1), Outcome::Broken);
    story.breaks(&[Rule::Broke]);
}
