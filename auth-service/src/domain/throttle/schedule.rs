//! How long the next attempt must wait: pure functions of the counts and the time.

use crate::model::{Throttle, Wait};
use contract::time::Timestamp;
use std::time::Duration;

/// The first delay; each further failure doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest delay of an account for one network.
const MOST: Duration = Duration::from_mins(5);
/// The longest delay of an account for failures of all networks.
const MOST_OF_ACCOUNT: Duration = Duration::from_secs(30);
/// How many times more failures are free for an account from all networks together.
const TIMES_OF_ACCOUNT: u32 = 10;
/// After this time without failures, they are forgotten.
const REMEMBERED: Duration = Duration::from_hours(1);
/// The interval in which registrations are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// A delay that grows with the failures (OWASP ASVS 5.0, 6.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// The number of failures that cause no delay.
    pub(super) free: u32,
    /// The longest delay.
    pub(super) most: Duration,
}

impl Schedule {
    /// For attempts that are counted under one key only.
    #[must_use]
    pub(super) fn strict(free: u32) -> Self {
        Self { free, most: MOST }
    }

    /// For an account, with the failures of all networks.
    #[must_use]
    pub(super) fn of_account(free: u32) -> Self {
        Self {
            free: free.saturating_mul(TIMES_OF_ACCOUNT),
            most: MOST_OF_ACCOUNT,
        }
    }

    /// How long the next attempt must wait after the last of this number of failures: nothing while
    /// failures are free, then 1 s, 2 s, 4 s, and so on, up to the longest delay.
    #[must_use]
    pub(super) fn delay(self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        FIRST.saturating_mul(factor).min(self.most)
    }
}

/// Counts one more attempt under a key, or returns how long to wait.
pub(super) fn count(
    schedule: Schedule,
    counted: Throttle,
    now: Timestamp,
) -> Result<Throttle, Wait> {
    let counted = in_force(counted, now);
    wait_until(
        counted.last_attempt_at + schedule.delay(counted.attempts),
        now,
    )?;
    Ok(one_more(counted, now, now + REMEMBERED))
}

/// Counts one more log-in, both for the account from its network and for the account alone; or
/// returns how long to wait.
///
/// The failures of all networks together delay only networks that failed themselves, and only from
/// their own last failure on. So nobody elsewhere can lock the owner out.
pub(super) fn count_log_in(
    free: u32,
    [network, account]: [Throttle; 2],
    now: Timestamp,
) -> Result<[Throttle; 2], Wait> {
    let (network, account) = (in_force(network, now), in_force(account, now));
    if network.attempts > 0 {
        let delay = Ord::max(
            Schedule::strict(free).delay(network.attempts),
            Schedule::of_account(free).delay(account.attempts),
        );
        wait_until(network.last_attempt_at + delay, now)?;
    }
    Ok([network, account].map(|counted| one_more(counted, now, now + REMEMBERED)))
}

/// Counts one more of at most `most` attempts within an hour, which begins with the first attempt;
/// or returns how long to wait for the next hour.
pub(super) fn count_within_hour(
    most: u32,
    counted: Throttle,
    now: Timestamp,
) -> Result<Throttle, Wait> {
    let counted = in_force(counted, now);
    if counted.attempts == 0 {
        return Ok(one_more(counted, now, now + WINDOW));
    }
    if counted.attempts >= most {
        wait_until(counted.forgotten_at, now)?;
    }
    Ok(one_more(counted, now, counted.forgotten_at))
}

fn in_force(counted: Throttle, now: Timestamp) -> Throttle {
    if now < counted.forgotten_at {
        counted
    } else {
        Throttle::none(now)
    }
}

fn one_more(counted: Throttle, now: Timestamp, forgotten_at: Timestamp) -> Throttle {
    Throttle {
        attempts: counted.attempts.saturating_add(1),
        last_attempt_at: now,
        forgotten_at,
    }
}

