//! The refresh decision: one pure function of the session's row, the generation of the presented
//! refresh token, and the time. The service, its tests and its models all use this function.
//!
//! In the table, p is the generation of the presented token, and g is the generation in the row.
//! The overlap lasts while the generation in the row was never used, or was first used less than
//! the overlap ago.
//!
//! | token | and | decision |
//! | --- | --- | --- |
//! | p = g | never used | [`Decision::FirstUse`] |
//! | p = g | within the overlap | [`Decision::Reissue`] |
//! | p = g | otherwise | [`Decision::Rotate`] |
//! | p = g − 1 | within the overlap | [`Decision::Reissue`] |
//! | p = g − 1 | otherwise | [`Decision::End`], reuse |
//! | p < g − 1 | | [`Decision::End`], reuse |
//! | p > g | | [`Decision::End`], the session is older than the token |

use crate::model::{Cause, Generation, Lifetimes, Refusal, Session};
use contract::time::Timestamp;
use std::{cmp::Ordering, time::Duration};

/// What the decision depends on in a session's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InForce {
    /// The generation of the current pair.
    pub generation: Generation,
    /// When it was first used.
    pub used_at: Option<Timestamp>,
}

/// What a refresh does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The current pair is issued again. Its first use is noted, and the session's end slides.
    FirstUse,
    /// The current pair is issued again, and the row stays as it is.
    Reissue(Reissue),
    /// A pair of the next generation is issued, if the row still has this `used_at`.
    Rotate {
        /// When the current generation was first used.
        used_at: Timestamp,
    },
    /// The session ends.
    End(Ending),
}

/// Why the current pair is issued again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reissue {
    /// Its own refresh token was presented within the overlap.
    WithinOverlap,
    /// The token of the previous generation was presented within the overlap: an answer was lost,
    /// or the session has a second tab or pod.
    ToPreviousGeneration,
}

/// Why a refresh ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// A refresh token was used again after the overlap, which an honest holder does not do.
    ReuseDetected,
    /// The session's row is older than the token, because the database was restored from a back-up.
    SessionOlderThanToken,
}

impl Decision {
    /// The refresh's cause in the audit log.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::FirstUse => Cause::FirstUse,
            Self::Reissue(Reissue::WithinOverlap) => Cause::ReissuedWithinOverlap,
            Self::Reissue(Reissue::ToPreviousGeneration) => Cause::ReissuedToPreviousGeneration,
            Self::Rotate { .. } => Cause::Rotated,
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
            Self::SessionOlderThanToken => Refusal::SessionOlderThanToken,
        }
    }
}

/// Decides on a refresh of a session that is active and unexpired, and whose user may log in.
#[must_use]
pub fn decide(row: InForce, presented: Generation, now: Timestamp, overlap: Duration) -> Decision {
    let is_within_overlap = row.used_at.is_none_or(|used_at| now < used_at + overlap);
    match (presented.cmp(&row.generation), row.used_at) {
        (Ordering::Greater, _) => Decision::End(Ending::SessionOlderThanToken),
        (Ordering::Equal, None) => Decision::FirstUse,
        (Ordering::Equal, Some(_)) if is_within_overlap => {
            Decision::Reissue(Reissue::WithinOverlap)
        }
        (Ordering::Equal, Some(used_at)) => Decision::Rotate { used_at },
        (Ordering::Less, _) if is_within_overlap && presented.next() == row.generation => {
            Decision::Reissue(Reissue::ToPreviousGeneration)
        }
        (Ordering::Less, _) => Decision::End(Ending::ReuseDetected),
    }
}

/// The session's new end: one lifetime of a refresh token from now, and at most the absolute end.
#[must_use]
pub fn slide(session: &Session, now: Timestamp, lifetimes: Lifetimes) -> Timestamp {
    (now + lifetimes.refresh_token).min(session.absolute_expires_at)
}

/// When an access token of the current pair expires. Its lifetime is counted from the rotation if at
/// least half of it is then left; otherwise from the first use by the same rule; otherwise from now.
/// It ends with the session at the latest.
///
/// So all holders of a pair refresh at about the same time. If the lifetime were counted from each
/// answer, two holders would drift apart until one of them is taken for a thief.
#[must_use]
pub fn access_expiry(session: &Session, now: Timestamp, lifetimes: Lifetimes) -> Timestamp {
    let from = |start: Timestamp| {
        let end = start + lifetimes.access_token;
        (end >= now + lifetimes.access_token / 2).then_some(end)
    };
    from(session.rotated_at)
        .or_else(|| session.used_at.and_then(from))
        .unwrap_or(now + lifetimes.access_token)
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
    fn every_row_of_the_table_decides_as_it_says() {
        assert_eq!(decided(5, None), Decision::FirstUse);
        assert_eq!(
            decided(5, Some(0)),
            Decision::Reissue(Reissue::WithinOverlap)
        );
        assert_eq!(
            decided(5, Some(59)),
            Decision::Reissue(Reissue::WithinOverlap)
        );
        assert_eq!(decided(5, Some(60)), Decision::Rotate { used_at: at(-60) });
        assert_eq!(
            decided(4, None),
            Decision::Reissue(Reissue::ToPreviousGeneration)
        );
        assert_eq!(
            decided(4, Some(59)),
            Decision::Reissue(Reissue::ToPreviousGeneration)
        );
        assert_eq!(decided(4, Some(60)), Decision::End(Ending::ReuseDetected));
        assert_eq!(decided(3, None), Decision::End(Ending::ReuseDetected));
        assert_eq!(decided(3, Some(0)), Decision::End(Ending::ReuseDetected));
        assert_eq!(
            decided(i32::MIN, None),
            Decision::End(Ending::ReuseDetected)
        );
        assert_eq!(
            decided(6, None),
            Decision::End(Ending::SessionOlderThanToken)
        );
        assert_eq!(
            decided(i32::MAX, Some(0)),
            Decision::End(Ending::SessionOlderThanToken)
        );
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
            Decision::Reissue(Reissue::ToPreviousGeneration)
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
        let lifetimes = Lifetimes::default();
        let expiry = |rotated, used, expires| {
            access_expiry(&session(rotated, used, expires), at(0), lifetimes)
        };
        let far = 500_000;
        assert_eq!(
            expiry(-450, None, far),
            at(450),
            "half its lifetime is left"
        );
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
        let lifetimes = Lifetimes::default();
        let mut session = session(0, None, 100);
        assert_eq!(slide(&session, at(0), lifetimes), at(7 * 86_400));
        session.absolute_expires_at = at(50);
        assert_eq!(slide(&session, at(0), lifetimes), at(50));
    }

    proptest! {
        /// The previous generation is accepted exactly within the overlap, and an earlier one never.
        #[test]
        fn only_the_previous_generation_is_accepted_and_only_within_the_overlap(g in 3..1_000_i32, back in 0..5_i32, ago in proptest::option::of(0..200_i64)) {
            let row = InForce { generation: Generation(g), used_at: ago.map(|ago| at(-ago)) };
            let decision = decide(row, Generation(g - back), at(0), OVERLAP);
            let is_within_overlap = ago.is_none_or(|ago| ago < 60);
            let ends = matches!(decision, Decision::End(_));
            prop_assert_eq!(ends, back >= 2 || (back == 1 && !is_within_overlap));
            prop_assert_eq!(matches!(decision, Decision::Rotate { .. }), back == 0 && !is_within_overlap);
        }
    }
}
