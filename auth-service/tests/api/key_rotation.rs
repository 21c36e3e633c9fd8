//! A rotation as callers see it: three replicas, each with a directory of keys of
//! its own, and calls on all of them all the while.

use crate::{
    forge::{Forged, key_file, key_name},
    served::{Served, unauthenticated},
};
use auth_service::tokens::{KeyName, KeySchedule, generate_key};
use contract::time::Timestamp;
use proto::auth::v1::{
    CreateSessionRequest, GetJwksRequest, RefreshSessionRequest, TokenPair, ValidateSessionRequest,
    auth_service_client::AuthServiceClient,
    session_validation_service_client::SessionValidationServiceClient,
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, Replica, as_service, channel, refusal},
};
use tokio::{sync::mpsc, task::JoinSet};
use tonic::transport::Channel;

const EMAIL: &str = "sara@example.com";
/// Callers at once.
const CALLERS: usize = 4;
/// A caller's round spans two of these at most: less than an access token has left.
const STEP: Duration = Duration::from_mins(2);
/// All callers log in to one account, and each attempt counts until its password is verified.
const MANY_ATTEMPTS: &str = "--throttle-log-ins=1000";
/// How late one replica is.
const LATE: Duration = Duration::from_secs(90);

/// Three replicas on one database.
struct World {
    auth: Auth,
    others: [Replica; 2],
    /// Each replica's keys.
    directories: [PathBuf; 3],
    /// The key that they start with.
    old: String,
    /// A token by a key that nobody has: it makes a replica look at its directory,
    /// as time does.
    by_nobody: String,
}

impl World {
    async fn start() -> Self {
        let database = TestDatabase::migrated(Kind::Postgres).await;
        let url = database.url_as(Role::Auth);
        let auth = Auth::start_through(database, &url, &[MANY_ATTEMPTS]).await;
        auth.add_customer(EMAIL).await;
        let token = auth.log_in(EMAIL).await.tokens.unwrap().access_token;
        let file = key_file(&auth);
        let by_nobody = Forged::from(&token).header("kid", "20200101T000000Z");
        let directories = ["keys", "keys-1", "keys-2"].map(|name| auth.folder.path().join(name));
        for directory in &directories[1..] {
            std::fs::create_dir(directory).unwrap();
            apply(&file, directory);
        }
        let flag = |index: usize| format!("--keys-directory={}", directories[index].display());
        Self {
            others: [
                auth.another_replica_with(&[&flag(1), MANY_ATTEMPTS]).await,
                auth.another_replica_with(&[&flag(2), MANY_ATTEMPTS]).await,
            ],
            old: key_name(&token),
            by_nobody: by_nobody.signed_by(&file),
            directories,
            auth,
        }
    }

    fn replicas(&self) -> [&Replica; 3] {
        [&self.auth.replica, &self.others[0], &self.others[1]]
    }

    /// Lets a replica read its directory.
    async fn look(&self, replica: usize) {
        let answer = self.replicas()[replica].validate(&self.by_nobody).await;
        assert_eq!(refusal(answer), unauthenticated("TOKEN_KEY_UNKNOWN"));
    }

    /// The key that each replica signs with.
    async fn signing(&self) -> [String; 3] {
        let mut names = self.replicas().map(|_| String::new());
        for (name, replica) in names.iter_mut().zip(self.replicas()) {
            *name = key_name(&log_in(&mut replica.client()).await.access_token);
        }
        names
    }

    /// The keys that each replica tells.
    async fn told(&self) -> [Vec<String>; 3] {
        let mut told = self.replicas().map(|_| Vec::new());
        for (told, replica) in told.iter_mut().zip(self.replicas()) {
            let answer = replica.client().get_jwks(GetJwksRequest {}).await.unwrap();
            let keys = answer.into_inner().keys.into_iter();
            told.extend(keys.map(|key| key.kid));
        }
        told
    }

    fn key_in(&self, seconds: i64) -> KeyName {
        KeyName::at(Timestamp::from_seconds(
            self.auth.clock.now().seconds() + seconds,
        ))
    }
}

/// Copies a key's file into another directory.
fn apply(file: &Path, directory: &Path) {
    std::fs::copy(file, directory.join(file.file_name().unwrap())).unwrap();
}

