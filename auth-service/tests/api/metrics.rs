//! What Prometheus is told, over the wire: each refresh counted under what became
//! of it, and each beginning and end of a session.

use crate::{
    outages::world,
    rows::{first_use_is_written, session_status},
    served::Served as _,
};
use proto::auth::v1::{
    ChangePasswordRequest, CreateSessionRequest, RegisterRequest, RevokeAllSessionsRequest,
    RevokeOwnSessionRequest, RevokeUserSessionsRequest, TokenPair,
    revoke_user_sessions_request::Scope,
};
use sea_orm::ConnectionTrait as _;
use std::{pin::pin, time::Duration};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, TestUser, refusal, with_token},
    http2,
    metrics::{Scraped, scrape},
};
use tonic::Code;

const OVERLAP: Duration = Duration::from_mins(1);
const REFRESHES: &str = "ticketing_auth_refreshes_total";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn scraped(auth: &Auth) -> Scraped {
    let scraped = scrape(auth.replica.ops).await;
    assert!(scraped.head.starts_with("HTTP/1.1 200 OK"), "{scraped:?}");
    assert!(scraped.body.ends_with("# EOF\n"), "{scraped:?}");
    scraped
}

async fn log_in(auth: &Auth) -> TokenPair {
    auth.log_in("sara@example.com").await.tokens.unwrap()
}

async fn use_up(auth: &Auth, tokens: &TokenPair) {
    auth.validate(&tokens.access_token).await.unwrap();
    first_use_is_written(&auth.database).await;
    auth.clock.advance(OVERLAP);
}

testing::on_both_databases! {
    async fn each_refresh_is_counted_under_what_became_of_it(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let first = log_in(&auth).await;
        let refresh = async |pair: &TokenPair| auth.refresh(&pair.refresh_token).await;

        // every outcome is there before it happens
        let before = scraped(&auth).await;
        for outcome in [
            "rotated", "first_use", "reissued_within_overlap", "reissued_to_previous_generation",
            "conflict", "reuse_detected",
            "session_older_than_token", "session_ended", "token_signature", "unavailable", "failed",
        ] {
            let series = format!("{REFRESHES}{{outcome=\"{outcome}\"}}");
            assert_eq!(before.value(&series), Some(0.0), "{series} in {before:?}");
        }
        for reason in [
            "logged_out", "revoked_by_owner", "revoked_by_staff", "restored", "reuse_detected",
            "session_older_than_token", "user_invalid", "password_changed",
        ] {
            let series = format!("ticketing_auth_sessions_ended_total{{reason=\"{reason}\"}}");
            assert_eq!(before.value(&series), Some(0.0), "{series} in {before:?}");
        }

        refresh(&first).await.unwrap();
        for _ in 0..2 {
            refresh(&first).await.unwrap();
        }
        auth.clock.advance(OVERLAP);
        let second = refresh(&first).await.unwrap();
        for _ in 0..3 {
            refresh(&first).await.unwrap();
        }
        use_up(&auth, &second).await;
        refresh(&first).await.expect_err("reuse");
        for _ in 0..4 {
            refresh(&second).await.expect_err("ended");
        }
        auth.refresh(&second.access_token).await.expect_err("another type");
        auth.database
            .execute("UPDATE user_sessions SET generation = 1, is_active = true, ended_at = NULL")
            .await;
        refresh(&second).await.expect_err("older than the token");

        assert_eq!(
            scraped(&auth).await.counted(REFRESHES),
            [
                r#"{outcome="first_use"} 1"#,
                r#"{outcome="reissued_to_previous_generation"} 3"#,
                r#"{outcome="reissued_within_overlap"} 2"#,
                r#"{outcome="reuse_detected"} 1"#,
                r#"{outcome="rotated"} 1"#,
                r#"{outcome="session_ended"} 4"#,
                r#"{outcome="session_older_than_token"} 1"#,
                r#"{outcome="token_type"} 1"#,
            ]
        );
    }

    async fn a_refresh_that_always_loses_and_one_that_cannot_be_made_are_counted(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let pair = log_in(&auth).await;
        // each time that it changes the row, another has changed it
        let (lose, no_more) = match kind {
            Kind::Postgres => (
                "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                 CREATE TRIGGER lose BEFORE UPDATE ON user_sessions FOR EACH ROW EXECUTE FUNCTION lose()",
                "DROP TRIGGER lose ON user_sessions",
            ),
            Kind::Sqlite => (
                "CREATE TRIGGER lose BEFORE UPDATE ON user_sessions BEGIN SELECT RAISE(IGNORE); END",
                "DROP TRIGGER lose",
            ),
        };
        auth.database.execute(lose).await;
        let conflict = (Code::Unavailable, "REFRESH_CONFLICT".to_owned());
        for _ in 0..2 {
            assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), conflict);
        }
        auth.database.execute(no_more).await;
        let lost = r#"{outcome="conflict"} 2"#;
        assert_eq!(scraped(&auth).await.counted(REFRESHES), [lost]);

        auth.database.execute("ALTER TABLE user_sessions RENAME TO elsewhere").await;
        let fault = (Code::Internal, "INTERNAL".to_owned());
        for _ in 0..3 {
            assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), fault);
        }
        auth.database.execute("ALTER TABLE elsewhere RENAME TO user_sessions").await;
        assert_eq!(scraped(&auth).await.counted(REFRESHES), [lost, r#"{outcome="failed"} 3"#]);
        auth.refresh(&pair.refresh_token).await.expect("the session goes on");
    }

    async fn each_beginning_and_end_of_a_session_is_counted(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer("sara@example.com").await;
        auth.add_user(TestUser {
            email: "staff@example.com",
            user_type: "admin",
            role: "admin",
            partner_id: None,
        })
        .await;
        let staff = auth.log_in("staff@example.com").await.tokens.unwrap();
        let register = RegisterRequest {
            name: "Mona".to_owned(),
            email: "mona@example.com".to_owned(),
            phone: "+20 100".to_owned(),
            password: PASSWORD.to_owned(),
            ..RegisterRequest::default()
        };
        auth.client().register(register).await.unwrap();
        let wrong = CreateSessionRequest {
            email: "sara@example.com".to_owned(),
            password: "not this one".to_owned(),
            device_info: String::new(),
        };
        for _ in 0..2 {
            auth.client().create_session(wrong.clone()).await.expect_err("refused");
        }

        // one logs out, twice; one ends another by its id, twice; the rest at once
        let gone = log_in(&auth).await;
        for _ in 0..2 {
            auth.revoke(&gone.access_token).await.unwrap();
        }
        let (holder, other) = (log_in(&auth).await, auth.log_in("sara@example.com").await);
        let own = RevokeOwnSessionRequest { session_id: other.session.unwrap().session_id };
        for _ in 0..2 {
            let request = with_token(own.clone(), &holder.access_token);
            auth.client().revoke_own_session(request).await.unwrap();
        }
        log_in(&auth).await;
        let all = with_token(RevokeAllSessionsRequest { keep_current: Some(true) }, &holder.access_token);
        auth.client().revoke_all_sessions(all).await.unwrap();
        log_in(&auth).await;
        let change = ChangePasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: "a quiet harbour".to_owned(),
        };
        let change = with_token(change, &holder.access_token);
        auth.client().change_password(change).await.unwrap();
        let request = RevokeUserSessionsRequest {
            scope: Some(Scope::UserId(sara)),
            reason: "a lost laptop".to_owned(),
            ..RevokeUserSessionsRequest::default()
        };
        let request = with_token(request, &staff.access_token);
        auth.client().revoke_user_sessions(request).await.unwrap();

        let scraped = scraped(&auth).await;
        assert_eq!(
            scraped.counted("ticketing_auth_sessions_created_total"),
            [r#"{by="log_in"} 6"#, r#"{by="registration"} 1"#]
        );
        assert_eq!(
            scraped.counted("ticketing_auth_sessions_ended_total"),
            [
                r#"{reason="logged_out"} 1"#,
                r#"{reason="password_changed"} 1"#,
                r#"{reason="revoked_by_owner"} 2"#,
                r#"{reason="revoked_by_staff"} 1"#,
            ]
        );
        assert_eq!(scraped.counted("ticketing_auth_log_ins_refused_total"), ["2"]);
    }

    async fn metrics_are_for_the_cluster_alone(kind: Kind) {
        let auth = Auth::start(kind).await;
        let ours = scraped(&auth).await;
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("ticketing_auth_build_info{{version=\"{version}\"}}");
        assert_eq!(ours.value(&build), Some(1.0), "{ours:?}");
        assert!(ours.head.contains(&format!("content-type: {OPENMETRICS}")), "{ours:?}");
        let over_http2 = http2::get(auth.replica.ops, "/metrics").await;
        assert_eq!(over_http2.headers()["content-type"], OPENMETRICS);
        for address in [auth.replica.public, auth.replica.internal] {
            let nothing = scrape(address).await;
            assert!(!format!("{nothing:?}").contains("ticketing_auth"), "{nothing:?}");
            assert_eq!(http2::get(address, "/metrics").await.status(), 405);
        }
    }
}

