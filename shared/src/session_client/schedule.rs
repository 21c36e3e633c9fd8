//! When to refresh, and how long to try.

use super::Pair;
use crate::time::Timestamp;
use std::time::Duration;

/// A refresh has so long at the server; who waits longer waits for nothing.
const SERVER_TIME: Duration = Duration::from_secs(10);
/// The pause after the first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// So often is asked for a pair whose access token is over.
const ATTEMPTS: u32 = 5;

/// Whether the holders of a session have one store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holders {
    /// There is one holder, or all of them share a store. It may rest for as long
    /// as the refresh token lives.
    #[default]
    ShareStore,
    /// There are others, each with a store of its own, that began with the same
    /// pair. All of them run [`super::SessionClient::keep_fresh`], on clocks that
    /// agree within seconds, and with the overlap that auth-service has. One that
    /// comes too late (it slept, it was cut off) stops by itself
    /// ([`super::SessionError::TooLate`]); presented later, its token would be
    /// taken for a thief's and end the session of all.
    SeparateStores,
}

/// When a client refreshes. All of it follows from the overlap:
///
/// - ahead of the access token's end by one overlap and a jitter below half of one.
///   Holders of one pair so come within half an overlap of each other, and an
///   attempt has the other half;
/// - an attempt ends after half an overlap, at most;
/// - a separate holder that is given the same generation again presents it anew half
///   an overlap later, until it turns. The others may turn it at any moment from then
///   on, since it was used, and it has an overlap to follow them.
///
/// auth-service has access tokens live for four overlaps at least, and gives the
/// same end again while half of that is left: an overlap and a half ahead is past
/// that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) overlap: Duration,
    pub(super) holders: Holders,
    pub(super) seed: u64,
}

impl Schedule {
    /// When the pair is to be refreshed.
    pub(super) fn due(&self, pair: &Pair) -> Timestamp {
        match self.given_again(pair) {
            Some(time) => time + self.overlap / 2,
            None => pair.access_expires_at - self.overlap - self.jitter(pair),
        }
    }

    /// When an attempt that reads the store now must have ended; `None` if none may
    /// begin any more.
    pub(super) fn attempt(&self, pair: &Pair, now: Timestamp) -> Option<Duration> {
        let most = SERVER_TIME.min(self.overlap / 2);
        if self.holders == Holders::ShareStore {
            return Some(most);
        }
        // an overlap after the earliest moment at which another may have turned it
        let latest = match self.given_again(pair) {
            Some(time) => time + self.overlap,
            None => pair.access_expires_at - self.overlap / 2,
        };
        (now < latest).then(|| most.min(latest.since(now)))
    }

    /// How long to wait after so many failures, of which the last asked for a time;
    /// `None` to give up: the access token is over by then, and it was tried a few
    /// times.
    pub(super) fn pause(
        &self,
        pair: &Pair,
        failures: u32,
        asked: Option<Duration>,
        now: Timestamp,
    ) -> Option<Duration> {
        let pause = self.back_off(failures).max(asked.unwrap_or_default());
        let is_over_then = !pair.is_good(now + pause);
        let is_enough = failures >= ATTEMPTS || pause > LONGEST_PAUSE;
        (!(is_over_then && is_enough)).then_some(pause)
    }

    /// The same for a call that somebody waits for.
    pub(super) fn pause_of_call(&self, failures: u32, asked: Option<Duration>) -> Option<Duration> {
        let pause = self.back_off(failures).max(asked.unwrap_or_default());
        (failures < ATTEMPTS && pause <= LONGEST_PAUSE).then_some(pause)
    }

    fn back_off(&self, failures: u32) -> Duration {
        let full = FIRST_PAUSE
            .saturating_mul(1 << failures.saturating_sub(1).min(10))
            .min(LONGEST_PAUSE);
        full / 2 + fraction(full / 2, self.seed ^ u64::from(failures))
    }

    fn given_again(&self, pair: &Pair) -> Option<Timestamp> {
        pair.given_again_at
            .filter(|_| self.holders == Holders::SeparateStores)
    }

    /// Less than half an overlap, the same for a pair whenever it is asked for.
    fn jitter(&self, pair: &Pair) -> Duration {
        let pair = pair.access_expires_at.micros().cast_unsigned();
        fraction(self.overlap / 2, self.seed.wrapping_add(pair))
    }
}

