//! The life of one generated request: which stage it reached, and when.

use super::{Partner, World};
use contract::time::Timestamp;
use std::time::Duration;

/// How long a partner has to confirm.
const SLA: Duration = Duration::from_mins(15);

/// The stage that a request reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Submitted,
    /// A partner rejected it, and the row still has this status.
    Rejected,
    /// A partner rejected it, or did not confirm it in time.
    Unassigned,
    Assigned,
    Confirmed,
    InProgress,
    Completed,
    Closed,
}

impl Stage {
    /// Most requests are completed; a few are at every other stage.
    fn draw(random: &mut fastrand::Rng) -> Self {
        match random.u8(0..100) {
            0..3 => Self::Submitted,
            3..5 => Self::Rejected,
            5..8 => Self::Unassigned,
            8..14 => Self::Assigned,
            14..20 => Self::Confirmed,
            20..26 => Self::InProgress,
            26..60 => Self::Completed,
            _ => Self::Closed,
        }
    }

    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Rejected => "rejected",
            Self::Unassigned => "unassigned",
            Self::Assigned => "assigned",
            Self::Confirmed => "confirmed",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Closed => "closed",
        }
    }
}

/// One request, and its history.
pub(crate) struct Life<'a> {
    pub(super) id: i32,
    pub(super) world: &'a World,
    pub(super) random: fastrand::Rng,
    pub(super) stage: Stage,
    pub(super) customer: i32,
    pub(super) partner: &'a Partner,
    pub(super) branch: i32,
    pub(super) submitted: Timestamp,
    pub(super) assigned: Timestamp,
    /// The deadline to confirm; for a request that waits, within a day from `now`.
    pub(super) deadline: Timestamp,
    pub(super) answered: Timestamp,
    pub(super) started: Timestamp,
    pub(super) completed: Timestamp,
    pub(super) closed: Timestamp,
}

impl<'a> Life<'a> {
    /// The `id`-th life of a seed number, for a request that was submitted at a time. It ends at
    /// `now`, so nothing lies in the future.
    pub(crate) fn new(
        seed: u64,
        id: i32,
        world: &'a World,
        submitted: Timestamp,
        now: Timestamp,
    ) -> Self {
        // with a seed of its own, so that its rows can be generated one table at a time
        let mut random = fastrand::Rng::with_seed(seed ^ u64::from(id.unsigned_abs()) << 20);
        let mut at = submitted;
        let mut after = |random: &mut fastrand::Rng, minutes: u64| {
            at = at + Duration::from_secs(random.u64(1..60 * minutes));
            at
        };
        let assigned = after(&mut random, 30);
        let answered = after(&mut random, 14);
        let started = after(&mut random, 60);
        let completed = after(&mut random, 180);
        let closed = after(&mut random, 600);
        let stage = match Stage::draw(&mut random) {
            Stage::Submitted => Stage::Submitted,
            drawn if closed < now => drawn,
            _ if assigned < now => Stage::Assigned,
            _ => Stage::Submitted,
        };
        let minutes = u64::from(10 + id.unsigned_abs() % 1_430);
        let deadline = match stage {
            Stage::Assigned => now + Duration::from_mins(minutes),
            _ => assigned + SLA,
        };
        let partner = world.draw_partner(&mut random);
        let branch = partner.branches[random.usize(0..partner.branches.len())];
        let customer = random.i32(world.customers.clone());
        Self {
            id,
            world,
            random,
            stage,
            customer,
            partner,
            branch,
            submitted,
            assigned,
            deadline,
            answered,
            started,
            completed,
            closed,
        }
    }
}
