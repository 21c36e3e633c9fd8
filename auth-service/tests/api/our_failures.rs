//! An attempt that we failed, or that was right, does not count against the user; one that
//! its caller gave up counts once a password was hashed for it.

use crate::{
    rows::eventually,
    throttle::{WRONG, advance, failed, failures, is_wrong, log_in, new_customer, waits},
};
use auth_service::{config::Config, passwords::Argon2Costs};
use proto::auth::v1::{ChangePasswordRequest, CreateSessionRequest};
use sea_orm::ConnectionTrait as _;
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, Replica, refusal, with_token},
    metrics::scrape,
    proxy::TcpProxy,
};
use tonic::{Code, Request, Status};

const SARA: &str = "sara@example.com";
const NEW: &str = "another horse battery";
/// More than may fail.
const TIMES: usize = 7;
/// Less than any call takes that waits for a lock.
const SHORT: Duration = Duration::from_millis(200);
/// Nobody has it. A password costs all that is written now.
const NOBODY: &str = "nobody@example.com";
/// A password takes seconds.
const SLOW: Argon2Costs = Argon2Costs {
    memory_kib: 8,
    passes: 1_000_000,
    lanes: 1,
};

async fn change(replica: &Replica, token: &str, current: &str) -> Result<(), Status> {
    let request = ChangePasswordRequest {
        current_password: current.to_owned(),
        new_password: NEW.to_owned(),
    };
    let request = with_token(request, token);
    replica.client().change_password(request).await.map(|_| ())
}

pub(crate) fn guess(email: &str) -> CreateSessionRequest {
    CreateSessionRequest {
        email: email.to_owned(),
        password: WRONG.to_owned(),
        device_info: String::new(),
    }
}

fn unavailable(answer: Result<(), Status>, reason: &str) {
    assert_eq!(refusal(answer), (Code::Unavailable, reason.to_owned()));
}

/// A replica whose statements wait a second for a lock.
fn hasty(config: &mut Config) {
    config.pool.lock_timeout = Duration::from_secs(1);
}

/// A replica whose calls have no time.
fn short_of_time(config: &mut Config) {
    config.limits.call = SHORT;
}

/// Fails each statement that changes a user's row, or adds one.
async fn fail_changes_of_users(auth: &Auth) {
    let script = match auth.database.kind {
        Kind::Postgres => {
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
             CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fail()"
        }
        Kind::Sqlite => {
            "CREATE TRIGGER fail BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'no'); END;
             CREATE TRIGGER fail_too BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END"
        }
    };
    auth.database.execute(script).await;
}

async fn mend(auth: &Auth) {
    let script = match auth.database.kind {
        Kind::Postgres => "DROP TRIGGER fail ON users",
        Kind::Sqlite => "DROP TRIGGER fail; DROP TRIGGER fail_too",
    };
    auth.database.execute(script).await;
}

/// Waits until nothing of so many keys counts any more.
async fn all_taken_back(auth: &Auth, keys: usize) {
    let none = vec!["0"; keys];
    eventually("the attempts are taken back", || async {
        failures(auth).await == none
    })
    .await;
}

async fn hashes_begun(replica: &Replica) -> f64 {
    let scraped = scrape(replica.ops).await;
    scraped
        .value("ticketing_auth_hashing_wait_seconds_count")
        .unwrap()
}

/// Waits until the service has seen that so many log-ins were given up.
pub(crate) async fn given_up(replica: &Replica, times: f64) {
    let series = "ticketing_auth_calls_total{method=\"ticketing.auth.v1.AuthService/CreateSession\",code=\"CANCELLED\"}";
    eventually("a call is given up", || async {
        scrape(replica.ops).await.value(series) == Some(times)
    })
    .await;
}