/// While a refresh waits for the row, others rotate its tokens twice: its token was the
/// one in force when it came, and is no thief's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_two_others_overtake_is_a_conflict_and_no_reuse() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer("sara@example.com").await;
    let pair = log_in(&auth).await;
    let other = auth.database.open(&auth.clock).await;
    let overtaking = other.begin().await.unwrap();
    let rotations = "UPDATE user_sessions SET generation = generation + 2";
    overtaking.execute_unprepared(rotations).await.unwrap();
    let mut refresh = pin!(auth.refresh(&pair.refresh_token));
    tokio::select! {
        answer = &mut refresh => panic!("{answer:?}"),
        () = auth.database.wait_for_waiting(1) => {}
    }
    overtaking.commit().await.unwrap();
    let conflict = (Code::Unavailable, "REFRESH_CONFLICT".to_owned());
    assert_eq!(refusal(refresh.await), conflict);
    assert_eq!(session_status(&auth.database).await, (true, None));
    let counted = scraped(&auth).await;
    assert_eq!(counted.counted(REFRESHES), [r#"{outcome="conflict"} 1"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_without_the_database_is_counted_as_unavailable() {
    let world = world().await;
    world.proxy.cut().await;
    for _ in 0..2 {
        let answer = world.auth.refresh(&world.live.refresh_token).await;
        assert_eq!(refusal(answer).0, Code::Unavailable);
    }
    let counted = scraped(&world.auth).await;
    assert_eq!(counted.counted(REFRESHES), [r#"{outcome="unavailable"} 2"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_in_one_process_count_apart() {
    let auth = Auth::start(Kind::Sqlite).await;
    auth.add_customer("sara@example.com").await;
    let other = auth.another_replica().await;
    let pair = log_in(&auth).await;
    other.refresh(&pair.refresh_token).await.unwrap();
    assert_eq!(scraped(&auth).await.counted(REFRESHES), [""; 0]);
    let elsewhere = scrape(other.ops).await;
    assert_eq!(elsewhere.counted(REFRESHES), [r#"{outcome="first_use"} 1"#]);
}
