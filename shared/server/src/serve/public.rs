//! Bounds of what a public listener may be configured to.

use std::ops::RangeInclusive;

/// Calls in flight. With fewer, no capacity is left for calls of the last priority.
pub const CALLS_IN_FLIGHT: RangeInclusive<usize> = 8..=100_000;
/// Proxies before the listener. A chain of proxies that is longer is a mistake.
pub const TRUSTED_PROXIES: RangeInclusive<usize> = 0..=16;
