//! How the time of a call is divided, and until when a call must be answered.
//!
//! Every limit on a call's time, or on a part of it, is here. A part never gets more than what is
//! left of the whole, whatever its own limit is.
//!
//! | part of a call | how long at most | who keeps to it |
//! | --- | --- | --- |
//! | a whole call | [`CALL`], or what the caller asks for by `grpc-timeout` or `connect-timeout-ms`, less the time to answer | the session layer, and each listener for the calls that have no session layer |
//! | the time to answer | a tenth of what the caller asks for, and two milliseconds at least ([`with_time_to_answer`]) | the same; the caller gets an answer before it stops listening |
//! | the message, as it is sent | half of the whole call; a caller that takes longer has only itself to blame ([`Deadline::after_message`]) | the throttle of log-ins |
//! | a validation | [`VALIDATION`], and nine tenths of what is left of the call ([`Deadline::part`]), so that time is left to say that it failed | the session layer |
//! | one of several attempts | an equal share of what is left: of three attempts, the first gets a third ([`Deadline::attempt`]) | the client of auth-service |
//! | the first addresses of a service | [`FIRST_ADDRESSES`] | the channel to all replicas |
//! | a connection to another service | [`CONNECTION`], with the TLS handshake | the channel |
//! | reading files again | [`FILES`], then what they held before is used | handshakes, and whoever needs a token or a key |
//! | a connection of the pool | [`POOLED_CONNECTION`] | the database |
//! | a statement | [`STATEMENT`]; [`LOOK_UP`] where it serves validations; of it, [`LOCK`] for a lock | the database |
//! | ending many sessions, before the last batch | [`SHARE_FOR_BATCHES`] of what is left of the call | auth-service |

mod connect_timeout;
pub mod grpc_timeout;

use http::HeaderMap;
use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};
use tokio::time::{Instant, sleep_until};

/// A whole call. Clients wait as long.
pub const CALL: Duration = Duration::from_secs(10);
/// A validation of an access token, unless the configuration says otherwise.
pub const VALIDATION: Duration = Duration::from_secs(2);
/// Waiting for the first addresses of a service.
pub const FIRST_ADDRESSES: Duration = Duration::from_secs(2);
/// One attempt to connect to another service, handshake included. Shorter than a validation, so
/// that a replica that does not answer leaves time for another.
pub const CONNECTION: Duration = Duration::from_secs(1);
/// Reading files again, for a handshake or a token. Shorter than a connection.
pub const FILES: Duration = Duration::from_millis(500);
/// Waiting for a connection of the pool.
pub const POOLED_CONNECTION: Duration = Duration::from_secs(2);
/// A statement of a call. If one statement takes all of this time, the call fails anyway.
pub const STATEMENT: Duration = CALL;
/// Waiting for a lock within a statement. Shorter than the statement: who waits keeps a
/// connection from all others.
pub const LOCK: Duration = Duration::from_secs(3);
/// The statement that looks sessions up for many validations. It is longer than a validation, so
/// that a slow statement still serves the calls that joined last.
pub const LOOK_UP: Duration = Duration::from_secs(3);
/// The share of its time in which a call that ends many sessions begins further batches. What is
/// left is for the batch that is under way, and for the answer.
pub const SHARE_FOR_BATCHES: f64 = 0.5;

/// The divisor of the share of a caller's time that is kept back for the answer.
const TO_ANSWER: u32 = 10;
/// The least time that is kept back. Timers are exact to a millisecond.
const TO_ANSWER_AT_LEAST: Duration = Duration::from_millis(2);
/// The divisor of the share of its time in which a caller may send its message.
const TO_SEND: u32 = 2;

/// Limits on a call's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest that any call may take, whatever its caller asks for.
    pub call: Duration,
    /// The longest that a validation may take.
    pub validation: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: CALL,
            validation: VALIDATION,
        }
    }
}

/// When a call must be answered. It is an extension of the request. The calls that a handler makes
/// get the time that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Instant,
    /// The service's own limit, if it comes sooner than the caller's deadline.
    limit: Option<Duration>,
}

