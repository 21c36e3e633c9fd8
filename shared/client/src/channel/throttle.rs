//! Limits how many calls are retried.

use std::sync::Mutex;

/// The number of tokens at first, and at most. A failure takes one token.
const MOST: u32 = 200;
/// Tokens are counted in tenths: a success gives one tenth.
const TENTHS: u32 = 10;

/// The retry throttling of gRPC (gRFC A6, "Throttling Retry Attempts and Hedged RPCs"). A call is
/// retried only while more than half of the tokens are left. So a short burst of failures, for
/// example when a replica dies, is retried, while retries do not multiply the load during an
/// outage.
#[derive(Debug)]
pub(crate) struct RetryThrottle {
    tenths: Mutex<u32>,
}

impl Default for RetryThrottle {
    fn default() -> Self {
        Self {
            tenths: Mutex::new(MOST * TENTHS),
        }
    }
}

impl RetryThrottle {
    /// Notes that an attempt was answered.
    pub(crate) fn succeeded(&self) {
        self.change(|tenths| (tenths + 1).min(MOST * TENTHS));
    }

    /// Notes that an attempt failed. Returns whether another attempt may be made.
    pub(crate) fn failed(&self) -> bool {
        self.change(|tenths| tenths.saturating_sub(TENTHS)) > MOST * TENTHS / 2
    }

    fn change(&self, change: impl FnOnce(u32) -> u32) -> u32 {
        let mut tenths = self
            .tenths
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *tenths = change(*tenths);
        *tenths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_made_good_and_an_outage_is_not_multiplied() {
        let throttle = RetryThrottle::default();
        let retried = (0..1_000).filter(|_| throttle.failed()).count();
        assert_eq!(retried, 99, "half of the tokens");
        for _ in 0..1_000 {
            assert!(!throttle.failed());
            (0..10).for_each(|_| throttle.succeeded());
        }
        // it comes back by successes alone
        (0..1_100).for_each(|_| throttle.succeeded());
        assert!(throttle.failed());
    }
}