async fn log_in(client: &mut AuthServiceClient<Channel>) -> TokenPair {
    let request = CreateSessionRequest {
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let answer = client.create_session(request).await.expect("logged in");
    answer.into_inner().tokens.unwrap()
}

/// Who logs in, refreshes and validates, each call at another replica.
struct Caller {
    public: Vec<AuthServiceClient<Channel>>,
    internal: Vec<SessionValidationServiceClient<Channel>>,
    /// A session for the whole test.
    kept: TokenPair,
}

impl Caller {
    async fn new(world: &World) -> Self {
        let public = |replica: &Replica| AuthServiceClient::new(channel(replica.public));
        let internal =
            |replica: &Replica| SessionValidationServiceClient::new(channel(replica.internal));
        Self {
            public: world.replicas().map(public).into(),
            internal: world.replicas().map(internal).into(),
            kept: log_in(&mut world.auth.client()).await,
        }
    }

    /// Every call must succeed.
    async fn round(&mut self, number: usize) {
        let pair = log_in(&mut self.public[number % 3]).await;
        self.validate_everywhere(&pair).await;
        let pair = self.refresh(number + 1, &pair).await;
        self.validate_everywhere(&pair).await;
        let kept = self.kept.clone();
        self.kept = self.refresh(number + 2, &kept).await;
        self.validate_everywhere(&self.kept.clone()).await;
    }

    async fn refresh(&mut self, replica: usize, pair: &TokenPair) -> TokenPair {
        let refresh_token = pair.refresh_token.clone();
        let request = RefreshSessionRequest { refresh_token };
        let answer = self.public[replica % 3].refresh_session(request).await;
        answer.expect("refreshed").into_inner().tokens.unwrap()
    }

    async fn validate_everywhere(&mut self, pair: &TokenPair) {
        for client in &mut self.internal {
            let access_token = pair.access_token.clone();
            let request = as_service(ValidateSessionRequest { access_token });
            client.validate_session(request).await.expect("valid");
        }
    }
}

/// Callers that go on until they are stopped.
struct Load {
    callers: JoinSet<Caller>,
    /// Who has finished a round.
    finished: mpsc::UnboundedReceiver<usize>,
    stop: Arc<AtomicBool>,
    rounds: usize,
}

impl Load {
    async fn start(world: &World) -> Self {
        let (finish, finished) = mpsc::unbounded_channel();
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for index in 0..CALLERS {
            let mut caller = Caller::new(world).await;
            let (finish, stop) = (finish.clone(), Arc::clone(&stop));
            callers.spawn(async move {
                for number in index.. {
                    caller.round(number).await;
                    let _ = finish.send(index);
                    if stop.load(Ordering::Acquire) {
                        break;
                    }
                }
                caller
            });
        }
        let mut load = Self {
            callers,
            finished,
            stop,
            rounds: 0,
        };
        load.two_rounds_each().await;
        load
    }

    /// Until each caller has begun a round and finished it.
    async fn two_rounds_each(&mut self) {
        let mut rounds = [0; CALLERS];
        while rounds.iter().any(|rounds| *rounds < 2) {
            tokio::select! {
                Some(index) = self.finished.recv() => {
                    rounds[index] += 1;
                    self.rounds += 1;
                }
                Some(failed) = self.callers.join_next() => {
                    failed.expect("no call fails");
                }
            }
        }
    }

    async fn pass(&mut self, world: &World, time: Duration) {
        let steps = u32::try_from(time.as_secs().div_ceil(STEP.as_secs())).unwrap();
        for _ in 0..steps {
            world.auth.clock.advance(time / steps);
            self.two_rounds_each().await;
        }
    }

    async fn stop(mut self) {
        self.stop.store(true, Ordering::Release);
        while let Some(caller) = self.callers.join_next().await {
            let caller = caller.expect("no call fails");
            assert!(
                caller.kept.generation > 1,
                "its session went through it all"
            );
        }
        println!("{} rounds of 12 calls, none failed", self.rounds);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_fails_no_call_though_one_replica_sees_the_key_late() {
    let world = World::start().await;
    let mut load = Load::start(&world).await;
    let now = world.auth.clock.now();
    let mut schedule =
        KeySchedule::open(&world.directories[0], Duration::from_hours(168), now).unwrap();
    let next = schedule.generate(KeySchedule::AHEAD).unwrap();
    let file = world.directories[0].join(format!("{next}.pem"));
    apply(&file, &world.directories[1]);
    for replica in [0, 1] {
        world.look(replica).await;
    }
    load.pass(&world, LATE).await;
    assert_eq!(world.told().await[2].join(" "), world.old, "not there yet");
    apply(&file, &world.directories[2]);
    world.look(2).await;

    // half an hour later each replica tells the key, and none signs with it
    load.pass(&world, Duration::from_mins(28)).await;
    let both = vec![world.old.clone(), next.to_string()];
    assert_eq!(world.told().await, [both.clone(), both.clone(), both]);
    let old = [&world.old; 3].map(Clone::clone);
    assert_eq!(world.signing().await, old);

    load.pass(&world, Duration::from_mins(32)).await;
    assert_eq!(world.signing().await, [(); 3].map(|()| next.to_string()));
    load.pass(&world, 2 * STEP).await;
    load.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_applied_after_its_time_waits_ten_minutes_and_fails_no_call() {
    let world = World::start().await;
    let mut load = Load::start(&world).await;
    let next = world.key_in(-60);
    let file = generate_key(&world.directories[0], next).unwrap();
    apply(&file, &world.directories[1]);
    for replica in [0, 1] {
        world.look(replica).await;
    }
    load.pass(&world, LATE).await;
    apply(&file, &world.directories[2]);
    world.look(2).await;

    load.pass(&world, Duration::from_mins(4)).await;
    let old = [&world.old; 3].map(Clone::clone);
    assert_eq!(
        world.signing().await,
        old,
        "its time has come, and it waits"
    );
    load.pass(&world, Duration::from_mins(7)).await;
    assert_eq!(world.signing().await, [(); 3].map(|()| next.to_string()));
    load.pass(&world, 2 * STEP).await;
    load.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_signs_before_a_replica_has_it_is_found_there_by_one_look() {
    let world = World::start().await;
    // what the hour ahead is for: here it is a minute, and one replica later
    let next = world.key_in(60);
    let file = generate_key(&world.directories[0], next).unwrap();
    world.look(0).await;
    world.auth.clock.advance(LATE);
    let pair = log_in(&mut world.auth.client()).await;
    assert_eq!(key_name(&pair.access_token), next.to_string());
    let late = &world.others[1];
    let refused = refusal(late.validate(&pair.access_token).await);
    assert_eq!(refused, unauthenticated("TOKEN_KEY_UNKNOWN"));
    apply(&file, &world.directories[2]);
    world.auth.clock.advance(Duration::from_secs(5));
    late.validate(&pair.access_token).await.expect("one look");
    late.refresh(&pair.refresh_token)
        .await
        .expect("it is known");
}
