//! Who takes part, what may go wrong, and which error is planted.

use super::state::STOLEN;

/// The overlap, in ticks.
pub(super) const OVERLAP: u8 = 4;
/// How long a refresh may take at the server: a quarter of the overlap, as the
/// configuration asks for at the least.
pub(super) const SERVER: u8 = OVERLAP / 4;
/// How late a mark may be where marks are in time.
pub(super) const MARK_DELAY: u8 = 1;

/// What a search goes through.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is switched by itself")]
pub(super) struct World {
    /// The requests that may be under way at once, each by the store it is read
    /// from.
    pub(super) seats: &'static [usize],
    pub(super) stores: Stores,
    pub(super) marks: Marks,
    /// For how long an honest holder may present a pair: after it was read, and
    /// with a store of its own after its rotation.
    pub(super) presents_within: u8,
    /// How long a refresh may take at the server.
    pub(super) server: u8,
    /// Whether the server may be slow to read the row, too.
    pub(super) queues: bool,
    /// Whether the server may die between reading and writing.
    pub(super) dies: bool,
    pub(super) log_out: bool,
    pub(super) expiry: bool,
    pub(super) restores: bool,
    pub(super) counts_in_step: bool,
    pub(super) fault: Option<Fault>,
}

/// How the holders are honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stores {
    /// They share one.
    Shared,
    /// Each has its own, and presents a generation within the overlap after it
    /// was rotated.
    Separate,
}

/// What may happen to a mark: the first use of a generation, on its way into the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// Any delay, lost, repeated.
    Unreliable,
    /// Written within [`MARK_DELAY`], perhaps repeated.
    InTime,
}

/// An error in the decision, or in what carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The overlap is counted from the rotation.
    OverlapFromTheRotation,
    /// `<=` for `<` in the overlap.
    OverlapIncludesItsEnd,
    /// A generation before the previous one is taken for the previous one.
    EarlierGenerationIsAccepted,
    /// A token above the row is taken for a thief's.
    AboveTheRowIsReuse,
    /// `note_first_uses` without `generation =`.
    MarkOfAnyGeneration,
    /// A compare-and-set without `is_active`.
    SetThoughEnded,
    /// A compare-and-set without `expires_at >`.
    SetThoughExpired,
    /// An update without `generation =` and `used_at =`.
    SetUncompared,
    /// A refresh that lost and reads a reuse ends the session.
    LoserEnds,
}

impl World {
    /// Two honest holders, lost answers, late requests, a server that dies,
    /// unreliable marks; nobody else.
    pub(super) fn honest(stores: Stores) -> Self {
        Self {
            seats: match stores {
                Stores::Shared => &[0, 0],
                Stores::Separate => &[0, 1],
            },
            stores,
            marks: Marks::Unreliable,
            presents_within: OVERLAP,
            server: SERVER,
            queues: false,
            dies: true,
            log_out: false,
            expiry: false,
            restores: false,
            counts_in_step: false,
            fault: None,
        }
    }

    /// A holder and a thief, where every mark is written in time.
    pub(super) fn robbed() -> Self {
        Self {
            seats: &[0, STOLEN],
            marks: Marks::InTime,
            dies: false,
            ..Self::honest(Stores::Shared)
        }
    }

    /// Whether it matters to the holders when a generation began.
    pub(super) fn counts_rotations(&self) -> bool {
        self.stores == Stores::Separate
    }

    /// Whether it matters to the decision.
    pub(super) fn row_counts_rotations(&self) -> bool {
        self.fault == Some(Fault::OverlapFromTheRotation)
    }
}

/// What must hold in every run, said over what the holders did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// No honest holder is refused, as long as nobody robbed it, logged out, or
    /// restored the row.
    HonestIsNotRefused,
    /// A pair above a restored row is told so, and ends the session.
    AboveARestoredRowIsSaid,
    /// After an end or a log-out no refresh that reads or writes later answers a
    /// pair.
    NothingIsRevived,
    /// The previous generation, presented an overlap and a mark's delay after the first use of
    /// its successor or later, ends the session, where marks are in time.
    LateReuseEnds,
    /// A generation before the previous one always ends the session.
    EarlierGenerationEnds,
    /// Of many rotations of a generation at once exactly one wins.
    OneTurnWins,
}