fn wait_until(time: Timestamp, now: Timestamp) -> Result<(), Wait> {
    let left = time.since(now);
    if left.is_zero() {
        Ok(())
    } else {
        Err(Wait(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// So many attempts, the last of them at zero.
    fn counted(attempts: u32) -> Throttle {
        Throttle {
            attempts,
            last_attempt_at: at(0),
            forgotten_at: at(0) + REMEMBERED,
        }
    }

    #[test]
    fn delays_double_after_the_free_failures_up_to_the_most() {
        let delays = |schedule: Schedule, failures: &[u32]| -> Vec<u64> {
            let delay = |failures: &u32| schedule.delay(*failures).as_secs();
            failures.iter().map(delay).collect()
        };
        let strict = [0, 1, 4, 5, 6, 7, 13, 14, 15, 36, 37, 38, u32::MAX];
        assert_eq!(
            delays(Schedule::strict(5), &strict),
            [0, 0, 0, 1, 2, 4, 256, 300, 300, 300, 300, 300, 300]
        );
        assert_eq!(
            delays(Schedule::of_account(5), &[49, 50, 51, 54, 55, 56, 9_999]),
            [0, 1, 2, 16, 30, 30, 30]
        );
    }

    #[test]
    fn a_delay_ends_to_the_microsecond() {
        let schedule = Schedule::strict(5);
        let end = 4 * SECOND;
        assert_eq!(
            count(schedule, counted(7), at(0)),
            Err(Wait(Duration::from_secs(4)))
        );
        assert_eq!(
            count(schedule, counted(7), at(end - 1)),
            Err(Wait(Duration::from_micros(1)))
        );
        let next = count(schedule, counted(7), at(end)).unwrap();
        assert_eq!((next.attempts, next.last_attempt_at), (8, at(end)));
        assert_eq!(next.forgotten_at, at(end) + REMEMBERED);
    }

    #[test]
    fn an_hour_without_failures_forgets_to_the_microsecond() {
        let schedule = Schedule::strict(5);
        let end = 3_600 * SECOND;
        let attempts = |now| count(schedule, counted(100), at(now)).unwrap().attempts;
        assert_eq!(attempts(end - 1), 101);
        assert_eq!(attempts(end), 1);
    }

    #[test]
    fn failures_elsewhere_delay_only_who_failed_and_from_the_own_failure_on() {
        let many = counted(1_000);
        let fresh = Throttle::none(at(SECOND));
        let [network, account] = count_log_in(5, [fresh, many], at(SECOND)).unwrap();
        assert_eq!((network.attempts, account.attempts), (1, 1_001));

        let once = counted(1);
        let last = 30 * SECOND - 1;
        // whatever happened elsewhere since
        let since = Throttle {
            last_attempt_at: at(last),
            ..many
        };
        assert_eq!(
            count_log_in(5, [once, since], at(last)),
            Err(Wait(Duration::from_micros(1)))
        );
        assert!(count_log_in(5, [once, since], at(last + 1)).is_ok());
        // below the tenfold, the network's own are all that counts
        assert!(count_log_in(5, [once, counted(49)], at(0)).is_ok());
        assert_eq!(
            count_log_in(5, [counted(6), counted(6)], at(0)),
            Err(Wait(Duration::from_secs(2)))
        );
    }

    #[test]
    fn an_hour_of_registrations_begins_with_the_first() {
        let mut throttle = Throttle::none(at(0));
        for minute in 0..3 {
            throttle = count_within_hour(3, throttle, at(minute * 60 * SECOND)).unwrap();
        }
        assert_eq!(throttle.forgotten_at, at(0) + WINDOW);
        let end = 3_600 * SECOND;
        let refused = count_within_hour(3, throttle, at(end - 1));
        assert_eq!(refused, Err(Wait(Duration::from_micros(1))));
        let next = count_within_hour(3, throttle, at(end)).unwrap();
        assert_eq!((next.attempts, next.forgotten_at), (1, at(end) + WINDOW));
    }

    proptest! {
        #[test]
        fn a_delay_never_falls_nor_passes_the_most(free in 1..1_000_u32, failures: u32, most in 1..1_000_u64) {
            let schedule = Schedule { free, most: Duration::from_secs(most) };
            let (delay, next) = (schedule.delay(failures), schedule.delay(failures.saturating_add(1)));
            prop_assert!(delay <= next);
            prop_assert!(next <= schedule.most);
            prop_assert_eq!(delay.is_zero(), failures < free);
        }

        /// Whatever was counted, with whatever clock: an attempt that waits as long as it is told is
        /// then allowed, and not a microsecond sooner.
        #[test]
        fn a_wait_is_as_long_as_it_says(
            free in 1..50_u32,
            attempts in [0..1_000_u32, 0..1_000_u32],
            last in [-4_000..10_i64, -4_000..10_i64],
        ) {
            let of = |index: usize| Throttle {
                attempts: attempts[index],
                last_attempt_at: at(last[index] * SECOND),
                forgotten_at: at(last[index] * SECOND) + REMEMBERED,
            };
            if let Err(Wait(wait)) = count_log_in(free, [of(0), of(1)], at(0)) {
                let end = at(0) + wait;
                prop_assert!(wait <= MOST + Duration::from_secs(10));
                prop_assert!(count_log_in(free, [of(0), of(1)], end).is_ok());
                let before = at(end.micros() - 1);
                prop_assert!(count_log_in(free, [of(0), of(1)], before).is_err());
            }
        }
    }
}
