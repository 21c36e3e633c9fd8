//! What the model knows at a moment.
//!
//! Generations are counted from the row's (0 is in force, -1 the previous one) and
//! times in ticks ago, both up to where a larger number changes nothing. So the
//! states are finite although runs are not, and a search that comes to its end
//! has seen runs of every length and any number of rotations.

use super::world::{OVERLAP, World};
use auth_service::domain::Ending;

/// Requests that can be under way at once.
pub(super) const SEATS: usize = 4;
/// The thief's store, after those of the two holders.
pub(super) const STOLEN: usize = 2;
/// Ages count up to here: past the overlap, and past a mark's delay after it.
pub(super) const OLD: u8 = OVERLAP + 1;
/// Marks are kept for generations from here to 2 above the row.
const LOWEST_MARK: i8 = -3;

/// A generation, counted from the row's.
pub(super) type Generation = i8;

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// The session's row.
    pub(super) row: Row,
    /// The newest pair that each store holds: two holders', and the thief's.
    pub(super) stores: [Generation; 3],
    /// The pair that was stolen; the thief may present it as well.
    pub(super) oldest_stolen: Generation,
    /// One request a seat.
    pub(super) flights: [Flight; SEATS],
    /// Marks on their way: 0 is none, else one more than their age.
    pub(super) marks: [u8; 6],
    /// A copy of the row.
    pub(super) back_up: Option<Row>,
    /// What happened, whatever the row says of it.
    pub(super) past: Past,
}

/// The columns that a refresh reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    /// Always 0, but in a copy.
    pub(super) generation: Generation,
    /// How long ago it was marked as used.
    pub(super) used: Option<u8>,
    /// How long ago it was rotated to, if the world keeps count.
    pub(super) begun: u8,
    pub(super) is_active: bool,
    pub(super) is_unexpired: bool,
}

/// A refresh under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Flight {
    None,
    /// Read from the store so long ago, and sent.
    Sent {
        presented: Generation,
        age: u8,
    },
    /// At the server, before the row is read; again, if it lost.
    Waiting {
        presented: Generation,
        age: u8,
        lost: bool,
    },
    /// At the server, between the reading and the writing.
    Writing {
        presented: Generation,
        age: u8,
        seen: Seen,
    },
    /// An answer on its way.
    Answered {
        generation: Generation,
    },
}

/// What was read, and what is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Seen {
    Unused { generation: Generation },
    Used { generation: Generation, used: u8 },
    End(Ending),
}

/// What the holders did and saw: the properties are stated over this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Past {
    /// The session ended, was logged out, or came to its end.
    pub(super) is_over: bool,
    pub(super) is_stolen: bool,
    pub(super) is_restored: bool,
    /// How long ago the newest generation was first used, if the world keeps count.
    pub(super) first_use: Option<u8>,
    /// The newest generation that a refresh began.
    pub(super) newest: Generation,
    /// How long ago that one, and the one before it, began, if the world keeps
    /// count.
    pub(super) begun: [u8; 2],
    /// Rotations at which the thief and the victim both held the newest pair, if the
    /// world counts them.
    pub(super) in_step: u8,
}

impl State {
    /// Just logged in: every holder has the pair.
    pub(super) fn logged_in(world: &World) -> Self {
        let counted = |if_counted| if if_counted { 0 } else { OLD };
        Self {
            row: Row {
                generation: 0,
                used: None,
                begun: counted(world.row_counts_rotations()),
                is_active: true,
                is_unexpired: true,
            },
            stores: [0; 3],
            oldest_stolen: 0,
            flights: [Flight::None; SEATS],
            marks: [0; 6],
            back_up: None,
            past: Past {
                is_over: false,
                is_stolen: false,
                is_restored: false,
                first_use: None,
                newest: 0,
                begun: [counted(world.counts_rotations()), OLD],
                in_step: 0,
            },
        }
    }

    /// A run in which nobody was robbed, logged out or restored.
    pub(super) fn is_clean(&self) -> bool {
        !(self.past.is_over || self.past.is_stolen || self.past.is_restored)
    }

    /// A tick later.
    pub(super) fn older(mut self) -> Self {
        let older = |age: &mut u8| *age = (*age + 1).min(OLD);
        for row in [Some(&mut self.row), self.back_up.as_mut()]
            .into_iter()
            .flatten()
        {
            row.used.as_mut().map(older);
            older(&mut row.begun);
        }
        for flight in &mut self.flights {
            match flight {
                Flight::None | Flight::Answered { .. } => {}
                Flight::Sent { age, .. } | Flight::Waiting { age, .. } => *age += 1,
                Flight::Writing { age, seen, .. } => {
                    *age += 1;
                    if let Seen::Used { used, .. } = seen {
                        older(used);
                    }
                }
            }
        }
        self.past.first_use.as_mut().map(older);
        self.past.begun.iter_mut().for_each(older);
        self
    }

    /// Counts generations from the row's again. Far behind is far behind; where
    /// the row may yet go back, farther.
    pub(super) fn rebased(mut self, world: &World) -> Self {
        let by = self.row.generation;
        if by == 0 {
            return self;
        }
        let floor = if world.restores && !self.past.is_restored {
            -4
        } else {
            -2
        };
        let rebase = |generation: &mut Generation| *generation = (*generation - by).max(floor);
        self.row.generation = 0;
        self.stores.iter_mut().for_each(rebase);
        rebase(&mut self.oldest_stolen);
        rebase(&mut self.past.newest);
        for flight in &mut self.flights {
            match flight {
                Flight::None => {}
                Flight::Sent { presented, .. } | Flight::Waiting { presented, .. } => {
                    rebase(presented);
                }
                Flight::Writing {
                    presented, seen, ..
                } => {
                    rebase(presented);
                    match seen {
                        Seen::Unused { generation } | Seen::Used { generation, .. } => {
                            rebase(generation);
                        }
                        Seen::End(_) => {}
                    }
                }
                Flight::Answered { generation } => rebase(generation),
            }
        }
        if let Some(row) = &mut self.back_up {
            row.generation -= by;
        }
        // copies that are farther back are left out
        self.back_up = self.back_up.filter(|row| row.generation >= -2);
        let mut marks = [0; 6];
        for (generation, mark) in self.marks() {
            let mut generation = generation;
            rebase(&mut generation);
            let kept = &mut marks[mark_index(generation)];
            *kept = mark.max(*kept);
        }
        self.marks = marks;
        self
    }

    /// The marks under way, each one more than its age.
    pub(super) fn marks(&self) -> impl Iterator<Item = (Generation, u8)> + use<> {
        let marks = (LOWEST_MARK..).zip(self.marks);
        marks.filter(|(_, mark)| *mark > 0)
    }

    /// The place of a generation's mark.
    pub(super) fn mark(&mut self, generation: Generation) -> &mut u8 {
        &mut self.marks[mark_index(generation)]
    }
}

fn mark_index(generation: Generation) -> usize {
    usize::try_from(generation.max(LOWEST_MARK) - LOWEST_MARK).unwrap_or(0)
}
