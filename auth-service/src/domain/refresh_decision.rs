//! The refresh decision: one pure function over the row, the generation that
//! was presented, and the time. The service, its tests and every model of it
//! use this one.
//!
//! | presented | and | decision |
//! | --- | --- | --- |
//! | p = g | never used | [`Decision::UseFirst`] |
//! | p = g | young | [`Decision::Again`] |
//! | p = g | otherwise | [`Decision::Turn`] |
//! | p = g − 1 | young | [`Decision::Again`] |
//! | p = g − 1 | otherwise | [`Decision::End`], reuse |
//! | p < g − 1 | | [`Decision::End`], reuse |
//! | p > g | | [`Decision::End`], row behind |
//!
//! *Young*: never used, or used less than the overlap ago.

use crate::model::{Cause, Generation, Lives, Refusal, Session};
use contract::time::Timestamp;
use std::{cmp::Ordering, time::Duration};

/// What of a row decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InForce {
    /// The pair in force.
    pub generation: Generation,
    /// When it was first used.
    pub used_at: Option<Timestamp>,
}

/// What a refresh does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The pair in force again; note its first use and slide the session's end.
    UseFirst,
    /// The pair in force again; the row stays as it is.
    Again(Again),
    /// A new pair, of the next generation. `used_at` is what the row must still
    /// say.
    Turn {
        /// When the generation in force was first used.
        used_at: Timestamp,
    },
    /// The session ends.
    End(Ending),
}

/// Why the pair in force is given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Again {
    /// It was presented itself, less than an overlap after its first use.
    Young,
    /// The one before was presented: a lost answer, a second tab, a second pod.
    OneBehind,
}

/// Why a refresh ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// A refresh token was used again too late to be an honest holder's.
    ReuseDetected,
    /// The row is older than the token: it comes from a back-up.
    RowBehind,
}

impl Decision {
    /// What the audit log says of the refresh.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::UseFirst => Cause::FirstUse,
            Self::Again(Again::Young) => Cause::Young,
            Self::Again(Again::OneBehind) => Cause::OneBehind,
            Self::Turn { .. } => Cause::Turned,
            Self::End(ending) => ending.refusal().cause(),
        }
    }
}

impl Ending {
    /// Why the refresh is refused.
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::ReuseDetected => Refusal::ReuseDetected,
            Self::RowBehind => Refusal::RowBehind,
        }
    }
}

/// Decides on a refresh of a session that is active, unexpired, and whose user
/// is live.
#[must_use]
pub fn decide(row: InForce, presented: Generation, now: Timestamp, overlap: Duration) -> Decision {
    let young = row.used_at.is_none_or(|used_at| now < used_at + overlap);
    match (presented.cmp(&row.generation), row.used_at) {
        (Ordering::Greater, _) => Decision::End(Ending::RowBehind),
        (Ordering::Equal, None) => Decision::UseFirst,
        (Ordering::Equal, Some(_)) if young => Decision::Again(Again::Young),
        (Ordering::Equal, Some(used_at)) => Decision::Turn { used_at },
        (Ordering::Less, _) if young && presented.next() == row.generation => {
            Decision::Again(Again::OneBehind)
        }
        (Ordering::Less, _) => Decision::End(Ending::ReuseDetected),
    }
}

/// The session's new end: a refresh life from now, never past the absolute end.
#[must_use]
pub fn slide(session: &Session, now: Timestamp, lives: Lives) -> Timestamp {
    (now + lives.refresh_token).min(session.absolute_expires_at)
}

