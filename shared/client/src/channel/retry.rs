//! Retries: one call, made of as many attempts as its policy allows.

use super::{Balanced, CallFailure, Replica, RetryThrottle};
use contract::deadline::Deadline;
use std::time::Duration;

/// How often a call is attempted, and after which failures.
#[derive(Debug)]
pub(crate) struct Policy {
    /// The largest number of attempts, including the first.
    pub(crate) attempts: u32,
    /// Whether the call may be processed twice. If not, only a call that no replica has processed
    /// is attempted again. If so, the call is attempted again after any failure, and each attempt
    /// except the last gets a share of the time ([`Deadline::attempt`]).
    pub(crate) is_idempotent: bool,
    /// Stops retries when too many calls fail.
    pub(crate) throttle: Option<RetryThrottle>,
}

/// Why an attempt got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptFailure {
    /// The connection was closed before the replica processed the call, which happens to every
    /// connection at its maximum age. This is not a fault, and another connection may serve the
    /// call.
    Closed,
    /// No connection could be made, or the replica refused the call without processing it.
    Unreachable,
    /// The connection was lost, and the call may have been processed.
    ConnectionLost,
    /// The replica did not answer in time, or it is overloaded and should not get retries.
    TimedOut,
}

impl AttemptFailure {
    /// The failure of an attempt that failed on the transport.
    pub(crate) fn of(failure: CallFailure) -> Self {
        match failure {
            CallFailure::Closed => Self::Closed,
            CallFailure::Unconnected | CallFailure::Refused => Self::Unreachable,
            CallFailure::TimedOut => Self::TimedOut,
            CallFailure::Reset | CallFailure::Broken => Self::ConnectionLost,
        }
    }

    fn may_be_processed(self) -> bool {
        matches!(self, Self::ConnectionLost | Self::TimedOut)
    }
}

/// Why a call was given up.
#[derive(Debug)]
pub(crate) enum GaveUp<E> {
    /// The call may have been processed, and must not be processed twice.
    MayBeProcessed(E),
    /// The time of the call is over.
    OutOfTime,
    /// All attempts failed, or no replica is left.
    NoReplica,
    /// Too many calls fail, so there are no retries.
    Throttled,
}

impl Policy {
    /// Whether the replica that failed may be tried again if there is no other.
    fn may_retry_same_replica(&self, failure: AttemptFailure) -> bool {
        match failure {
            AttemptFailure::Closed => true,
            AttemptFailure::Unreachable | AttemptFailure::ConnectionLost => self.is_idempotent,
            AttemptFailure::TimedOut => false,
        }
    }

    /// Whether another attempt may follow. A closed connection is not a fault, and does not count.
    fn may_retry_after(&self, failure: AttemptFailure) -> bool {
        let throttle = self.throttle.as_ref();
        failure == AttemptFailure::Closed || throttle.is_none_or(RetryThrottle::failed)
    }
}

impl Balanced {
    /// Makes a call: tries one replica after another until one answers. `attempt` gets the replica
    /// and, if the call has a deadline, the time for the attempt. All attempts run in the caller's
    /// future, so nothing continues after the caller gives up.
    pub(crate) async fn call_by<T, E, F>(
        &self,
        policy: &Policy,
        deadline: Option<Deadline>,
        attempt: impl Fn(Replica, Option<Duration>) -> F,
    ) -> Result<T, GaveUp<E>>
    where
        F: Future<Output = Result<T, (AttemptFailure, E)>>,
    {
        let attempts = self.attempt(policy, deadline, attempt);
        let answered = within(deadline.map(Deadline::remaining), attempts).await;
        answered.unwrap_or(Err(GaveUp::OutOfTime))
    }

    async fn attempt<T, E, F>(
        &self,
        policy: &Policy,
        deadline: Option<Deadline>,
        attempt: impl Fn(Replica, Option<Duration>) -> F,
    ) -> Result<T, GaveUp<E>>
    where
        F: Future<Output = Result<T, (AttemptFailure, E)>>,
    {
        let (mut requested, mut not_again) = (Vec::new(), Vec::new());
        for attempts_left in (1..=policy.attempts).rev() {
            if !self.has_another(&requested) {
                requested.clone_from(&not_again);
            }
            let Some(replica) = self.pick(&requested).await else {
                break;
            };
            requested.push(replica.address());
            // a replica that does not answer must leave time for another
            let is_shared = policy.is_idempotent && self.has_another(&requested);
            let shares = if is_shared { attempts_left } else { 1 };
            let time = deadline.map(|deadline| deadline.attempt(shares));
            let failure = match within(time, attempt(replica.clone(), time)).await {
                Some(Ok(answer)) => {
                    policy.throttle.iter().for_each(RetryThrottle::succeeded);
                    return Ok(answer);
                }
                Some(Err((failure, error)))
                    if !policy.is_idempotent && failure.may_be_processed() =>
                {
                    return Err(GaveUp::MayBeProcessed(error));
                }
                Some(Err((failure, _))) => failure,
                None => {
                    replica.avoid();
                    if !policy.is_idempotent {
                        return Err(GaveUp::OutOfTime);
                    }
                    AttemptFailure::TimedOut
                }
            };
            if !policy.may_retry_same_replica(failure) {
                not_again.push(replica.address());
            }
            if !policy.may_retry_after(failure) {
                return Err(GaveUp::Throttled);
            }
        }
        Err(GaveUp::NoReplica)
    }
}

/// The output of a future, or `None` if the time, if any, is over first.
async fn within<T>(time: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match time {
        Some(time) => tokio::time::timeout(time, work).await.ok(),
        None => Some(work.await),
    }
}
