//! The same history in the middle of faults: PostgreSQL killed and started again,
//! a replica dropped in the middle of its work, connections cut at any byte,
//! between service and database and between client and service.

use super::{
    Run,
    world::{Endpoint, FLAGS, World},
};
use crate::doors::DOORS;
use crate::rows::eventually;
use contract::time::Clock;
use database::DatabaseUrl;
use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use testing::{
    Cluster, Role,
    auth::{PASSWORD, Replica, prepared_folder},
    proxy::TcpProxy,
};
use tokio::runtime::Runtime;

/// Calls of the run that is part of the suite.
const CALLS: usize = 2_000;
/// Calls while something is broken, and while nothing is.
const MEANWHILE: std::ops::Range<usize> = 5..40;

/// A replica that can be dropped in the middle of its work, with a proxy on each
/// of its ways.
struct Fragile {
    _threads: Threads,
    database: TcpProxy,
    public: TcpProxy,
    internal: TcpProxy,
    endpoint: Endpoint,
}

impl Fragile {
    async fn start(cluster: &Cluster, folder: PathBuf, clock: Clock) -> Self {
        let database = TcpProxy::start(cluster.address());
        let url = Role::Auth.url(database.address(), "postgres");
        let url: DatabaseUrl = url.parse().unwrap();
        // two threads, so that a dropped one was really at work beside the callers
        let threads = Threads::new(2);
        let starting = async move { Replica::start(folder, &url, &clock, &FLAGS).await };
        let replica = threads.0.as_ref().unwrap().spawn(starting).await.unwrap();
        let public = TcpProxy::start(replica.public);
        let internal = TcpProxy::start(replica.internal);
        let endpoint = Endpoint::at(public.address(), internal.address());
        // its end is the threads'
        std::mem::forget(replica);
        Self {
            _threads: threads,
            database,
            public,
            internal,
            endpoint,
        }
    }
}

/// Threads of a replica's own. They may end in the middle of its work, and of its
/// start: nothing that it is doing is finished.
struct Threads(Option<Runtime>);

impl Threads {
    fn new(count: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(count)
            .enable_all()
            .build();
        Self(Some(runtime.unwrap()))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Breaks one thing after the other, and waits each time until every replica
/// serves again by itself.
async fn break_things(
    world: &World,
    cluster: &Cluster,
    folder: PathBuf,
    mut replicas: Vec<Fragile>,
    mut choices: fastrand::Rng,
) {
    let email = world.add_user().await;
    for round in 0.. {
        world.time.after(choices.usize(MEANWHILE)).await;
        let meanwhile = choices.usize(MEANWHILE);
        let index = choices.usize(0..replicas.len());
        let bytes = choices.u64(0..3_000);
        match round % 5 {
            0 => {
                replicas[index].database.break_after(bytes).await;
                world.time.after(meanwhile).await;
                replicas[index].database.restore().await;
            }
            1 => {
                replicas[index].public.break_after(bytes).await;
                world.time.after(meanwhile).await;
                replicas[index].public.restore().await;
            }
            2 => {
                replicas[index].internal.break_after(bytes).await;
                world.time.after(meanwhile).await;
                replicas[index].internal.restore().await;
            }
            3 => {
                tokio::task::block_in_place(|| cluster.kill());
                world.time.after(meanwhile).await;
                tokio::task::block_in_place(|| cluster.start_again());
            }
            _ => {
                // as an orchestrator does: another one takes its place
                let clock = world.time.clock.clone();
                drop(replicas.remove(index));
                world.time.after(meanwhile).await;
                let started = Fragile::start(cluster, folder.clone(), clock).await;
                world.replace(index, started.endpoint.clone());
                replicas.insert(index, started);
            }
        }
        for Fragile { endpoint, .. } in &replicas {
            eventually("it serves again", async || {
                serves(endpoint, &email).await.is_some()
            })
            .await;
        }
        world.survived.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether it logs in, validates at each door, and refreshes.
async fn serves(endpoint: &Endpoint, email: &str) -> Option<()> {
    use proto::auth::v1::{CreateSessionRequest, RefreshSessionRequest};
    let mut endpoint = endpoint.clone();
    let log_in = CreateSessionRequest {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let calls = async move {
        let answer = endpoint.public.create_session(log_in).await.ok()?;
        let tokens = answer.into_inner().tokens?;
        for door in DOORS {
            let answer = Box::pin(door.ask(&endpoint.internal, &tokens.access_token)).await;
            answer.ok()?;
        }
        let refresh = RefreshSessionRequest {
            refresh_token: tokens.refresh_token,
        };
        endpoint.public.refresh_session(refresh).await.ok()
    };
    let answered = tokio::time::timeout(Duration::from_secs(8), calls).await;
    answered.ok().flatten().map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_history_keeps_every_promise_during_faults() {
    let mut run = Run::of(CALLS);
    // a call that was cut off may go on at the server for a while
    run.step = 5..=15;
    // one of each kind
    run.faults = 5;
    let cluster = tokio::task::spawn_blocking(Cluster::durable).await.unwrap();
    let url: DatabaseUrl = cluster.url("postgres").parse().unwrap();
    testing::migrate_at(&url).await;
    let (folder, clock) = (prepared_folder(), Clock::system());
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(Fragile::start(&cluster, folder.path().into(), clock.clone()).await);
    }
    let endpoints = replicas.iter().map(|one| one.endpoint.clone()).collect();
    let world = Arc::new(World::new(&url, clock, endpoints).await);
    let choices = fastrand::Rng::with_seed(run.seed.rotate_left(1));
    let place = folder.path().into();
    let breaking = break_things(&world, &cluster, place, replicas, choices);
    let tally = run.live_beside(&world, breaking).await;
    println!("{} faults survived", world.survived.load(Ordering::SeqCst));
    tally.assert_says_something();
}
