//! Replicas that go while callers call: one after the other as in a roll-out, and at
//! once as when a machine dies. Three of auth-service and two of requests-service, each a
//! process, on one PostgreSQL.
//!
//! ```sh
//! TICKETING_ROUNDS=20 cargo test -p local --test local -- rolling --nocapture
//! ```
//!
//! A run prints its seed; `TICKETING_SEED` chooses the same again.

mod load;
mod process;

use client::channel::{Balanced, Target};
use load::{CALLERS, Load, Seen};
use process::{Known, Names, Process};
use testing::{
    Kind,
    auth::{Auth, TestUser},
    pair::PARTNER_USER,
    rows::{Row, script},
};

const AUTH: &str = "auth-service";
const REQUESTS: &str = "requests-service";

/// Both services, as deployed.
struct Deployed {
    auth: Auth,
    auth_replicas: Vec<Process>,
    requests_replicas: Vec<Process>,
    names: Names,
    known: Known,
}

impl Deployed {
    async fn start() -> Self {
        let auth = Auth::start(Kind::Postgres).await;
        let rows: Vec<_> = (1..=CALLERS)
            .map(|id| Row {
                status: Some("confirmed"),
                ..Row::new(id, Some(1))
            })
            .collect();
        auth.database.execute(&script(Kind::Postgres, &rows)).await;
        let user = TestUser {
            email: PARTNER_USER,
            user_type: "partner",
            role: "partner",
            partner_id: Some(1),
        };
        auth.add_user(user).await;
        let mut deployed = Self {
            names: Names::new(auth.folder.path()),
            auth,
            auth_replicas: Vec::new(),
            requests_replicas: Vec::new(),
            known: Known::default(),
        };
        for _ in 0..3 {
            let replica = deployed.begin(AUTH).await;
            deployed.auth_replicas.push(replica);
        }
        deployed.tell();
        for _ in 0..2 {
            let replica = deployed.begin(REQUESTS).await;
            deployed.requests_replicas.push(replica);
        }
        deployed.tell();
        deployed
    }

    async fn begin(&self, service: &str) -> Process {
        Process::start(service, &self.auth.database, self.auth.folder.path()).await
    }

    /// Tells everyone where the replicas are.
    fn tell(&self) {
        let addresses = |replicas: &[Process]| {
            replicas
                .iter()
                .map(|replica| replica.address)
                .collect::<Vec<_>>()
        };
        self.names.set(&addresses(&self.auth_replicas));
        self.known.set(&addresses(&self.requests_replicas));
    }

    fn replicas(&mut self, service: &str) -> &mut Vec<Process> {
        if service == AUTH {
            &mut self.auth_replicas
        } else {
            &mut self.requests_replicas
        }
    }

    /// Puts a new replica in the place of an old one, which is given back.
    async fn replace(&mut self, service: &str, place: usize) -> Process {
        let new = self.begin(service).await;
        let old = std::mem::replace(&mut self.replicas(service)[place], new);
        self.tell();
        old
    }

    fn channel(&self) -> Balanced {
        let url = "http://requests-service:1".parse().unwrap();
        Balanced::new(Target::new(&url, None).unwrap(), self.known.resolver())
    }

    /// Each change that was answered stands in the log, and stands there once.
    async fn each_change_was_made_once(&self, seen: &Seen) {
        let made = "SELECT CAST(count(*) AS integer) FROM request_status_log WHERE changed_by_id IS NOT NULL";
        let made = self.auth.database.query_number(made).await;
        assert_eq!(usize::try_from(made).unwrap(), seen.changes, "{seen:?}");
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A deployment under load, and what a run's seed chooses.
struct Run {
    deployed: Deployed,
    load: Load,
    rounds: u64,
    rng: fastrand::Rng,
}

impl Run {
    async fn start() -> Self {
        let seed = variable("TICKETING_SEED").unwrap_or_else(|| fastrand::u64(..));
        println!("TICKETING_SEED={seed}");
        let deployed = Deployed::start().await;
        let token = deployed.auth.log_in(PARTNER_USER).await.tokens;
        Self {
            load: Load::start(&deployed.channel(), &token.unwrap().access_token),
            deployed,
            rounds: variable("TICKETING_ROUNDS").unwrap_or(1),
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Lets callers call for a while.
    async fn go_on(&mut self) {
        self.load.answers(self.rng.usize(1..20)).await;
    }

    /// What the callers saw; each change that they made stands there once.
    async fn end(mut self) -> Seen {
        self.load.answers(20).await;
        let seen = self.load.end().await;
        let (rounds, changes, failed) = (self.rounds, seen.changes, seen.failed.len());
        println!("{rounds} rounds: {changes} changes, {failed} attempts failed");
        self.deployed.each_change_was_made_once(&seen).await;
        seen
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_costs_no_call() {
    let mut run = Run::start().await;
    for _ in 0..run.rounds {
        let mut steps = [
            (AUTH, 0),
            (AUTH, 1),
            (AUTH, 2),
            (REQUESTS, 0),
            (REQUESTS, 1),
        ];
        run.rng.shuffle(&mut steps);
        for (service, place) in steps {
            run.go_on().await;
            let old = run.deployed.replace(service, place).await;
            old.terminate().await;
        }
    }
    let seen = run.end().await;
    assert!(seen.failed.is_empty(), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_replica_costs_what_was_in_flight_on_it_and_no_more() {
    let mut run = Run::start().await;
    let mut may_fail = 0;
    for _ in 0..run.rounds {
        for service in [AUTH, REQUESTS] {
            run.go_on().await;
            let replicas = run.deployed.replicas(service);
            let killed = replicas.swap_remove(run.rng.usize(..replicas.len()));
            killed.kill().await;
            // a validation is asked for again; a call of requests-service is its caller's
            if service == REQUESTS {
                may_fail += usize::try_from(CALLERS).unwrap();
            }
            run.load.answers(20).await;
            let new = run.deployed.begin(service).await;
            run.deployed.replicas(service).push(new);
            run.deployed.tell();
        }
    }
    let seen = run.end().await;
    assert!(seen.failed.len() <= may_fail, "{seen:?}");
}
