//! An exhaustive search, breadth first: what it finds, it finds by a shortest
//! run.

use super::{
    moves::{Move, moves},
    state::State,
    world::{Property, World},
};
use std::{
    collections::HashSet,
    fmt::{self, Write as _},
    hash::{BuildHasherDefault, Hasher},
};

/// What a search came to.
#[derive(Debug)]
pub(super) struct Found {
    /// Different states that were reached.
    pub(super) states: usize,
    /// The first property that broke, and how.
    pub(super) broken: Option<(Property, Run)>,
    /// How the goal was reached.
    pub(super) reached: Option<Run>,
}

/// Moves, and the state that they lead to.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) moves: Vec<Move>,
    /// The last state; where a property broke, the last before that.
    pub(super) end: State,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for next in &self.moves {
            write!(text, "{}{next:?}", if text.is_empty() { "" } else { ", " })?;
        }
        f.write_str(&text)
    }
}

/// Everything that can come after a log-in.
pub(super) fn search(world: &World) -> Found {
    search_for(world, State::logged_in(world), |_| false)
}

/// Everything that can come after a state, until a property breaks or the goal
/// is reached.
pub(super) fn search_for(world: &World, start: State, goal: impl Fn(&State) -> bool) -> Found {
    let mut known: HashSet<State, BuildHasherDefault<Mixer>> = HashSet::default();
    known.insert(start);
    // each state with the place of the one before, and the move between
    let mut reached = vec![(start, 0, Move::Tick)];
    let mut place = 0;
    while let Some(&(state, ..)) = reached.get(place) {
        for (next, outcome) in moves(world, &state) {
            match outcome {
                Err(property) => {
                    let run = run_to(&reached, place, Some(next));
                    return Found {
                        states: known.len(),
                        broken: Some((property, run)),
                        reached: None,
                    };
                }
                Ok(then) => {
                    if !known.insert(then) {
                        continue;
                    }
                    reached.push((then, place, next));
                    if goal(&then) {
                        return Found {
                            states: known.len(),
                            broken: None,
                            reached: Some(run_to(&reached, reached.len() - 1, None)),
                        };
                    }
                }
            }
        }
        place += 1;
    }
    Found {
        states: known.len(),
        broken: None,
        reached: None,
    }
}

fn run_to(reached: &[(State, usize, Move)], end: usize, last: Option<Move>) -> Run {
    let mut moves: Vec<Move> = last.into_iter().collect();
    let mut place = end;
    while place > 0 {
        let (_, before, next) = reached[place];
        moves.push(next);
        place = before;
    }
    moves.reverse();
    Run {
        moves,
        end: reached[end].0,
    }
}

/// Quicker than the standard one on many small numbers, in a debug build.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_i8(&mut self, number: i8) {
        self.write_u8(number.cast_unsigned());
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u8(number.to_le_bytes()[0]);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u8(number.to_le_bytes()[0]);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
