//! Recorded histories: many users' sessions are begun, refreshed, validated and
//! ended at once against three replicas, and a checker looks for a promise that
//! was broken: an ended session is never accepted again, a refresh logs no honest client
//! out, and a generation rotates once.
//!
//! A run prints its seed; `TICKETING_SEED` chooses the same calls again. In which
//! order they meet at the replicas is not chosen, so a rare failure may need
//! several runs. `TICKETING_HISTORY` is how many calls are recorded at least.

mod calls;
mod checker;
mod checks;
mod ends;
mod faults;
mod holders;
mod life;
mod record;
mod tally;
mod time;
mod world;

use checker::Rules;
use contract::time::Clock;
use futures_util::{StreamExt as _, stream};
use std::{
    ops::RangeInclusive,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tally::Tally;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Replica, prepared_folder},
};
use world::{Endpoint, FLAGS, World};

/// Users at once.
const USERS: usize = 6;
/// Calls of the run that is part of the suite.
const CALLS: usize = 2_500;

/// What a run is told.
#[derive(Clone, Debug)]
struct Run {
    seed: u64,
    calls: usize,
    /// Time moves on by so many seconds each time.
    step: RangeInclusive<u64>,
    rules: Rules,
    /// It goes on until so many faults were survived.
    faults: usize,
}

impl Run {
    fn of(calls: usize) -> Self {
        let variable = |name| std::env::var(name).ok()?.parse().ok();
        let seed = variable("TICKETING_SEED").unwrap_or_else(|| fastrand::u64(..));
        let calls = variable("TICKETING_HISTORY")
            .and_then(|calls| usize::try_from(calls).ok())
            .unwrap_or(calls);
        println!("TICKETING_SEED={seed}");
        Self {
            seed,
            calls,
            // a holder with a store of its own meets two of them at most
            step: 18..=26,
            rules: Rules {
                overlap: Duration::from_mins(1),
                clock_error: Duration::ZERO,
            },
            faults: 0,
        }
    }

    /// Lives one user's life after another, several at once, until there were
    /// enough calls. Ends at the first that breaks a rule.
    async fn live(&self, world: &Arc<World>) -> Tally {
        let mut choices = fastrand::Rng::with_seed(self.seed);
        let seeds = std::iter::repeat_with(|| choices.u64(..)).enumerate();
        let mut tally = Tally::default();
        let mut runs = stream::iter(seeds)
            .take_while(|_| std::future::ready(!self.is_enough(world)))
            .map(async |(number, seed)| {
                (
                    number,
                    life::live(Arc::clone(world), seed, self.rules).await,
                )
            })
            .buffer_unordered(USERS);
        let mut next = tally::EVERY;
        while let Some((number, lived)) = runs.next().await {
            tally.add(&lived.history, self.rules);
            assert!(
                lived.violations.is_empty(),
                "seed {}, user {number}, after {tally}:\n{}",
                self.seed,
                lived.report()
            );
            if tally.operations >= next {
                next = tally.operations + tally::EVERY;
                println!("{tally}");
            }
        }
        println!("{tally}");
        tally
    }

    fn is_enough(&self, world: &World) -> bool {
        world.time.operations() >= self.calls
            && world.survived.load(Ordering::SeqCst) >= self.faults
    }

    /// The same while time passes and something else goes on.
    async fn live_beside(&self, world: &Arc<World>, other: impl Future<Output = ()>) -> Tally {
        let choices = fastrand::Rng::with_seed(!self.seed);
        let passing = world.time.pass(choices, self.step.clone(), USERS);
        tokio::select! {
            tally = self.live(world) => tally,
            () = passing => unreachable!("it passes for good"),
            () = other => unreachable!("it goes on for good"),
        }
    }
}

/// A history against three replicas whose clocks are wrong by so many seconds.
async fn against_three_replicas(run: Run, clock_errors: [i64; 3]) -> Tally {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let folder = prepared_folder();
    let clock = Clock::system();
    let mut replicas = Vec::new();
    let url = database.url_as(Role::Auth);
    for error in clock_errors {
        let clock = clock.wrong_by(error * 1_000_000);
        replicas.push(Replica::start(folder.path().into(), &url, &clock, &FLAGS).await);
    }
    let endpoints = replicas.iter().map(Endpoint::of).collect();
    let world = Arc::new(World::new(&database.url, clock, endpoints).await);
    run.live_beside(&world, std::future::pending()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_history_keeps_every_promise() {
    let tally = against_three_replicas(Run::of(CALLS), [0, 0, 0]).await;
    tally.assert_says_something();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_history_keeps_every_promise_with_clocks_minutes_apart() {
    let mut run = Run::of(CALLS);
    run.rules.clock_error = Duration::from_secs(30);
    let tally = against_three_replicas(run, [-960, 0, 960]).await;
    tally.assert_says_something();
}
