//! One name, several replicas: which is asked, and what a caller notices when one of
//! them dies, hangs, sheds load, moves, or all of them do.

mod changes;
mod connections;
mod dns;
mod failures;
mod stand_in;

use client::{
    channel::{Balanced, Resolver, Target},
    validation::{RemoteValidator, ServiceTokens, ValidationError, Validator as _},
};
use contract::{bearer::BearerToken, deadline::Deadline};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use testing::auth::SERVICE_TOKEN;
use tokio::{sync::mpsc, task::JoinSet};

/// The deadline of a call: a loaded machine does not come near it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A channel to these addresses, whatever the name.
fn to(addresses: &[SocketAddr]) -> Balanced {
    let addresses = addresses.to_vec();
    let resolver = Resolver::new(move |_, _| std::future::ready(Ok(addresses.clone())));
    let target = Target::new(&"http://auth.internal:1".parse().unwrap(), None).unwrap();
    Balanced::new(target, resolver)
}

fn validator(auth: Balanced) -> RemoteValidator {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), SERVICE_TOKEN).unwrap();
    let tokens = ServiceTokens::open(folder.path().join("token")).unwrap();
    RemoteValidator::over(auth, Some(tokens))
}

/// The name of the token's user.
async fn validate(validator: &RemoteValidator, token: &str) -> Result<String, ValidationError> {
    validate_within(PATIENCE, validator, token).await
}

async fn validate_within(
    patience: Duration,
    validator: &RemoteValidator,
    token: &str,
) -> Result<String, ValidationError> {
    let token = BearerToken::new(token.to_owned()).unwrap();
    let answer = validator.validate(token, Deadline::within(patience)).await;
    answer.map(|principal| principal.name)
}

/// Callers that never pause, until told; a failed call fails the test.
struct Load {
    callers: JoinSet<usize>,
    answered: mpsc::Receiver<()>,
    done: Arc<AtomicBool>,
}

impl Load {
    fn start(validator: &RemoteValidator, token: &str) -> Self {
        Self::within(PATIENCE, validator, token)
    }

    /// The same, of callers with less patience.
    fn within(patience: Duration, validator: &RemoteValidator, token: &str) -> Self {
        let (tell, answered) = mpsc::channel(64);
        let done = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for _ in 0..8 {
            let (validator, token) = (validator.clone(), token.to_owned());
            let (tell, done) = (tell.clone(), Arc::clone(&done));
            callers.spawn(async move {
                let mut calls = 0;
                while !done.load(Ordering::Relaxed) {
                    let answer = validate_within(patience, &validator, &token).await;
                    assert_eq!(answer, Ok("sara@example.com".to_owned()));
                    calls += 1;
                    let _ = tell.send(()).await;
                }
                calls
            });
        }
        Self {
            callers,
            answered,
            done,
        }
    }

    /// Waits until so many more calls were answered.
    async fn answers(&mut self, calls: usize) {
        for _ in 0..calls {
            self.answered.recv().await.expect("callers that go on");
        }
    }

    /// Waits for calls to be answered until something holds.
    async fn until(&mut self, holds: impl Fn() -> bool) {
        while !holds() {
            self.answers(1).await;
        }
    }

    /// How many calls were answered; none failed.
    async fn end(mut self) -> usize {
        self.done.store(true, Ordering::Relaxed);
        self.answered.close();
        self.callers.join_all().await.into_iter().sum()
    }
}
