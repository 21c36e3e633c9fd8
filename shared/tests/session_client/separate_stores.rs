//! P2 for holders of one session with a store each.

use crate::world::{EMAIL, OVERLAP, credentials, kept, reason};
use fastrand::Rng;
use sea_orm::ConnectionTrait as _;
use shared::{
    database::Database,
    session_client::{Holders, MemoryStore, PairStore as _, SessionClient, SessionError, Settings},
    time::{Clock, Timestamp},
};
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, channel},
};

const HALF: Duration = OVERLAP.checked_div(2).unwrap();

/// One of the clients.
struct Holder {
    client: SessionClient<MemoryStore>,
    store: MemoryStore,
    due: Timestamp,
    generation: i32,
    /// When it got the pair of this generation, by the offset of the clock.
    got_at: i64,
}

impl Holder {
    /// Begins with a pair that another one logged in for.
    async fn begin(auth: &Auth, from: &MemoryStore, seed: u64) -> Self {
        let store = MemoryStore::default();
        store.begin(kept(from).await).await.unwrap();
        let settings = Settings {
            overlap: OVERLAP,
            holders: Holders::SeparateStores,
            clock: auth.clock.clone(),
            seed,
            ..Settings::default()
        };
        let client = SessionClient::with(channel(auth.replica.public), store.clone(), settings);
        let due = client.refresh_if_due().await.unwrap();
        Self {
            client,
            store,
            due,
            generation: 1,
            got_at: 0,
        }
    }

    /// Moves the clock to where it is due, and refreshes.
    async fn refresh(&mut self, clock: &Clock) -> Result<(), SessionError> {
        clock.advance(self.due.since(clock.now()));
        self.due = self.client.refresh_if_due().await?;
        let generation = kept(&self.store).await.generation;
        if generation != self.generation {
            self.generation = generation;
            self.got_at = clock.offset_micros();
        }
        Ok(())
    }
}

/// When the pair in force is first used: by no validation at all, soon, or so late
/// that some of the holders meet it young, and others do not.
fn first_use(rng: &mut Rng, from: Timestamp) -> Option<Timestamp> {
    let seconds = match rng.u8(..10) {
        0..3 => return None,
        3..5 => rng.u64(..60),
        5..9 => rng.u64(690..850),
        _ => rng.u64(..900),
    };
    Some(from + Duration::from_millis(seconds * 1_000 + rng.u64(..1_000)))
}

async fn mark_used(database: &Database, at: Timestamp, generation: i32) {
    let used = match database.dialect() {
        shared::database::Dialect::Postgres => format!("'{at}'"),
        shared::database::Dialect::Sqlite => at.micros().to_string(),
    };
    let script = format!(
        "UPDATE user_sessions SET used_at = {used} \
         WHERE used_at IS NULL AND generation = {generation}"
    );
    database
        .connection()
        .execute_unprepared(&script)
        .await
        .unwrap();
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}

/// So many rounds; each is a turn of the session, which both holders follow.
async fn rounds(kind: Kind, rounds: i32) {
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("to repeat this run: SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let database = TestDatabase::migrated(kind).await;
    let url = database.url_as(Role::Auth);
    let auth = Auth::start_through(database, &url, &["--session-seconds=315360000"]).await;
    auth.add_customer(EMAIL).await;
    let pool = auth.database.open(&Clock::system()).await;
    let login = MemoryStore::default();
    let first = SessionClient::new(channel(auth.replica.public), login.clone());
    first.log_in(credentials()).await.unwrap();
    let mut holders = [
        Holder::begin(&auth, &login, rng.u64(..)).await,
        Holder::begin(&auth, &login, rng.u64(..)).await,
    ];
    let mut used_at = first_use(&mut rng, auth.clock.now());
    for round in 1..=rounds {
        let mut in_force = round;
        while holders.iter().any(|holder| holder.generation == round) {
            let next = usize::from(holders[1].due < holders[0].due);
            if let Some(at) = used_at.take_if(|at| *at <= holders[next].due) {
                auth.clock.advance(at.since(auth.clock.now()));
                mark_used(&pool, at, in_force).await;
            }
            let turned = holders[next].refresh(&auth.clock).await;
            turned.unwrap_or_else(|error| panic!("round {round}, SEED={seed}: {error}"));
            if holders[next].generation > in_force {
                in_force = holders[next].generation;
                used_at = first_use(&mut rng, auth.clock.now());
            }
        }
        let [one, other] = &holders;
        assert_eq!(
            one.generation, other.generation,
            "round {round}, SEED={seed}"
        );
        assert_eq!(one.generation, round + 1, "round {round}, SEED={seed}");
        let gap = Duration::from_micros(one.got_at.abs_diff(other.got_at));
        assert!(gap < HALF, "round {round}, SEED={seed}: a gap of {gap:?}");
        let [one, other] = [kept(&one.store).await, kept(&other.store).await];
        assert_eq!(
            one.access_expires_at, other.access_expires_at,
            "SEED={seed}"
        );
    }
    pool.connection().close_by_ref().await.unwrap();
}

/// Ten thousand rounds take minutes:
///
/// ```sh
/// ROUNDS=10000 cargo test -p shared --test session_client -- round_after_round
/// ```
mod p2_two_holders_with_a_store_each_stay_logged_in_round_after_round {
    use super::{Kind, number, rounds};

    const IN_THE_SUITE: i32 = 500;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        rounds(Kind::Postgres, number("ROUNDS").unwrap_or(IN_THE_SUITE)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        rounds(Kind::Sqlite, number("ROUNDS").unwrap_or(IN_THE_SUITE)).await;
    }
}

testing::on_both_databases! {
    async fn a_holder_that_comes_too_late_stops_and_the_other_goes_on(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let login = MemoryStore::default();
        let first = SessionClient::new(channel(auth.replica.public), login.clone());
        first.log_in(credentials()).await.unwrap();
        let mut awake = Holder::begin(&auth, &login, 1).await;
        let asleep = Holder::begin(&auth, &login, 2).await;
        for _ in 0..8 {
            awake.refresh(&auth.clock).await.unwrap();
        }
        // so long is longer than the one asleep may wait with its pair
        assert!(awake.generation > 2);
        let late = reason(asleep.client.access_token().await);
        assert!(late.contains("too late"), "{late}");
        for _ in 0..8 {
            awake.refresh(&auth.clock).await.expect("it is not logged out");
        }
    }
}
