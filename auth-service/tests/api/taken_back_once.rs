//! An attempt is taken back once, whatever becomes of its caller or of the connection while
//! the database writes. PostgreSQL alone has statements that go on without their caller.

use crate::{
    our_failures::{given_up, guess},
    rows::eventually,
    throttle::{WRONG, failures, is_wrong, log_in},
};
use database::Transaction;
use sea_orm::ConnectionTrait as _;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, refusal},
    proxy::TcpProxy,
};
use tonic::Code;

const SARA: &str = "sara@example.com";

/// A service on which three guesses have failed.
async fn after_three_guesses(auth: Auth) -> Auth {
    auth.add_customer(SARA).await;
    for _ in 0..3 {
        is_wrong(log_in(&auth, SARA, WRONG).await);
    }
    auth
}

/// Lets each log-in fail by our fault from now on. While the transaction is open, what takes
/// an attempt back waits.
async fn fail_and_hold(auth: &Auth) -> Transaction {
    let holder = auth.database.open(&auth.clock).await.begin().await.unwrap();
    let hold = "SELECT pg_advisory_xact_lock(1)";
    holder.execute_unprepared(hold).await.unwrap();
    let script = "ALTER TABLE users RENAME TO elsewhere;
                  CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
                  BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
                  CREATE TRIGGER wait BEFORE UPDATE ON ticketing_throttles
                  FOR EACH ROW WHEN (NEW.attempts < OLD.attempts) EXECUTE FUNCTION wait()";
    auth.database.execute(script).await;
    holder
}

/// Returns once an attempt is being taken back. Those of the two keys may be at once.
async fn a_take_back_waits(auth: &Auth) {
    let waiting = "SELECT CAST(count(*) AS integer) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("a take-back waits", async || {
        auth.database.query_number(waiting).await > 0
    })
    .await;
}

/// What counts under each key after one more guess, which counts only after what waits was
/// taken back.
async fn after_one_more(auth: &Auth) -> Vec<String> {
    let mend = "ALTER TABLE elsewhere RENAME TO users";
    auth.database.execute(mend).await;
    is_wrong(log_in(auth, SARA, WRONG).await);
    failures(auth).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_whose_caller_goes_while_it_is_taken_back_is_taken_back_once() {
    let auth = after_three_guesses(Auth::start(Kind::Postgres).await).await;
    let holder = fail_and_hold(&auth).await;
    let mut client = auth.client();
    let call = tokio::spawn(async move { client.create_session(guess(SARA)).await });
    a_take_back_waits(&auth).await;
    call.abort();
    given_up(&auth.replica, 1.0).await;
    holder.rollback().await.unwrap();
    assert_eq!(after_one_more(&auth).await, ["4"; 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_may_have_been_taken_back_is_not_taken_back_again() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy, Role::Auth);
    let auth = Auth::start_through(database, &url, &[]).await;
    let auth = after_three_guesses(auth).await;
    let holder = fail_and_hold(&auth).await;
    let lose_the_answer = async {
        a_take_back_waits(&auth).await;
        proxy.break_after(0).await;
        holder.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(log_in(&auth, SARA, WRONG), lose_the_answer);
    assert_eq!(
        refusal(answer),
        (Code::Internal, "INTERNAL".to_owned()),
        "the failure of the log-in, and not that of the take-back"
    );
    proxy.restore().await;
    // where the answer is lost, the attempt may count; none counts twice as taken back
    let counted = after_one_more(&auth).await;
    assert!(
        counted.len() == 2 && counted.iter().all(|key| ["4", "5"].contains(&key.as_str())),
        "{counted:?}"
    );
}
