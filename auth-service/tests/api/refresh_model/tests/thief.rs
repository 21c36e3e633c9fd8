//! A thief with a copy of a pair, where every mark is in time.

use super::{holds, is_whole};
use crate::refresh_model::{
    moves::{Move, moves},
    search::search_for,
    state::{STOLEN, State},
    world::{Stores, World},
};

#[test]
fn a_copy_that_is_used_late_ends_the_session() {
    holds("robbed", &World::robbed());
    let two = World {
        seats: &[0, 0, STOLEN],
        ..World::robbed()
    };
    holds("robbed, two requests at once", &two);
    if is_whole() {
        let separate = World {
            seats: &[0, 1, STOLEN],
            stores: Stores::Separate,
            ..World::robbed()
        };
        holds("robbed, separate", &separate);
    }
}

#[test]
fn a_thief_that_falls_behind_is_found_out() {
    let world = World::robbed();
    let found = search_for(&world, State::logged_in(&world), |state| state.past.is_over);
    let run = found.reached.expect("an end, though nobody logged out");
    println!("found out: {run}");
    assert!(run.end.past.is_stolen);
}

fn counting() -> World {
    World {
        counts_in_step: true,
        ..World::robbed()
    }
}

fn after(world: &World, state: State, made: &[Move]) -> State {
    made.iter().fold(state, |state, wanted| {
        let possible = moves(world, &state);
        let found = possible.iter().find(|(possible, _)| possible == wanted);
        let (_, outcome) = found.unwrap_or_else(|| panic!("{wanted:?} is possible in {state:?}"));
        outcome.expect("no property breaks")
    })
}

/// Not promised: a copy that keeps in step with the victim cannot be told from a
/// second tab. The victim rotates the session, the thief presents the previous one while the
/// new pair is within the overlap, and all is as it was a rotation before, for as long as the
/// session may last.
#[test]
fn a_thief_in_step_is_not_detected() {
    let a_rotation = [
        Move::Validate(0),
        Move::Mark(0),
        Move::Tick,
        Move::Tick,
        Move::Tick,
        Move::Tick,
        Move::Send(0),
        Move::Arrive(0),
        Move::Write(0),
        Move::Receive(0),
        Move::ThiefPresents(1, -1),
        Move::Receive(1),
    ];
    let world = counting();
    let stolen = after(&world, State::logged_in(&world), &[Move::Steal(0)]);
    let mut state = stolen;
    for _ in 0..3 {
        state = after(&world, state, &a_rotation);
    }
    for _ in 0..100 {
        let before = state;
        state = after(&world, state, &a_rotation);
        assert_eq!(
            state, before,
            "nothing that the row or the holders know has changed"
        );
    }
    assert_eq!(
        state.past.in_step, 3,
        "both held the newest pair at each rotation"
    );
    assert_eq!((state.stores[0], state.stores[STOLEN]), (0, 0));
    assert!(state.row.is_active);
}

/// The search finds that by itself: a run that leads from a theft back to where it
/// was, by way of a rotation for which both held the newest pair.
#[test]
fn the_search_finds_a_thief_in_step() {
    let world = counting();
    let start = State::logged_in(&world);
    let first = search_for(&world, start, |state| state.past.in_step == 3);
    let first = first.reached.expect("three rotations with both");
    let mut again = first.end;
    again.past.in_step = 2;
    let round = search_for(&world, again, |state| *state == first.end);
    let round = round.reached.expect("and around again, for good");
    println!("in step: {first}; then again and again: {round}");
    assert!(
        round
            .moves
            .iter()
            .any(|made| matches!(made, Move::ThiefPresents(..)))
    );
    assert!(!round.end.past.is_over);
}
