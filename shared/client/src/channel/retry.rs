//! One call, made of as many attempts as its policy allows.

use super::{Balanced, CallFailure, Replica, RetryThrottle};
use contract::deadline::Deadline;
use std::time::Duration;

/// How often a call is attempted, and after which failures.
#[derive(Debug)]
pub(crate) struct Policy {
    /// How many attempts there are at most, with the first one.
    pub(crate) attempts: u32,
    /// Whether the call may be done twice. If it may not, only a call that nobody has looked at is
    /// attempted again. If it may, it is attempted again after any failure, and an attempt that
    /// could be followed by another gets a share of the time only ([`Deadline::attempt`]).
    pub(crate) is_idempotent: bool,
    /// Whether to stop when too much fails.
    pub(crate) throttle: Option<RetryThrottle>,
}

/// Why a replica gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptFailure {
    /// The connection was closed before the replica looked at the call, as happens to each
    /// connection when it is old. This is no fault, and another connection may serve the call.
    Closed,
    /// No connection could be made, or the replica refused to look at the call.
    Unreachable,
    /// The connection was lost, and what was done is not known.
    ConnectionLost,
    /// The replica has no time, or it is overloaded and should not get retries.
    TimedOut,
}

impl AttemptFailure {
    /// The failure of an attempt that the transport lost.
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

/// Why a call got no answer.
#[derive(Debug)]
pub(crate) enum GaveUp<E> {
    /// It may have been done, and must not be done twice.
    MayBeProcessed(E),
    /// Its time is over.
    OutOfTime,
    /// Every attempt failed, or no replica is left.
    NoReplica,
    /// Too many calls fail, so this one is not attempted again.
    Throttled,
}

impl Policy {
    /// Whether the replica that failed may be asked again if there is no other.
    fn may_retry_same_replica(&self, failure: AttemptFailure) -> bool {
        match failure {
            AttemptFailure::Closed => true,
            AttemptFailure::Unreachable | AttemptFailure::ConnectionLost => self.is_idempotent,
            AttemptFailure::TimedOut => false,
        }
    }

    /// Whether another attempt may follow. A closed connection is no fault, and is not counted.
    fn may_retry_after(&self, failure: AttemptFailure) -> bool {
        let throttle = self.throttle.as_ref();
        failure == AttemptFailure::Closed || throttle.is_none_or(RetryThrottle::failed)
    }
}

impl Balanced {
    /// Makes a call: attempts it at one replica after the other until one answers. `attempt` gets
    /// the replica and the time that it has, if the call has a deadline. All attempts are in
    /// the caller's future: who gives up leaves nothing running.
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
        let (mut asked, mut not_again) = (Vec::new(), Vec::new());
        for attempts_left in (1..=policy.attempts).rev() {
            if !self.has_another(&asked) {
                asked.clone_from(&not_again);
            }
            let Some(replica) = self.pick(&asked).await else {
                break;
            };
            asked.push(replica.address());
            // a replica that says nothing must leave time for another
            let is_shared = policy.is_idempotent && self.has_another(&asked);
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

/// What a future gives in time, if there is an end.
async fn within<T>(time: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match time {
        Some(time) => tokio::time::timeout(time, work).await.ok(),
        None => Some(work.await),
    }
}
