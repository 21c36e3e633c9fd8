//! What is accepted, and refused, around the end of a session.

use super::story::{END, REVOKE, Story, create, issued, pair, refused, token, validate};
use crate::history::{
    checker::Rule,
    record::{Action, Outcome},
};

#[test]
fn a_good_history_breaks_nothing() {
    let mut story = Story::begun();
    story
        .done(validate(1), Outcome::Done)
        .refreshed(1, issued(1, END + 1))
        .rotates(1)
        .refreshed(1, issued(2, END + 2))
        .refreshed(1, issued(2, END + 2))
        .refreshed(2, issued(2, END + 3))
        .refreshed(1, Outcome::Unknown)
        .done(validate(1), Outcome::Unknown)
        .done(REVOKE, Outcome::Done)
        .done(validate(1), refused("SESSION_ENDED"))
        .refreshed(2, refused("SESSION_ENDED"))
        .done(validate(2), Outcome::Done);
    story.breaks(&[]);
}

#[test]
fn a_validation_that_began_before_a_revocation_was_answered_may_have_either_result() {
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
fn after_each_kind_of_acknowledged_end_nothing_is_accepted() {
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
fn an_ended_session_neither_ends_others_nor_changes_the_password() {
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
fn the_spared_session_continues() {
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
fn nothing_is_accepted_while_the_user_is_disabled() {
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
fn a_session_that_was_refused_for_its_user_stays_ended_and_another_comes_back() {
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
fn an_ended_row_neither_revives_nor_rotates() {
    let mut story = Story::begun();
    story.changes([1, 1], [true, false]);
    story.breaks(&[]);
    let mut revived = story.clone();
    revived.changes([1, 1], [false, true]);
    revived.breaks(&[Rule::RowRevived]);
    story.changes([1, 2], [false, false]);
    story.history.rows[0].1 = 2;
    story.refreshed(1, Outcome::Unknown);
    story.breaks(&[Rule::ChangedAfterItsEnd]);
    revived.history.changes.pop();
    revived.changes([1, 1], [false, false]);
    revived.breaks(&[Rule::ChangedAfterItsEnd]);
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
