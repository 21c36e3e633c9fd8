//! What happened to one user and its sessions: each call with when it was made,
//! when it was answered, and what the answer was. No token is in it: a token is
//! its session and its generation.

use contract::time::{Clock, Timestamp};
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// A session, by its number in the history.
pub(crate) type Number = u32;
/// A pair of tokens of a session.
pub(crate) type Generation = i32;

/// A point in a history.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Of two moments the earlier one has the lower number, whoever saw them.
    pub(crate) order: u64,
    /// As the database's clock has it.
    pub(crate) time: Timestamp,
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.order, self.time)
    }
}

/// A token, without the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) session: Number,
    pub(crate) generation: Generation,
    pub(crate) expires_at: Timestamp,
}

/// Who presents a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// One of those that share a store; it read the token there at this time.
    Shared { read_at: Timestamp },
    /// One with a store of its own.
    Separate,
    /// Someone who presents an old one.
    Thief,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// CreateSession, by one of the user's passwords, in the order of their
    /// changes.
    Create { session: Number, password: u32 },
    /// RefreshSession.
    Refresh { token: Presented, holder: Holder },
    /// ValidateSession.
    Validate { token: Presented },
    /// RevokeSession.
    Revoke { session: Number },
    /// RevokeOwnSession.
    RevokeOwn { by: Presented, session: Number },
    /// RevokeAllSessions.
    RevokeAll { by: Presented, keep_current: bool },
    /// ChangePassword, from this one to the next.
    ChangePassword { by: Presented, from: u32 },
    /// `users.is_active` set to FALSE, and committed.
    Disable,
    /// `users.is_active` set to TRUE, and committed.
    Enable,
}

impl Action {
    /// The session whose token must stand for this to be done.
    pub(crate) fn presented(self) -> Option<Presented> {
        match self {
            Self::Refresh { token, .. } | Self::Validate { token } => Some(token),
            Self::RevokeOwn { by, .. }
            | Self::RevokeAll { by, .. }
            | Self::ChangePassword { by, .. } => Some(by),
            Self::Create { .. } | Self::Revoke { .. } | Self::Disable | Self::Enable => None,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done, or the token is valid.
    Done,
    /// A session began, or was refreshed: its pair in force.
    Issued {
        generation: Generation,
        refresh_expires_at: Timestamp,
    },
    /// It was refused with this reason.
    Refused(String),
    /// There was no answer, or none that decides: it may have been done.
    Unknown,
    /// A fault of ours.
    Broken,
}

impl Outcome {
    pub(crate) fn is_success(&self) -> bool {
        matches!(self, Self::Done | Self::Issued { .. })
    }
}

/// A call and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) action: Action,
    pub(crate) invoked: Moment,
    /// Of an unknown outcome, when the caller stopped to listen.
    pub(crate) answered: Moment,
    pub(crate) outcome: Outcome,
}

/// A rotation, an end or a new term of a session's row, as a trigger saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) session: Number,
    /// `generation` before and after.
    pub(crate) generation: [Generation; 2],
    /// `is_active` before and after.
    pub(crate) active: [bool; 2],
    /// Whether `rotated_at` changed.
    pub(crate) is_rotation: bool,
    /// `rotated_at` after.
    pub(crate) rotated_at: Timestamp,
}

/// All that is known of one user's life.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// In the order of their answers.
    pub(crate) operations: Vec<Operation>,
    /// In the order of their commits, for each session.
    pub(crate) changes: Vec<Change>,
    /// The generation of each session's row in the end.
    pub(crate) rows: Vec<(Number, Generation)>,
}

/// Gives moments, and keeps operations.
#[derive(Debug)]
pub(crate) struct Recorder {
    clock: Clock,
    order: Arc<AtomicU64>,
    operations: Mutex<Vec<Operation>>,
}

impl Recorder {
    /// One whose moments are in one order with those of all others of `order`.
    pub(crate) fn new(clock: Clock, order: Arc<AtomicU64>) -> Self {
        Self {
            clock,
            order,
            operations: Mutex::default(),
        }
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            order: self.order.fetch_add(1, Ordering::SeqCst),
            time: self.clock.now(),
        }
    }

    /// Keeps what was invoked at a moment and is answered now.
    pub(crate) fn keep(&self, action: Action, invoked: Moment, outcome: Outcome) {
        let answered = self.moment();
        self.operations.lock().unwrap().push(Operation {
            action,
            invoked,
            answered,
            outcome,
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.operations.lock().unwrap().len()
    }

    pub(crate) fn take(&self) -> Vec<Operation> {
        std::mem::take(&mut self.operations.lock().unwrap())
    }
}
