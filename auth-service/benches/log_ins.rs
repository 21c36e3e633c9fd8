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
use std::{net::SocketAddr, sync::Arc, time::Duration};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, as_service},
    load::{Callers, Seen},
};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 3;
/// How long each of the two is measured in a round.
const WINDOW: Duration = Duration::from_secs(6);
const VALIDATING_CONNECTIONS: usize = 8;
const STREAMS_EACH: usize = 4;
const CALLERS: usize = 200;

fn main() {
    let service = Runtime::new().expect("threads");
    let (auth, tokens) = service.block_on(start());
    let tokens = Arc::new(tokens);
    let (public, internal) = (auth.replica.public, auth.replica.internal);
    let clients = Runtime::new().expect("threads");
    let (mut alone, mut beside, mut log_ins) = (Seen::default(), Seen::default(), Seen::default());
    clients.block_on(async {
        validate_for(Duration::from_secs(1), internal, &tokens).await;
        for _ in 0..ROUNDS {
            alone.add([validate_for(WINDOW, internal, &tokens).await]);
            let (validated, logged_in) = tokio::join!(
                validate_for(WINDOW, internal, &tokens),
                log_in_for(WINDOW, public)
            );
            beside.add([validated]);
            log_ins.add([logged_in]);
        }
    });
    println!("validations alone:         {alone}");
    println!("beside {CALLERS} that log in:    {beside}");
    println!(
        "ratio of the medians:      {:.2}",
        beside.answered.median() / alone.answered.median()
    );
    println!("log-ins:                   {log_ins}");
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

async fn validate_for(window: Duration, internal: SocketAddr, tokens: &Arc<Vec<String>>) -> Seen {
    let callers = Callers {
        address: internal,
        count: tokens.len(),
        on_a_connection: STREAMS_EACH,
        pause: None,
    };
    let tokens = Arc::clone(tokens);
    let validate = move |channel, caller: usize, _| {
        let access_token = tokens[caller].clone();
        let request = as_service(ValidateSessionRequest { access_token });
        let mut client = SessionValidationServiceClient::new(channel);
        async move { client.validate_session(request).await.map(drop) }
    };
    callers.call_for(window, validate).await
}

/// All callers log in again and again, each waiting as long as it is told to.
async fn log_in_for(window: Duration, public: SocketAddr) -> Seen {
    let callers = Callers {
        address: public,
        count: CALLERS,
        on_a_connection: 10,
        pause: None,
    };
    let log_in = |channel, caller, _| {
        let request = CreateSessionRequest {
            email: format!("log-in-{}", email(caller)),
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        };
        let mut client = AuthServiceClient::new(channel);
        async move { client.create_session(request).await.map(drop) }
    };
    callers.call_for(window, log_in).await
}
