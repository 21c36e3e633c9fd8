//! Callers that call in a loop, for benchmarks, and their results.

use crate::auth::channel;
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt as _;

/// How long calls took.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.0.len()
    }

    /// The time that a share of the calls did not exceed, in milliseconds.
    #[must_use]
    pub fn quantile(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let time = self.0.get(last * percent / 100).copied();
        time.unwrap_or_default().as_secs_f64() * 1_000.0
    }

    /// The time that half of the calls did not exceed, in milliseconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(50)
    }
}

/// The results of callers.
#[derive(Debug, Default)]
pub struct Seen {
    /// Calls that were answered.
    pub answered: Times,
    /// Calls that were refused for lack of capacity.
    pub shed: usize,
    /// Calls that failed otherwise, by code and reason.
    pub failed: BTreeMap<String, usize>,
}

impl Seen {
    /// Adds the results of others.
    pub fn add(&mut self, others: impl IntoIterator<Item = Self>) {
        for other in others {
            self.answered.0.extend(other.answered.0);
            self.shed += other.shed;
            for (why, calls) in other.failed {
                *self.failed.entry(why).or_default() += calls;
            }
        }
        self.answered.0.sort_unstable();
    }

    fn note(&mut self, requested: Instant, answer: &Result<(), Status>) {
        match answer {
            Ok(()) => self.answered.0.push(requested.elapsed()),
            Err(status) if status.code() == Code::ResourceExhausted => self.shed += 1,
            Err(status) => {
                let reason = contract::errors::reason_of(status).unwrap_or_default();
                let why = format!("{:?} {reason}", status.code());
                *self.failed.entry(why).or_default() += 1;
            }
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, shed) = (self.answered.calls(), self.shed);
        let (median, slow) = (self.answered.median(), self.answered.quantile(99));
        write!(
            f,
            "{calls} answered, median {median:.2} ms, p99 {slow:.2} ms; {shed} told to wait"
        )?;
        for (why, calls) in &self.failed {
            write!(f, "; {calls} failed: {why}")?;
        }
        Ok(())
    }
}

/// Callers of one service, each with one call at a time.
#[derive(Clone, Copy, Debug)]
pub struct Callers {
    /// Whom they call.
    pub address: SocketAddr,
    /// How many they are.
    pub count: usize,
    /// How many share a connection.
    pub on_a_connection: usize,
    /// How long a caller waits after a call that was not answered; if it is `None`, as long as the
    /// answer says.
    pub pause: Option<Duration>,
}

impl Callers {
    /// Runs all callers for a while. A call gets its caller's number, and how many calls the caller
    /// has made.
    pub async fn call_for<F>(
        self,
        window: Duration,
        call: impl Fn(Channel, usize, usize) -> F + Clone + Send + 'static,
    ) -> Seen
    where
        F: Future<Output = Result<(), Status>> + Send,
    {
        let end = Instant::now() + window;
        let mut callers = JoinSet::new();
        let mut connection = channel(self.address);
        for caller in 0..self.count {
            if caller.is_multiple_of(self.on_a_connection) {
                connection = channel(self.address);
            }
            let (connection, call) = (connection.clone(), call.clone());
            callers.spawn(async move {
                let mut seen = Seen::default();
                let mut calls = 0;
                while Instant::now() < end {
                    let requested = Instant::now();
                    let answer = call(connection.clone(), caller, calls).await;
                    seen.note(requested, &answer);
                    calls += 1;
                    if let Err(status) = answer {
                        tokio::time::sleep(self.pause.unwrap_or_else(|| told(&status))).await;
                    }
                }
                seen
            });
        }
        let mut seen = Seen::default();
        seen.add(callers.join_all().await);
        seen
    }
}

/// How long an answer says to wait.
fn told(status: &Status) -> Duration {
    let info = status.get_details_retry_info();
    info.and_then(|info| info.retry_delay)
        .unwrap_or(Duration::from_secs(1))
}
