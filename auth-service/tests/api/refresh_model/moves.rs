//! What can happen next: time passes, holders read, send and save, the server
//! reads and writes, marks arrive, and a thief, a log-out or a restore come
//! between.

use super::{
    glue, refresh,
    state::{Flight, Generation, OLD, STOLEN, State},
    world::{MARK_DELAY, Marks, Property, Stores, World},
};

/// One step of a run. Numbers are seats, stores, or generations counted from
/// the row's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Time passes.
    Tick,
    /// A holder reads its store and sends the refresh token.
    Send(usize),
    /// The request comes to the server; without a queue the row is read at once.
    Arrive(usize),
    /// The thief presents its newest pair, or another, at any time.
    ThiefPresents(usize, Generation),
    /// The server reads the row, and decides.
    Read(usize),
    /// The server writes what it decided, if the row still is as it was read.
    Write(usize),
    /// The server dies, or gives up, before it writes.
    Die(usize),
    /// The answer is saved.
    Receive(usize),
    /// The answer is lost.
    Lose(usize),
    /// A validation accepts the access token of a store's pair.
    Validate(usize),
    /// A mark is written.
    Mark(Generation),
    /// A mark is written, and comes again.
    MarkAndRepeat(Generation),
    DropMark(Generation),
    /// The thief copies a store.
    Steal(usize),
    LogOut,
    /// The session's end passes.
    Expire,
    BackUp,
    Restore,
}

/// Where a move leads, or what it breaks.
pub(super) type Outcome = Result<State, Property>;

/// All moves from a state.
pub(super) fn moves(world: &World, state: &State) -> Vec<(Move, Outcome)> {
    let mut found = Vec::new();
    if let Some(later) = tick(world, state) {
        found.push((Move::Tick, Ok(later)));
    }
    for (seat, &store) in world.seats.iter().enumerate() {
        of_seat(world, state, seat, store, &mut found);
    }
    for store in 0..state.stores.len() {
        if let Some(validated) = validate(world, state, store) {
            found.push((Move::Validate(store), Ok(validated)));
        }
    }
    of_marks(world, state, &mut found);
    of_others(world, state, &mut found);
    for (_, outcome) in &mut found {
        *outcome = outcome.map(|state| state.rebased(world));
    }
    found
}

fn tick(world: &World, state: &State) -> Option<State> {
    // whoever is due goes first
    let is_due = |flight: &Flight| match flight {
        Flight::Waiting { age, .. } | Flight::Writing { age, .. } => *age >= world.server,
        _ => false,
    };
    let in_time = world.marks == Marks::InTime;
    let mark_is_due = in_time && state.marks().any(|(_, mark)| mark > MARK_DELAY);
    if mark_is_due || state.flights.iter().any(is_due) {
        return None;
    }
    let mut later = state.older();
    if in_time {
        let waiting = later.marks.iter_mut().filter(|mark| **mark > 0);
        waiting.for_each(|mark| *mark += 1);
    }
    for flight in &mut later.flights {
        // an honest holder does not present it any more
        if matches!(flight, Flight::Sent { age, .. } if *age >= world.presents_within) {
            *flight = Flight::None;
        }
    }
    Some(later)
}

