//! An honest client is never logged out by a refresh, and a generation has one winner.

use super::story::{END, REVOKE, Story, issued, pair, refused, token, validate};
use crate::history::{
    checker::Rule,
    record::{Action, Holder, Outcome},
};

#[test]
fn an_honest_refresh_is_refused_only_where_something_explains_it() {
    for reason in [
        "REUSE_DETECTED",
        "SESSION_ENDED",
        "SESSION_OLDER_THAN_TOKEN",
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
fn a_holder_that_presents_a_token_too_late_is_not_honest() {
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
    story.rotates(1).refreshed(1, pair(2));
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
    story.rotates(1).rotates(2).refreshed(1, pair(3));
    story.breaks(&[Rule::Skipped]);
}

#[test]
fn answers_never_go_back() {
    let mut story = Story::begun();
    let late = story.tick();
    story.rotates(1).refreshed(1, pair(2));
    let mut at_once = story.clone();
    let action = at_once.shared(1);
    at_once.answered(action, late, pair(1));
    at_once.breaks(&[]);
    story.refreshed(1, pair(1));
    story.breaks(&[Rule::WentBack]);
}

#[test]
fn a_generation_rotates_once_and_is_one_chain() {
    let mut twice = Story::begun();
    twice.rotates(1).rotates(1).refreshed(1, pair(2));
    twice.breaks(&[Rule::TwoWinners]);
    let mut forked = Story::begun();
    forked
        .rotates(1)
        .refreshed(1, issued(2, END + 1))
        .refreshed(1, issued(2, END + 2))
        .refreshed(1, issued(2, END + 3));
    forked.breaks(&[Rule::Forked]);
}

#[test]
fn a_session_rotates_at_most_once_an_overlap() {
    let mut story = Story::begun();
    story.rotates(1).refreshed(1, pair(2)).rotates(2);
    story.history.changes[1].rotated_at = story.history.changes[0].rotated_at;
    story.refreshed(2, pair(3));
    story.breaks(&[Rule::RotatedTooSoon]);
}

#[test]
fn the_row_says_in_the_end_what_was_answered() {
    let mut behind = Story::begun();
    behind.rotates(1).refreshed(1, pair(2));
    behind.history.rows[0].1 = 1;
    behind.breaks(&[Rule::RowDiffers]);
    let mut ahead = Story::begun();
    ahead.rotates(1);
    ahead.breaks(&[Rule::RowDiffers]);
    ahead.refreshed(1, Outcome::Unknown);
    ahead.breaks(&[]);
    let mut gone = Story::begun();
    gone.history.rows.remove(0);
    gone.breaks(&[Rule::RowDiffers]);
}

#[test]
fn an_internal_error_breaks_a_rule() {
    let mut story = Story::begun();
    story.done(validate(1), Outcome::Broken);
    story.breaks(&[Rule::Broke]);
}
