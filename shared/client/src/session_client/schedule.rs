//! When to refresh, and how long to try.

use super::Pair;
use contract::{deadline, time::Timestamp};
use std::time::Duration;

/// The pause after the first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The number of attempts for a pair whose access token has expired.
const ATTEMPTS: u32 = 5;

/// When a client refreshes. Everything follows from the overlap:
///
/// - The client refreshes before the access token expires: by one overlap and a jitter of less
///   than half an overlap.
/// - An attempt takes half an overlap at most, so that the refresh token is presented within one
///   overlap after it was read from the store.
///
/// The lifetime of auth-service's access tokens is at least four overlaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) overlap: Duration,
    pub(super) seed: u64,
}

impl Schedule {
    /// When a refresh of the pair is due.
    pub(super) fn due(&self, pair: &Pair) -> Timestamp {
        pair.access_expires_at - self.overlap - self.jitter(pair)
    }

    /// How long an attempt may take. The server gives up a call after its own limit, so waiting
    /// longer is useless.
    pub(super) fn attempt(&self) -> Duration {
        deadline::CALL.min(self.overlap / 2)
    }

    /// How long to wait after this number of failures, if the last one may have named a time.
    /// `None`: give up, because the access token has expired by then, and several attempts were
    /// made.
    pub(super) fn pause(
        &self,
        pair: &Pair,
        failures: u32,
        requested: Option<Duration>,
        now: Timestamp,
    ) -> Option<Duration> {
        let pause = self.back_off(failures).max(requested.unwrap_or_default());
        let is_over_then = !pair.is_good(now + pause);
        let is_enough = failures >= ATTEMPTS || pause > LONGEST_PAUSE;
        (!(is_over_then && is_enough)).then_some(pause)
    }

    /// The same for a call that somebody waits for.
    pub(super) fn pause_of_call(
        &self,
        failures: u32,
        requested: Option<Duration>,
    ) -> Option<Duration> {
        let pause = self.back_off(failures).max(requested.unwrap_or_default());
        (failures < ATTEMPTS && pause <= LONGEST_PAUSE).then_some(pause)
    }

    fn back_off(&self, failures: u32) -> Duration {
        let full = FIRST_PAUSE
            .saturating_mul(1 << failures.saturating_sub(1).min(10))
            .min(LONGEST_PAUSE);
        full / 2 + fraction(full / 2, self.seed ^ u64::from(failures))
    }

    /// Less than half an overlap, and always the same for one pair.
    fn jitter(&self, pair: &Pair) -> Duration {
        let pair = pair.access_expires_at.micros().cast_unsigned();
        fraction(self.overlap / 2, self.seed.wrapping_add(pair))
    }
}

/// A random part of a time, less than the whole.
fn fraction(whole: Duration, seed: u64) -> Duration {
    let micros = u64::try_from(whole.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::Rng::with_seed(seed).u64(..micros.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{bearer::BearerToken, ids::SessionId};

    const OVERLAP: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_764_000_000 + seconds)
    }

    /// A pair whose access token ends at 900 s.
    fn pair() -> Pair {
        Pair {
            session_id: SessionId::random(),
            generation: 1,
            access_token: BearerToken::new("access".to_owned()).unwrap(),
            access_expires_at: at(900),
            refresh_token: BearerToken::new("refresh".to_owned()).unwrap(),
        }
    }

    fn schedule(seed: u64) -> Schedule {
        Schedule {
            overlap: OVERLAP,
            seed,
        }
    }

    #[test]
    fn the_jitter_stays_below_half_an_overlap_and_spreads_over_it() {
        let due = |seed| schedule(seed).due(&pair());
        let all: Vec<_> = (0..1_000).map(due).collect();
        assert!(all.iter().all(|due| *due > at(810) && *due <= at(840)));
        assert!(all.iter().min() < Some(&at(812)) && all.iter().max() > Some(&at(838)));
        assert_eq!(due(7), due(7));
    }

    #[test]
    fn an_attempt_has_half_an_overlap_at_most() {
        let short = Schedule {
            overlap: Duration::from_secs(8),
            ..schedule(1)
        };
        assert_eq!(short.attempt(), Duration::from_secs(4));
        assert_eq!(schedule(1).attempt(), deadline::CALL);
    }

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_the_access_token() {
        let schedule = schedule(1);
        let pause =
            |failures, requested, now| schedule.pause(&pair(), failures, requested, at(now));
        for failures in 1..100 {
            let full = Duration::from_millis(100 << (failures - 1).min(10)).min(LONGEST_PAUSE);
            let pause = pause(failures, None, 0).expect("the token is good");
            assert!(pause >= full / 2 && pause < full, "{failures}: {pause:?}");
        }
        let requested = Some(Duration::from_secs(3));
        assert_eq!(pause(1, requested, 0), requested);
        assert_eq!(pause(4, requested, 1_000), requested);
        assert_eq!(pause(6, None, 899), None);
        assert_eq!(pause(5, None, 1_000), None);
        // asked for more than is left
        let hours = Some(Duration::from_hours(3));
        assert_eq!(pause(1, hours, 0), None);
        assert_eq!(schedule.pause_of_call(1, hours), None);
        assert_eq!(schedule.pause_of_call(4, requested), requested);
        assert_eq!(schedule.pause_of_call(5, requested), None);
    }
}
