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
