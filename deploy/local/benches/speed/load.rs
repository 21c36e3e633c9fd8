//! Callers that call again and again, for a while.

use crate::processes::{Processes, Times};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// How many calls are in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    connections: usize,
    on_each: usize,
}

/// Those that are measured, one after the other: the most first, and one caller alone last.
pub(crate) type Loads = [Load; 3];

pub(crate) const LOADS: Loads = [load(8, 32), load(8, 4), load(1, 1)];
/// Enough to see that it works, on programs that are built for tests.
pub(crate) const FEW: Loads = [load(8, 2), load(4, 1), load(1, 1)];
/// The place of one caller alone.
pub(crate) const ALONE: usize = 2;
/// As many connections as any load has.
pub(crate) const CONNECTIONS: usize = 8;

const fn load(connections: usize, on_each: usize) -> Load {
    Load {
        connections,
        on_each,
    }
}

impl Load {
    pub(crate) fn in_flight(self) -> usize {
        self.connections * self.on_each
    }

    /// This load, or a smaller one with about `in_flight` calls on the same connections.
    pub(crate) fn at_most(self, in_flight: usize) -> Self {
        Self {
            on_each: self.on_each.min(in_flight.div_ceil(self.connections)),
            ..self
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}", self.connections, self.on_each)
    }
}

/// What a while of calls gave. Times are in µs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Calls a second.
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// What a call took of processors.
    pub(crate) cpu: Times,
}

impl Window {
    pub(crate) fn new(mut times: Vec<Duration>, elapsed: Duration, cpu: Times) -> Self {
        assert!(!times.is_empty(), "no call ended within {elapsed:?}");
        times.sort_unstable();
        let calls = number(times.len());
        let quantile = |percent: usize| micros(times[(times.len() - 1) * percent / 100]);
        Self {
            rate: calls / elapsed.as_secs_f64(),
            p50: quantile(50),
            p99: quantile(99),
            cpu: cpu.map(|cpu| cpu / calls),
        }
    }
}

/// All callers call for a while. A call says whether it was made: once there is nothing
/// left to call with, the while is over. What is called first warms up, and is not counted.
pub(crate) async fn drive<F>(
    channels: &[Channel],
    load: Load,
    window: Duration,
    processes: &Processes,
    call: impl Fn(Channel) -> F + Clone + Send + 'static,
) -> Window
where
    F: Future<Output = bool> + Send,
{
    let progress = Arc::new(Progress::default());
    let mut callers = JoinSet::new();
    for channel in &channels[..load.connections] {
        for _ in 0..load.on_each {
            let (channel, call) = (channel.clone(), call.clone());
            let progress = Arc::clone(&progress);
            callers.spawn(async move {
                let mut calls = Vec::new();
                while !progress.over.is_cancelled() {
                    let begun = Instant::now();
                    if !call(channel.clone()).await {
                        progress.over.cancel();
                        break;
                    }
                    let ended = Instant::now();
                    calls.push((ended, ended - begun));
                    progress.one_more();
                }
                calls
            });
        }
    }
    progress.wait(window / 6).await;
    let (begun, before) = (Instant::now(), processes.times());
    progress.wait(window).await;
    let (ended, after) = (Instant::now(), processes.times());
    progress.over.cancel();
    let calls = callers.join_all().await.into_iter().flatten();
    let counted = calls.filter(|(end, _)| (begun..ended).contains(end));
    let times = counted.map(|(_, time)| time).collect();
    Window::new(times, ended - begun, difference(after, before))
}

/// How far the callers are.
#[derive(Debug, Default)]
struct Progress {
    over: CancellationToken,
    calls: AtomicUsize,
    called: Notify,
}

impl Progress {
    fn one_more(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.called.notify_one();
    }

    /// Waits so long, and until a call has ended, or else until all is over.
    async fn wait(&self, time: Duration) {
        let before = self.calls.load(Ordering::Relaxed);
        let enough = async {
            tokio::time::sleep(time).await;
            while self.calls.load(Ordering::Relaxed) == before {
                self.called.notified().await;
            }
        };
        tokio::select! {
            () = enough => {}
            () = self.over.cancelled() => {}
        }
    }
}

pub(crate) fn difference(after: Times, before: Times) -> Times {
    std::array::from_fn(|place| after[place] - before[place])
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("fewer than four thousand million"))
}