testing::on_both_databases! {
    async fn right_passwords_while_somebody_holds_the_row_are_no_attempts(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
        let hasty = |config: &mut Config| {
            config.pool.lock_timeout = SHORT;
            if kind == Kind::Sqlite {
                config.pool.acquire_timeout = SHORT;
            }
        };
        let hasty = auth.another_replica_configured(&[], hasty).await;
        // SQLite has one writer
        let holder = auth.database.open(&auth.clock).await.begin().await.unwrap();
        if kind == Kind::Postgres {
            holder.execute_unprepared("SELECT id FROM users FOR UPDATE").await.unwrap();
        }
        for _ in 0..TIMES {
            unavailable(log_in(&hasty, SARA, PASSWORD).await, "DATABASE_UNAVAILABLE");
            unavailable(change(&hasty, &token, PASSWORD).await, "DATABASE_UNAVAILABLE");
        }
        holder.rollback().await.unwrap();
        assert!(failures(&auth).await.is_empty());
        log_in(&auth, SARA, PASSWORD).await.expect("the lock is gone");
        change(&auth.replica, &token, PASSWORD).await.expect("the lock is gone");
    }

    async fn a_failure_of_the_service_after_a_right_password_does_not_count(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
        let fault = (Code::Internal, "INTERNAL".to_owned());
        fail_changes_of_users(&auth).await;
        for _ in 0..TIMES {
            assert_eq!(refusal(log_in(&auth, SARA, PASSWORD).await), fault);
            assert_eq!(refusal(change(&auth.replica, &token, PASSWORD).await), fault);
        }
        mend(&auth).await;
        log_in(&auth, SARA, PASSWORD).await.expect("mended");
        change(&auth.replica, &token, PASSWORD).await.expect("mended");
    }

    async fn a_registration_that_fails_by_our_fault_is_no_attempt(kind: Kind) {
        let auth = Auth::start(kind).await;
        let replica = auth.another_replica_with(&["--throttle-registrations=1"]).await;
        let register = async |email: &str| {
            replica.client().register(new_customer(email)).await.map(|_| ())
        };
        fail_changes_of_users(&auth).await;
        for _ in 0..TIMES {
            let fault = (Code::Internal, "INTERNAL".to_owned());
            assert_eq!(refusal(register("mona@example.com").await), fault);
        }
        mend(&auth).await;
        register("mona@example.com").await.expect("mended");
        waits(register("omar@example.com").await, 3_600);
    }

    async fn an_attempt_that_we_failed_delays_the_next_one_no_longer(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        is_wrong(log_in(&auth, SARA, WRONG).await);
        failed(&auth, 14).await;
        waits(log_in(&auth, SARA, PASSWORD).await, 300);
        advance(&auth, 300);
        auth.database.execute("ALTER TABLE users RENAME TO elsewhere").await;
        for _ in 0..TIMES {
            let fault = (Code::Internal, "INTERNAL".to_owned());
            assert_eq!(refusal(log_in(&auth, SARA, PASSWORD).await), fault);
        }
        auth.database.execute("ALTER TABLE elsewhere RENAME TO users").await;
        assert_eq!(failures(&auth).await, ["14"; 2]);
        log_in(&auth, SARA, PASSWORD).await.expect("at once");
    }

    async fn a_call_that_meets_our_own_limit_while_it_is_hashed_is_no_attempt(kind: Kind) {
        let auth = Auth::start(kind).await;
        let configure = |config: &mut Config| {
            config.passwords.costs = SLOW;
            config.limits.call = Duration::from_secs(1);
        };
        let slow = auth.another_replica_configured(&[], configure).await;
        unavailable(log_in(&slow, NOBODY, WRONG).await, "DEADLINE_REACHED");
        all_taken_back(&auth, 2).await;
    }

    async fn a_call_that_is_cancelled_while_it_is_hashed_counts(kind: Kind) {
        let auth = Auth::start(kind).await;
        let configure = |config: &mut Config| config.passwords.costs = SLOW;
        let slow = auth.another_replica_configured(&["--hashing-concurrency=2"], configure).await;
        for already in [0.0, 1.0] {
            let mut client = slow.client();
            let call = tokio::spawn(async move { client.create_session(guess(NOBODY)).await });
            eventually("a password is hashed", || async { hashes_begun(&slow).await > already }).await;
            call.abort();
            assert!(call.await.unwrap_err().is_cancelled(), "it takes seconds");
            given_up(&slow, already + 1.0).await;
        }
        // whatever was to be taken back would be by now
        is_wrong(log_in(&slow, NOBODY, WRONG).await);
        assert_eq!(failures(&auth).await, ["3"; 2]);
    }

    async fn a_call_whose_own_deadline_passes_while_it_is_hashed_counts(kind: Kind) {
        let auth = Auth::start(kind).await;
        let configure = |config: &mut Config| config.passwords.costs = SLOW;
        let flags = ["--hashing-concurrency=2", "--throttle-log-ins=1000"];
        let slow = auth.another_replica_configured(&flags, configure).await;
        // on a loaded machine some do not come that far
        while hashes_begun(&slow).await < 2.0 {
            let mut request = Request::new(guess(NOBODY));
            request.set_timeout(Duration::from_secs(1));
            slow.client().create_session(request).await.expect_err("it takes seconds");
        }
        let hashed = hashes_begun(&slow).await;
        // whatever was to be taken back would be by now
        is_wrong(log_in(&slow, NOBODY, WRONG).await);
        assert_eq!(failures(&auth).await, vec![(hashed + 1.0).to_string(); 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_that_meet_our_own_limit_are_no_attempts() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(SARA).await;
    let short = auth.another_replica_configured(&[], short_of_time).await;
    let holder = auth.database.open(&auth.clock).await.begin().await.unwrap();
    let hold = "SELECT id FROM users FOR UPDATE";
    holder.execute_unprepared(hold).await.unwrap();
    for _ in 0..TIMES {
        unavailable(log_in(&short, SARA, PASSWORD).await, "DEADLINE_REACHED");
    }
    holder.rollback().await.unwrap();
    all_taken_back(&auth, 2).await;
    log_in(&auth, SARA, PASSWORD)
        .await
        .expect("the lock is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_take_back_comes_before_the_next_count() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(SARA).await;
    let flags = ["--throttle-log-ins=1"];
    let hasty = auth.another_replica_configured(&flags, hasty).await;
    for _ in 0..2 {
        let pool = auth.database.open(&auth.clock).await;
        let [row, table] = [pool.begin().await.unwrap(), pool.begin().await.unwrap()];
        let hold = "SELECT id FROM users FOR UPDATE";
        row.execute_unprepared(hold).await.unwrap();
        let log_in_now = log_in(&hasty, SARA, PASSWORD);
        let hold_the_rest = async {
            auth.database.wait_for_waiting(1).await;
            let hold = "LOCK TABLE ticketing_throttles IN SHARE MODE";
            table.execute_unprepared(hold).await.unwrap();
        };
        let (answer, ()) = tokio::join!(log_in_now, hold_the_rest);
        unavailable(answer, "DATABASE_UNAVAILABLE");
        row.rollback().await.unwrap();
        table.rollback().await.unwrap();
    }
    log_in(&hasty, SARA, PASSWORD)
        .await
        .expect("all is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_whose_count_outlives_its_call_is_taken_back() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(SARA).await;
    let short = auth.another_replica_configured(&[], short_of_time).await;
    let holder = auth.database.open(&auth.clock).await.begin().await.unwrap();
    let hold = "SELECT pg_advisory_xact_lock(1)";
    holder.execute_unprepared(hold).await.unwrap();
    // a commit that takes its time, as one does whose standby is slow
    let slow = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON ticketing_throttles
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()";
    auth.database.execute(slow).await;
    unavailable(log_in(&short, SARA, PASSWORD).await, "DEADLINE_REACHED");
    auth.database.wait_for_waiting(1).await;
    holder.rollback().await.unwrap();
    all_taken_back(&auth, 2).await;
    assert_eq!(hashes_begun(&short).await.to_bits(), 0.0_f64.to_bits());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_whose_count_may_have_been_committed_is_taken_back() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy, Role::Auth);
    let auth = Auth::start_through(database, &url, &[]).await;
    auth.add_customer(SARA).await;
    proxy.lose_answer_to(b"COMMIT").await;
    for _ in 0..TIMES {
        unavailable(log_in(&auth, SARA, PASSWORD).await, "DATABASE_UNAVAILABLE");
    }
    proxy.restore().await;
    all_taken_back(&auth, 2).await;
    log_in(&auth, SARA, PASSWORD)
        .await
        .expect("the database is back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_cancelled_before_it_is_hashed_is_taken_back() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(SARA).await;
    let holder = auth.database.open(&auth.clock).await.begin().await.unwrap();
    let hold = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE";
    holder.execute_unprepared(hold).await.unwrap();
    let mut client = auth.client();
    let call = tokio::spawn(async move { client.create_session(guess(SARA)).await });
    auth.database.wait_for_waiting(1).await;
    call.abort();
    given_up(&auth.replica, 1.0).await;
    holder.rollback().await.unwrap();
    all_taken_back(&auth, 2).await;
}
