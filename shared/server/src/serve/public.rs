//! Bounds of what a public listener may be configured to.

use std::ops::RangeInclusive;

/// Calls at once. Fewer leave no room for who comes last.
pub const CALLS_IN_FLIGHT: RangeInclusive<usize> = 8..=100_000;
/// Proxies before the listener. A chain of proxies that is longer is a mistake.
pub const TRUSTED_PROXIES: RangeInclusive<usize> = 0..=16;
