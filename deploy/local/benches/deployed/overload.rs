//! More calls than there is capacity for: as many callers as fill a service, and then ten
//! times as many, in turn. A caller who is refused waits as long as an answer takes, far
//! less than it is told to: so ten times as many calls come as can be served. What bounds
//! the service is its capacity, which is made small, and not the machine, which the callers
//! share: the database is far away.

use crate::{
    calls::{callers, list, validate},
    deployment::Deployment,
};
use std::{convert::Infallible, net::SocketAddr, time::Duration};
use testing::{
    Role,
    load::{Callers, Seen, Times},
    service::{Service, serves},
};

const ROUNDS: usize = 3;
const WINDOW: Duration = Duration::from_secs(5);
/// Calls that are let in at once.
const CAPACITY: usize = 16;
/// Of them, calls that anything but a validation or a change may be.
const FOR_LISTS: usize = CAPACITY - CAPACITY / 4;
/// How many times as many callers there are as there is capacity for.
const TIMES: usize = 10;
/// How often health is asked.
const EACH: Duration = Duration::from_millis(20);

pub(crate) async fn measure(deployment: &Deployment) {
    let capacity = CAPACITY.to_string();
    let tokens = deployment.access_tokens().await;
    let admin = deployment.access_token_of("admin").await;
    let auth = deployment.auth(&[]).await;
    let far = deployment.distant_url(Role::Requests).await;
    let variables = [
        ("REQUESTS_CALLS_IN_FLIGHT", capacity.as_str()),
        ("DATABASE_CONNECTIONS", &capacity),
        ("DATABASE_URL", &far),
    ];
    let small = deployment.requests(&auth, &variables).await;
    let public = small.address("public");
    compare("lists", &small, public, FOR_LISTS, async |callers| {
        list(callers, WINDOW, &admin, 20).await
    })
    .await;
    drop((small, auth));
    let far = deployment.distant_url(Role::Auth).await;
    let variables = [
        ("AUTH_CALLS_IN_FLIGHT", capacity.as_str()),
        ("DATABASE_URL", &far),
    ];
    let small = deployment.auth(&variables).await;
    let internal = small.address("internal");
    compare("validations", &small, internal, CAPACITY, async |callers| {
        validate(callers, WINDOW, &tokens).await
    })
    .await;
}

/// As many callers as there is capacity for, and then more, in turn.
async fn compare(
    what: &str,
    service: &Service,
    address: SocketAddr,
    capacity: usize,
    call: impl AsyncFn(Callers) -> Seen,
) {
    let enough = callers(address, capacity);
    // until pools and caches are filled
    call(enough).await;
    let (mut full, mut over) = (Seen::default(), Seen::default());
    let mut health = Health::default();
    let mut memory = Memory::default();
    for _ in 0..ROUNDS {
        let seen = call(enough).await;
        let many = Callers {
            count: TIMES * capacity,
            pause: Some(Duration::from_secs_f64(seen.answered.median() / 1_000.0)),
            ..enough
        };
        full.add([seen]);
        memory.full = memory.full.max(service.memory());
        let watched = health.watch([address, service.address("ops")]);
        over.add([tokio::select! {
            seen = call(many) => seen,
            never = watched => match never {},
        }]);
        memory.over = memory.over.max(service.memory());
    }
    let ratio = |of: fn(&Times) -> f64| of(&over.answered) / of(&full.answered);
    let number = |calls: usize| f64::from(u32::try_from(calls).unwrap_or(u32::MAX));
    println!("{what}, capacity for {capacity} at once:");
    println!("  {capacity} callers: {full}");
    println!("  {} callers: {over}", TIMES * capacity);
    println!(
        "  ratios: came {:.1}, answered {:.2}, median {:.2}, p99 {:.2}, memory {:.2} ({:.0} MiB)",
        number(over.answered.calls() + over.shed) / number(full.answered.calls()),
        number(over.answered.calls()) / number(full.answered.calls()),
        ratio(Times::median),
        ratio(|times| times.quantile(99)),
        memory.over / memory.full,
        memory.over,
    );
    println!(
        "  health: {} times asked, {} times well",
        health.requested, health.well
    );
}

/// The most that was in use, in MiB.
#[derive(Default)]
struct Memory {
    full: f64,
    over: f64,
}

/// What listeners said of their health.
#[derive(Default)]
struct Health {
    requested: usize,
    well: usize,
}

impl Health {
    async fn watch(&mut self, listeners: [SocketAddr; 2]) -> Infallible {
        loop {
            for listener in listeners {
                let is_well = serves(listener).await;
                self.requested += 1;
                self.well += usize::from(is_well);
            }
            tokio::time::sleep(EACH).await;
        }
    }
}