impl Deadline {
    /// A caller's deadline, counted from now.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self {
            at: Instant::now() + time,
            limit: None,
        }
    }

    /// The deadline by the time that the caller gives, less the time to answer; or the limit, if
    /// that is sooner.
    #[must_use]
    pub fn of_call(headers: &HeaderMap, limit: Duration) -> Self {
        match with_time_to_answer(headers) {
            Some(requested) if requested < limit => Self::within(requested),
            Some(_) | None => Self {
                limit: Some(limit),
                ..Self::within(limit)
            },
        }
    }

    /// The same deadline for the work on a message that has just been read. If the caller took
    /// more than half of the limit to send its message, a call that is not done in time is the
    /// caller's failure and not ours.
    #[must_use]
    pub fn after_message(self) -> Self {
        let limit = self
            .limit
            .filter(|limit| self.remaining() >= *limit / TO_SEND);
        Self { limit, ..self }
    }

    /// Whether our own limit has been reached. If so, it is the service that drops the call, and
    /// not the caller.
    #[must_use]
    pub fn is_our_limit_reached(self) -> bool {
        self.limit.is_some() && self.remaining().is_zero()
    }

    /// The deadline of a part of the call. The part gets at most `limit`, and at most nine tenths
    /// of what is left.
    #[must_use]
    pub fn part(self, limit: Duration) -> Self {
        Self::within(limit.min(less_time_to_answer(self.remaining())))
    }

    /// How long the next attempt may take, if all remaining attempts get an equal share. The last
    /// attempt gets all that is left.
    #[must_use]
    pub fn attempt(self, attempts_left: u32) -> Duration {
        self.remaining() / attempts_left.max(1)
    }

    /// The point in time.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.at
    }

    /// The time that is left; zero after the deadline.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

/// How long the call may take, if its caller sent a timeout. A tenth of that timeout, and at least
/// two milliseconds, is kept back, so that the answer reaches the caller in time, even if it is
/// only UNAVAILABLE.
#[must_use]
pub fn with_time_to_answer(headers: &HeaderMap) -> Option<Duration> {
    let requested = grpc_timeout::of(headers).or_else(|| connect_timeout::of(headers))?;
    Some(less_time_to_answer(requested).min(requested.saturating_sub(TO_ANSWER_AT_LEAST)))
}

fn less_time_to_answer(time: Duration) -> Duration {
    time.saturating_sub(time / TO_ANSWER)
}

/// The output of a future, or `None` if the deadline passes first.
///
/// tonic sets a timer of its own for each call, a little later than this one, and its status has no
/// reason. A busy runtime may run both timers late and at the same moment. Therefore the clock is
/// checked as well as the timer, so that this deadline always comes first.
pub async fn until<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut elapsed) = (pin!(future), pin!(sleep_until(deadline)));
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let is_over = elapsed.as_mut().poll(context).is_ready() || Instant::now() >= deadline;
        if is_over {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[tokio::test(start_paused = true)]
    async fn an_answer_comes_before_the_caller_stops_listening() {
        let mut headers = HeaderMap::new();
        let limit = Duration::from_secs(10);
        assert_eq!(Deadline::of_call(&headers, limit).remaining(), limit);
        headers.insert("grpc-timeout", "1S".parse().unwrap());
        assert_eq!(
            Deadline::of_call(&headers, limit).remaining(),
            Duration::from_millis(900)
        );
        let by_connect = HeaderMap::from_iter([(
            http::HeaderName::from_static("connect-timeout-ms"),
            HeaderValue::from_static("500"),
        )]);
        assert_eq!(
            Deadline::of_call(&by_connect, limit).remaining(),
            Duration::from_millis(450)
        );
        headers.insert("grpc-timeout", "1H".parse().unwrap());
        assert_eq!(Deadline::of_call(&headers, limit).remaining(), limit);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_leaves_time_to_answer_and_attempts_share_what_is_left() {
        let deadline = Deadline::within(Duration::from_secs(10));
        let part = |limit| deadline.part(limit).remaining();
        assert_eq!(part(VALIDATION), VALIDATION);
        assert_eq!(part(Duration::from_mins(1)), Duration::from_secs(9));
        assert_eq!(deadline.attempt(4), Duration::from_millis(2_500));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(deadline.attempt(3), Duration::from_secs(2));
        assert_eq!(deadline.attempt(1), Duration::from_secs(6), "the last one");
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(deadline.attempt(2), Duration::ZERO);
        assert_eq!(deadline.part(VALIDATION).remaining(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_not_served_in_time_is_the_fault_of_whose_limit_it_was() {
        let limit = Duration::from_secs(10);
        let reached = async |timeout: Option<&'static str>, sent: u64, waited: u64| {
            let mut headers = HeaderMap::new();
            if let Some(timeout) = timeout {
                headers.insert("grpc-timeout", HeaderValue::from_static(timeout));
            }
            let deadline = Deadline::of_call(&headers, limit);
            tokio::time::advance(Duration::from_secs(sent)).await;
            let deadline = deadline.after_message();
            tokio::time::advance(Duration::from_secs(waited)).await;
            deadline.is_our_limit_reached()
        };
        assert!(reached(None, 0, 10).await);
        assert!(reached(Some("1H"), 0, 10).await);
        assert!(!reached(None, 0, 9).await, "not yet");
        assert!(!reached(Some("10S"), 0, 10).await, "the caller's");
        assert!(!reached(Some("1S"), 0, 10).await, "the caller's");
        // a caller that sends slowly
        assert!(reached(None, 5, 5).await);
        assert!(!reached(None, 6, 4).await);
    }
}
