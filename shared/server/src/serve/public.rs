//! Bounds for the configuration of a public listener.

use std::ops::RangeInclusive;

/// Calls in flight. With fewer than the minimum, calls of the last priority get no capacity.
pub const CALLS_IN_FLIGHT: RangeInclusive<usize> = 8..=100_000;
/// The number of proxies in front of the listener. A longer chain is a mistake.
pub const TRUSTED_PROXIES: RangeInclusive<usize> = 0..=16;