/// A random part of a time, below the whole.
fn fraction(whole: Duration, seed: u64) -> Duration {
    let micros = u64::try_from(whole.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::Rng::with_seed(seed).u64(..micros.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::SessionId, session_layer::BearerToken};

    const OVERLAP: Duration = Duration::from_mins(1);
    const HALF: Duration = Duration::from_secs(30);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_764_000_000 + seconds)
    }

    /// A pair whose access token ends at 900 s.
    fn pair(given_again_at: Option<i64>) -> Pair {
        Pair {
            session_id: SessionId::random(),
            generation: 1,
            access_token: BearerToken::new("access".to_owned()).unwrap(),
            access_expires_at: at(900),
            refresh_token: BearerToken::new("refresh".to_owned()).unwrap(),
            given_again_at: given_again_at.map(at),
        }
    }

    fn schedule(holders: Holders, seed: u64) -> Schedule {
        Schedule {
            overlap: OVERLAP,
            holders,
            seed,
        }
    }

    #[test]
    fn the_jitter_stays_below_half_an_overlap_and_spreads_over_it() {
        let due = |seed| schedule(Holders::SeparateStores, seed).due(&pair(None));
        let all: Vec<_> = (0..1_000).map(due).collect();
        assert!(all.iter().all(|due| *due > at(810) && *due <= at(840)));
        assert!(all.iter().min() < Some(&at(812)) && all.iter().max() > Some(&at(838)));
        assert_eq!(due(7), due(7));
    }

    #[test]
    fn a_separate_holder_that_is_given_the_same_again_comes_back_soon() {
        let again = pair(Some(820));
        assert_eq!(schedule(Holders::SeparateStores, 1).due(&again), at(850));
        let shared = schedule(Holders::ShareStore, 1);
        assert_eq!(shared.due(&again), shared.due(&pair(None)));
    }

    #[test]
    fn a_separate_holder_never_presents_later_than_an_overlap_after_another_may_have_turned_it() {
        let attempt = |given_again, now| {
            let separate = schedule(Holders::SeparateStores, 1);
            separate.attempt(&pair(given_again), at(now))
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        // the first that comes may come at 810
        assert_eq!(attempt(None, 840), seconds(10));
        assert_eq!(attempt(None, 865), seconds(5));
        assert_eq!(attempt(None, 870), None);
        assert_eq!(attempt(Some(820), 850), seconds(10));
        assert_eq!(attempt(Some(820), 879), seconds(1));
        assert_eq!(attempt(Some(820), 880), None);
        let shared = schedule(Holders::ShareStore, 1);
        assert_eq!(shared.attempt(&pair(None), at(90_000)), seconds(10));
    }

    #[test]
    fn an_attempt_has_half_an_overlap_at_most() {
        let short = Schedule {
            overlap: Duration::from_secs(8),
            ..schedule(Holders::ShareStore, 1)
        };
        let time = short.attempt(&pair(None), at(0));
        assert_eq!(time, Some(Duration::from_secs(4)));
        assert!(SERVER_TIME <= HALF);
    }

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_the_access_token() {
        let shared = schedule(Holders::ShareStore, 1);
        let pause = |failures, asked, now| shared.pause(&pair(None), failures, asked, at(now));
        for failures in 1..100 {
            let full = Duration::from_millis(100 << (failures - 1).min(10)).min(LONGEST_PAUSE);
            let pause = pause(failures, None, 0).expect("the token is good");
            assert!(pause >= full / 2 && pause < full, "{failures}: {pause:?}");
        }
        let asked = Some(Duration::from_secs(3));
        assert_eq!(pause(1, asked, 0), asked);
        assert_eq!(pause(4, asked, 1_000), asked);
        assert_eq!(pause(6, None, 899), None);
        assert_eq!(pause(5, None, 1_000), None);
        // asked for more than is left
        let hours = Some(Duration::from_hours(3));
        assert_eq!(pause(1, hours, 0), None);
        assert_eq!(shared.pause_of_call(1, hours), None);
        assert_eq!(shared.pause_of_call(4, asked), asked);
        assert_eq!(shared.pause_of_call(5, asked), None);
    }
}