fn of_seat(
    world: &World,
    state: &State,
    seat: usize,
    store: usize,
    found: &mut Vec<(Move, Outcome)>,
) {
    let fly = |flight| {
        let mut next = *state;
        next.flights[seat] = flight;
        next
    };
    let newest = state.stores[store];
    match state.flights[seat] {
        Flight::None if store != STOLEN => {
            let sent = Flight::Sent {
                presented: newest,
                age: 0,
            };
            found.push((Move::Send(seat), Ok(fly(sent))));
        }
        Flight::None if state.past.is_stolen => {
            for presented in [newest, state.oldest_stolen] {
                let read = refresh::read(world, state, seat, presented, 0, false);
                found.push((Move::ThiefPresents(seat, presented), read));
            }
        }
        Flight::Sent { presented, .. } if is_honest(world, state, presented) => {
            let arrived = if world.queues {
                Ok(fly(Flight::Waiting {
                    presented,
                    age: 0,
                    lost: false,
                }))
            } else {
                refresh::read(world, state, seat, presented, 0, false)
            };
            found.push((Move::Arrive(seat), arrived));
        }
        Flight::None | Flight::Sent { .. } => {}
        Flight::Waiting {
            presented,
            age,
            lost,
        } => {
            let read = refresh::read(world, state, seat, presented, age, lost);
            found.push((Move::Read(seat), read));
        }
        Flight::Writing {
            presented,
            age,
            seen,
        } => {
            let written = refresh::write(world, state, seat, presented, age, seen);
            found.push((Move::Write(seat), written));
        }
        Flight::Answered { generation } => {
            let mut saved = fly(Flight::None);
            // never over a newer one
            saved.stores[store] = newest.max(generation);
            found.push((Move::Receive(seat), Ok(saved)));
            found.push((Move::Lose(seat), Ok(fly(Flight::None))));
        }
    }
    let at_server = matches!(
        state.flights[seat],
        Flight::Waiting { .. } | Flight::Writing { .. }
    );
    if world.dies && at_server {
        found.push((Move::Die(seat), Ok(fly(Flight::None))));
    }
}

/// Whether a holder may present it by now. Who shares a store may, for all the
/// time that a request lives; and after a restore nobody knows.
fn is_honest(world: &World, state: &State, presented: Generation) -> bool {
    let begun = |behind: usize| state.past.begun[behind] < world.presents_within;
    if state.past.is_restored {
        return true;
    }
    match (world.stores, presented - state.past.newest) {
        (Stores::Shared, _) | (_, 0..) => true,
        (Stores::Separate, -1) => begun(0),
        (Stores::Separate, _) => begun(1),
    }
}

fn validate(world: &World, state: &State, store: usize) -> Option<State> {
    let is_held = store != STOLEN || state.past.is_stolen;
    let stands = state.row.is_active && state.row.is_unexpired;
    if !is_held || !stands || state.stores[store] != 0 || state.row.used.is_some() {
        return None;
    }
    let mut next = *state;
    let mark = next.mark(0);
    *mark = 1.max(*mark);
    refresh::note_first_use(world, &mut next);
    Some(next)
}

fn of_marks(world: &World, state: &State, found: &mut Vec<(Move, Outcome)>) {
    for (generation, _) in state.marks() {
        let mut repeated = *state;
        glue::note_first_uses(world.fault, &mut repeated.row, generation);
        let once = |mut state: State| {
            *state.mark(generation) = 0;
            state
        };
        found.push((Move::Mark(generation), Ok(once(repeated))));
        found.push((Move::MarkAndRepeat(generation), Ok(repeated)));
        if world.marks == Marks::Unreliable {
            found.push((Move::DropMark(generation), Ok(once(*state))));
        }
    }
}

fn of_others(world: &World, state: &State, found: &mut Vec<(Move, Outcome)>) {
    let past = state.past;
    if world.seats.contains(&STOLEN) && !past.is_stolen {
        for store in world.seats.iter().filter(|store| **store != STOLEN) {
            let mut next = *state;
            next.stores[STOLEN] = state.stores[*store];
            next.oldest_stolen = state.stores[*store];
            next.past.is_stolen = true;
            found.push((Move::Steal(*store), Ok(next)));
        }
    }
    let stands = state.row.is_active && state.row.is_unexpired;
    if world.log_out && stands {
        let mut next = *state;
        glue::end(&mut next.row);
        next.past.is_over = true;
        found.push((Move::LogOut, Ok(next)));
    }
    if world.expiry && stands {
        let mut next = *state;
        next.row.is_unexpired = false;
        next.past.is_over = true;
        found.push((Move::Expire, Ok(next)));
    }
    if world.restores && !past.is_restored {
        if let Some(row) = state.back_up {
            let mut next = *state;
            next.row = row;
            next.back_up = None;
            next.past.is_restored = true;
            next.past.is_over = false;
            next.past.newest = row.generation;
            next.past.begun = [OLD; 2];
            found.push((Move::Restore, Ok(next)));
        } else if stands {
            let mut next = *state;
            next.back_up = Some(state.row);
            found.push((Move::BackUp, Ok(next)));
        }
    }
}
