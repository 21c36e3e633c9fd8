//! Time as the databases store it: whole microseconds, with both infinities of PostgreSQL. And the
//! clock that the process and the database share.

use std::{
    fmt,
    ops::{Add, Sub},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
///
/// PostgreSQL stores microseconds. A finer value would be rounded there, and a page token with such
/// a value would repeat rows. Unlike the types of `chrono`, this type holds `infinity` and
/// `-infinity`, which old rows may contain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// PostgreSQL's `infinity`.
    pub const INFINITY: Self = Self(i64::MAX);
    /// PostgreSQL's `-infinity`.
    pub const NEGATIVE_INFINITY: Self = Self(i64::MIN);
    /// 0001-01-01T00:00:00Z, the first time that protobuf and RFC 3339 can express.
    const FIRST_PORTABLE: i64 = -62_135_596_800 * 1_000_000;
    /// 9999-12-31T23:59:59.999999Z, the last time that protobuf and RFC 3339 can express.
    const LAST_PORTABLE: i64 = 253_402_300_800 * 1_000_000 - 1;

    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the Unix epoch, as in a JWT.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whether this is neither of the infinities.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.0 != i64::MAX && self.0 != i64::MIN
    }

    /// The nearest point in time that protobuf and RFC 3339 can express (years 1 to 9999).
    #[must_use]
    pub fn to_portable(self) -> Self {
        Self(self.0.clamp(Self::FIRST_PORTABLE, Self::LAST_PORTABLE))
    }

    /// The time from `earlier` to this; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the infinities.
    fn add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the infinities.
    fn sub(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with microseconds; the infinities as PostgreSQL writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp_micros(self.0) {
            _ if *self == Self::INFINITY => f.write_str("infinity"),
            _ if *self == Self::NEGATIVE_INFINITY => f.write_str("-infinity"),
            Some(time) => write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.6fZ")),
            None => write!(f, "{} µs", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Timestamp> for prost_types::Timestamp {
    /// The nearest time that protobuf can express.
    fn from(time: Timestamp) -> Self {
        let micros = time.to_portable().0;
        let nanos = micros.rem_euclid(1_000_000) * 1_000;
        Self {
            seconds: micros.div_euclid(1_000_000),
            nanos: i32::try_from(nanos).unwrap_or(0),
        }
    }
}

impl TryFrom<prost_types::Timestamp> for Timestamp {
    type Error = InvalidTimestamp;

    /// Truncates to microseconds.
    fn try_from(time: prost_types::Timestamp) -> Result<Self, InvalidTimestamp> {
        if !(0..1_000_000_000).contains(&time.nanos) {
            return Err(InvalidTimestamp);
        }
        let micros = time
            .seconds
            .checked_mul(1_000_000)
            .and_then(|micros| micros.checked_add(i64::from(time.nanos) / 1_000))
            .ok_or(InvalidTimestamp)?;
        if (Self::FIRST_PORTABLE..=Self::LAST_PORTABLE).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(InvalidTimestamp)
        }
    }
}

/// A protobuf timestamp that is outside of the years 1 to 9999, or has invalid nanos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be between 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z")]
pub struct InvalidTimestamp;

/// How far two clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(5);

/// By how many microseconds a clock is ahead of another one, or behind it if negative. The other
/// clock said `other` at some moment between `before` and `after`, so a difference within that
/// interval counts as none.
#[must_use]
pub fn clock_difference(before: Timestamp, other: Timestamp, after: Timestamp) -> i64 {
    let nearest = other.min(after).max(before);
    nearest.0.saturating_sub(other.0)
}

/// The clock of the process, and the offset that statements add to the database's clock.
///
/// In production both offsets are always zero. Tests do not sleep. Instead, [`Clock::advance`]
/// moves the time of the process and of every later statement; [`Clock::wrong_by`] makes the clock
/// of a process wrong; and [`Clock::stopped_at`] stops it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
    /// By how many microseconds the process's clock is wrong.
    error: i64,
    /// Microseconds since 1970, before the offset.
    stands_at: Option<i64>,
}

impl Clock {
    /// The system's time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// The same clock in a process whose own clock is wrong by this many microseconds. The time in
    /// statements stays right.
    #[must_use]
    pub fn wrong_by(&self, micros: i64) -> Self {
        Self {
            error: micros,
            ..self.clone()
        }
    }

    /// The same clock in a process whose own clock has stopped at this time, and moves only when it
    /// is advanced. The time in statements goes on.
    #[must_use]
    pub fn stopped_at(&self, time: Timestamp) -> Self {
        Self {
            error: 0,
            stands_at: Some(time.0.saturating_sub(self.offset_micros())),
            ..self.clone()
        }
    }

    /// The time of the process. It serves the times of keys only. All other decisions use the
    /// database's clock.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        let now = self
            .stands_at
            .unwrap_or_else(|| chrono::Utc::now().timestamp_micros());
        let offset = self.offset_micros().saturating_add(self.error);
        Timestamp(now.saturating_add(offset))
    }

    /// Microseconds that a statement adds to the database's clock.
    #[must_use]
    pub fn offset_micros(&self) -> i64 {
        self.offset.load(Ordering::SeqCst)
    }

    /// Advances the time, for every holder of this clock.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.offset.fetch_add(micros, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protobuf_round_trip_keeps_microseconds() {
        for micros in [0, 1, -1, 1_764_034_517_123_456, Timestamp::FIRST_PORTABLE] {
            let time = Timestamp(micros);
            assert_eq!(
                Timestamp::try_from(prost_types::Timestamp::from(time)),
                Ok(time)
            );
        }
    }

    #[test]
    fn infinities_are_written_as_the_nearest_that_protobuf_holds() {
        let last = prost_types::Timestamp::from(Timestamp::INFINITY);
        assert_eq!((last.seconds, last.nanos), (253_402_300_799, 999_999_000));
        let first = prost_types::Timestamp::from(Timestamp::NEGATIVE_INFINITY);
        assert_eq!((first.seconds, first.nanos), (-62_135_596_800, 0));
    }

    #[test]
    fn out_of_range_protobuf_is_refused() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)] {
            assert!(Timestamp::try_from(prost_types::Timestamp { seconds, nanos }).is_err());
        }
    }

    #[test]
    fn display_is_rfc_3339() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::INFINITY.to_string(), "infinity");
    }

    #[test]
    fn clocks_differ_by_what_the_time_of_the_question_does_not_explain() {
        let difference =
            |other| clock_difference(Timestamp(1_000), Timestamp(other), Timestamp(1_400));
        assert_eq!(difference(1_000), 0);
        assert_eq!(difference(1_400), 0);
        assert_eq!(difference(400), 600, "ahead");
        assert_eq!(difference(2_000), -600, "behind");
        // the clock was set back while the other one was asked
        assert_eq!(
            clock_difference(Timestamp(9), Timestamp(5), Timestamp(1)),
            4
        );
    }

    #[test]
    fn advance_moves_every_holder() {
        let clock = Clock::system();
        let other = clock.clone();
        let before = other.now();
        clock.advance(Duration::from_hours(1));
        assert!(other.now() >= before + Duration::from_hours(1));
    }

    #[test]
    fn a_wrong_clock_is_advanced_with_the_others_and_binds_what_they_bind() {
        let clock = Clock::system();
        let behind = clock.wrong_by(-3_600_000_000);
        assert!(behind.now() + Duration::from_mins(59) < clock.now());
        clock.advance(Duration::from_hours(2));
        assert!(behind.now() > Clock::system().now());
        assert_eq!(behind.offset_micros(), clock.offset_micros());
    }

    #[test]
    fn a_stopped_clock_moves_only_as_the_others_are_advanced() {
        let clock = Clock::system();
        clock.advance(Duration::from_hours(1));
        let time = Timestamp::from_seconds(1_764_000_000);
        let stopped = clock.stopped_at(time);
        assert_eq!(stopped.now(), time);
        clock.advance(Duration::from_mins(1));
        assert_eq!(stopped.now(), time + Duration::from_mins(1));
        assert_eq!(stopped.offset_micros(), clock.offset_micros());
    }
}
