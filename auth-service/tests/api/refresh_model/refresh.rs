//! A refresh at the server, as `domain/refresh.rs` does it, in its two steps;
//! and the properties, asked at each.

use super::{
    glue,
    state::{Flight, Generation, STOLEN, Seen, State},
    world::{Fault, MARK_DELAY, Marks, OVERLAP, Property, World},
};
use auth_service::domain::{Decision, Ending};

/// The row is read, and decided on.
pub(super) fn read(
    world: &World,
    state: &State,
    seat: usize,
    presented: Generation,
    age: u8,
    lost: bool,
) -> Result<State, Property> {
    let mut next = *state;
    let is_honest = world.seats[seat] != STOLEN;
    let must_not_be_refused = is_honest && state.is_clean();
    if !(state.row.is_active && state.row.is_unexpired) {
        next.flights[seat] = Flight::None;
        return if must_not_be_refused {
            Err(Property::HonestIsNotRefused)
        } else {
            Ok(next)
        };
    }
    let decision = glue::decided(world.fault, state.row, presented);
    if !lost {
        check_presented(state, presented, decision)?;
    }
    if presented == 0 {
        note_first_use(world, &mut next);
    }
    let writing = |seen| Flight::Writing {
        presented,
        age,
        seen,
    };
    let (generation, used) = (state.row.generation, state.row.used);
    next.flights[seat] = match decision {
        Decision::Reissue(_) if state.past.is_over => return Err(Property::NothingIsRevived),
        Decision::Reissue(_) => Flight::Answered { generation },
        Decision::FirstUse => writing(Seen::Unused { generation }),
        Decision::Rotate { .. } => writing(Seen::Used {
            generation,
            used: used.unwrap_or_default(),
        }),
        // UNAVAILABLE
        Decision::End(Ending::ReuseDetected) if lost && world.fault != Some(Fault::LoserEnds) => {
            Flight::None
        }
        Decision::End(_) if must_not_be_refused => return Err(Property::HonestIsNotRefused),
        Decision::End(ending) => writing(Seen::End(ending)),
    };
    Ok(next)
}

/// What is decided is written, or the row is no longer as it was read.
pub(super) fn write(
    world: &World,
    state: &State,
    seat: usize,
    presented: Generation,
    age: u8,
    seen: Seen,
) -> Result<State, Property> {
    let mut next = *state;
    if let Seen::End(_) = seen {
        glue::end(&mut next.row);
        next.past.is_over = true;
        next.flights[seat] = Flight::None;
        return Ok(next);
    }
    let Some(row) = glue::compare_and_set(world.fault, state.row, seen) else {
        if glue::is_as_read(state.row, seen) && !state.past.is_over {
            return Err(Property::OneTurnWins);
        }
        next.flights[seat] = Flight::Waiting {
            presented,
            age,
            lost: true,
        };
        return Ok(next);
    };
    if state.past.is_over {
        return Err(Property::NothingIsRevived);
    }
    if let Seen::Used { .. } = seen {
        if row.generation <= state.past.newest {
            return Err(Property::OneTurnWins);
        }
        note_rotation(world, &mut next, row.generation);
    }
    next.row = row;
    if !world.row_counts_rotations() {
        next.row.begun = state.row.begun;
    }
    next.flights[seat] = Flight::Answered {
        generation: row.generation,
    };
    Ok(next)
}

/// What a first reading must decide, by what was begun and used before.
fn check_presented(
    state: &State,
    presented: Generation,
    decision: Decision,
) -> Result<(), Property> {
    let late = state
        .past
        .first_use
        .is_some_and(|ago| ago >= OVERLAP + MARK_DELAY);
    let (expected, property) = match presented - state.past.newest {
        1.. => (
            Ending::SessionOlderThanToken,
            Property::AboveARestoredRowIsSaid,
        ),
        -1 if late => (Ending::ReuseDetected, Property::LateReuseEnds),
        ..=-2 => (Ending::ReuseDetected, Property::EarlierGenerationEnds),
        _ => return Ok(()),
    };
    if decision == Decision::End(expected) {
        Ok(())
    } else {
        Err(property)
    }
}

/// Someone uses the pair in force; only where marks are in time does it matter
/// since when.
pub(super) fn note_first_use(world: &World, state: &mut State) {
    if world.marks == Marks::InTime {
        state.past.first_use.get_or_insert(0);
    }
}

fn note_rotation(world: &World, state: &mut State, begun: Generation) {
    let past = &mut state.past;
    past.newest = begun;
    past.first_use = None;
    if world.counts_rotations() && !past.is_restored {
        past.begun = [0, past.begun[0]];
    }
    let both_hold_it = past.is_stolen && state.stores[STOLEN] == 0 && state.stores[0] == 0;
    if world.counts_in_step && both_hold_it {
        past.in_step = (past.in_step + 1).min(3);
    }
}
