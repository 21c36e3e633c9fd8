//! How much slower validations are while people log in: a stream of ValidateSession,
//! alone and beside 200 callers of CreateSession that hash at the full cost, in turn.
//!
//! ```sh
//! cargo bench -p auth-service --bench log_ins
//! ```
//!
//! Service and clients are in this process, each on threads of its own, and
//! PostgreSQL beside it; ratios hold on another machine, times do not.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use argon2::{Argon2, password_hash::PasswordHasher as _};
use proto::auth::v1::{
    CreateSessionRequest, ValidateSessionRequest, auth_service_client::AuthServiceClient,
    session_validation_service_client::SessionValidationServiceClient,
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, as_service, channel},
};
use tokio::{runtime::Runtime, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 3;
/// How long each of the two is measured in a round.
const WINDOW: Duration = Duration::from_secs(6);
const VALIDATING_CONNECTIONS: usize = 8;
const STREAMS_EACH: usize = 4;
const CALLERS: usize = 200;
/// Callers that share a connection.
const CALLERS_EACH: usize = 10;

fn main() {
    let service = Runtime::new().expect("threads");
    let (auth, tokens) = service.block_on(start());
    let (public, internal) = (auth.replica.public, auth.replica.internal);
    let clients = Runtime::new().expect("threads");
    let (mut alone, mut beside, mut log_ins) =
        (Times::default(), Times::default(), LogIns::default());
    clients.block_on(async {
        validate_for(Duration::from_secs(1), internal, &tokens).await;
        for _ in 0..ROUNDS {
            alone.add(validate_for(WINDOW, internal, &tokens).await);
            let (times, asked) = tokio::join!(
                validate_for(WINDOW, internal, &tokens),
                log_in_for(WINDOW, public)
            );
            beside.add(times);
            log_ins.add(&asked);
        }
    });
    println!("validations alone:            {}", alone.sum());
    println!("beside {CALLERS} that log in:       {}", beside.sum());
    println!(
        "ratio of the medians:         {:.2}",
        beside.median() / alone.median()
    );
    println!(
        "log-ins: {} served, {} told to wait, {} failed",
        log_ins.served, log_ins.shed, log_ins.failed
    );
    service.block_on(async { drop(auth) });
}

/// A service with a user for each caller, and as many tokens as there are streams.
async fn start() -> (Auth, Vec<String>) {
    let auth = Auth::start(Kind::Postgres).await;
    let mut tokens = Vec::new();
    for caller in 0..CALLERS {
        auth.add_customer(&email(caller)).await;
        if caller < VALIDATING_CONNECTIONS * STREAMS_EACH {
            let pair = auth.log_in(&email(caller)).await.tokens;
            tokens.push(pair.expect("a pair").access_token);
        }
    }
    // of the full cost, and for others than those whose sessions are validated: a
    // changed password ends them
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes());
    let hash = hash.expect("a hash").to_string();
    for caller in 0..CALLERS {
        let script = format!(
            "INSERT INTO users (name, email, password, role_id, user_type) \
             SELECT name, 'log-in-' || email, '{hash}', role_id, user_type \
             FROM users WHERE email = '{}'",
            email(caller)
        );
        auth.database.execute(&script).await;
    }
    (auth, tokens)
}

fn email(caller: usize) -> String {
    format!("{caller}@example.com")
}

/// Times of calls.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn add(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort_unstable();
    }

    /// The time that a share of the calls did not exceed, in milliseconds.
    fn quantile(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let time = self.0.get(last * percent / 100).copied();
        time.unwrap_or_default().as_secs_f64() * 1_000.0
    }

    fn median(&self) -> f64 {
        self.quantile(50)
    }

    fn sum(&self) -> String {
        let calls = self.0.len();
        format!(
            "{calls} calls, median {:.2} ms, p99 {:.2} ms",
            self.median(),
            self.quantile(99)
        )
    }
}

/// How log-ins went.
#[derive(Default)]
struct LogIns {
    served: usize,
    shed: usize,
    failed: usize,
}

impl LogIns {
    fn add(&mut self, other: &Self) {
        self.served += other.served;
        self.shed += other.shed;
        self.failed += other.failed;
    }
}

async fn validate_for(window: Duration, internal: SocketAddr, tokens: &[String]) -> Times {
    let end = Instant::now() + window;
    let mut streams = JoinSet::new();
    for tokens in tokens.chunks(STREAMS_EACH) {
        let client = SessionValidationServiceClient::new(channel(internal));
        for token in tokens {
            let (mut client, access_token) = (client.clone(), token.clone());
            streams.spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < end {
                    let access_token = access_token.clone();
                    let request = as_service(ValidateSessionRequest { access_token });
                    let asked = Instant::now();
                    client.validate_session(request).await.expect("valid");
                    times.push(asked.elapsed());
                }
                times
            });
        }
    }
    Times(streams.join_all().await.concat())
}

/// All callers log in again and again, each waiting as long as it is told to.
async fn log_in_for(window: Duration, public: SocketAddr) -> LogIns {
    let over = CancellationToken::new();
    let mut callers = JoinSet::new();
    let mut client = AuthServiceClient::new(channel(public));
    for caller in 0..CALLERS {
        if caller.is_multiple_of(CALLERS_EACH) {
            client = AuthServiceClient::new(channel(public));
        }
        let over = over.clone();
        callers.spawn(log_in_until(over, client.clone(), caller));
    }
    tokio::time::sleep(window).await;
    over.cancel();
    let mut sum = LogIns::default();
    for log_ins in callers.join_all().await {
        sum.add(&log_ins);
    }
    sum
}

async fn log_in_until(
    over: CancellationToken,
    mut client: AuthServiceClient<tonic::transport::Channel>,
    caller: usize,
) -> LogIns {
    let mut log_ins = LogIns::default();
    while !over.is_cancelled() {
        let request = CreateSessionRequest {
            email: format!("log-in-{}", email(caller)),
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        };
        let wait = match client.create_session(request).await {
            Ok(_) => {
                log_ins.served += 1;
                continue;
            }
            Err(status) if status.code() == Code::ResourceExhausted => {
                log_ins.shed += 1;
                told(&status)
            }
            Err(status) => {
                log_ins.failed += 1;
                told(&status)
            }
        };
        let _ = tokio::time::timeout(wait, over.cancelled()).await;
    }
    log_ins
}

/// How long an answer says to wait.
fn told(status: &Status) -> Duration {
    let info = status.get_details_retry_info();
    info.and_then(|info| info.retry_delay)
        .unwrap_or(Duration::from_secs(1))
}