/// When an access token of the pair in force ends: counted from the turn while
/// at least half of its life is then left, else from the first use by the same
/// rule, else from now; at most the session's end.
///
/// So all holders of a pair come back together; counted from each answer, two
/// of them would drift apart until one is taken for a thief.
#[must_use]
pub fn access_expiry(session: &Session, now: Timestamp, lives: Lives) -> Timestamp {
    let from = |start: Timestamp| {
        let end = start + lives.access_token;
        (end >= now + lives.access_token / 2).then_some(end)
    };
    from(session.rotated_at)
        .or_else(|| session.used_at.and_then(from))
        .unwrap_or(now + lives.access_token)
        .min(session.expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ids::{SessionId, UserId};
    use proptest::prelude::*;

    const OVERLAP: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_764_000_000 + seconds)
    }

    /// A row at generation 5, used `used` seconds ago.
    fn decided(presented: i32, used: Option<i64>) -> Decision {
        let row = InForce {
            generation: Generation(5),
            used_at: used.map(|ago| at(-ago)),
        };
        decide(row, Generation(presented), at(0), OVERLAP)
    }

    #[test]
    fn every_cell_of_the_table() {
        assert_eq!(decided(5, None), Decision::UseFirst);
        assert_eq!(decided(5, Some(0)), Decision::Again(Again::Young));
        assert_eq!(decided(5, Some(59)), Decision::Again(Again::Young));
        assert_eq!(decided(5, Some(60)), Decision::Turn { used_at: at(-60) });
        assert_eq!(decided(4, None), Decision::Again(Again::OneBehind));
        assert_eq!(decided(4, Some(59)), Decision::Again(Again::OneBehind));
        assert_eq!(decided(4, Some(60)), Decision::End(Ending::ReuseDetected));
        assert_eq!(decided(3, None), Decision::End(Ending::ReuseDetected));
        assert_eq!(decided(3, Some(0)), Decision::End(Ending::ReuseDetected));
        assert_eq!(
            decided(i32::MIN, None),
            Decision::End(Ending::ReuseDetected)
        );
        assert_eq!(decided(6, None), Decision::End(Ending::RowBehind));
        assert_eq!(decided(i32::MAX, Some(0)), Decision::End(Ending::RowBehind));
    }

    #[test]
    fn the_overlap_ends_to_the_microsecond() {
        let row = InForce {
            generation: Generation(2),
            used_at: Some(at(0)),
        };
        let end = at(0) + OVERLAP;
        let last = Timestamp::from_micros(end.micros() - 1);
        assert_eq!(
            decide(row, Generation(1), last, OVERLAP),
            Decision::Again(Again::OneBehind)
        );
        assert_eq!(
            decide(row, Generation(1), end, OVERLAP),
            Decision::End(Ending::ReuseDetected)
        );
    }

    fn session(rotated: i64, used: Option<i64>, expires: i64) -> Session {
        Session {
            id: SessionId::random(),
            user_id: UserId(1),
            generation: Generation(5),
            is_active: true,
            created_at: at(-100_000),
            expires_at: at(expires),
            absolute_expires_at: at(1_000_000),
            rotated_at: at(rotated),
            used_at: used.map(at),
            device_info: None,
            ip_address: None,
        }
    }

    #[test]
    fn holders_of_one_pair_come_back_together() {
        let lives = Lives::default();
        let expiry =
            |rotated, used, expires| access_expiry(&session(rotated, used, expires), at(0), lives);
        let far = 500_000;
        assert_eq!(expiry(-450, None, far), at(450), "half its life is left");
        assert_eq!(
            expiry(-451, None, far),
            at(900),
            "less than half, and never used"
        );
        assert_eq!(expiry(-451, Some(-450), far), at(450), "from the first use");
        assert_eq!(expiry(-1_000, Some(-451), far), at(900), "from now");
        assert_eq!(expiry(0, None, 100), at(100), "at most the session's end");
    }

    #[test]
    fn a_session_slides_up_to_its_absolute_end() {
        let lives = Lives::default();
        let mut session = session(0, None, 100);
        assert_eq!(slide(&session, at(0), lives), at(7 * 86_400));
        session.absolute_expires_at = at(50);
        assert_eq!(slide(&session, at(0), lives), at(50));
    }

    proptest! {
        /// Whatever the row says, one behind is forgiven exactly while the
        /// generation in force is young, and two behind never is.
        #[test]
        fn only_the_young_are_forgiven(g in 3..1_000_i32, back in 0..5_i32, ago in proptest::option::of(0..200_i64)) {
            let row = InForce { generation: Generation(g), used_at: ago.map(|ago| at(-ago)) };
            let decision = decide(row, Generation(g - back), at(0), OVERLAP);
            let young = ago.is_none_or(|ago| ago < 60);
            let ends = matches!(decision, Decision::End(_));
            prop_assert_eq!(ends, back >= 2 || (back == 1 && !young));
            prop_assert_eq!(matches!(decision, Decision::Turn { .. }), back == 0 && !young);
        }
    }
}
