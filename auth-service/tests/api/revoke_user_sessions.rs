//! RevokeUserSessions: staff end the sessions of a user, or all that began before
//! a time.

use crate::{
    many_sessions::multiply,
    process::{Process, configured},
    rows::{text, texts},
    served::{Served, unauthenticated},
};
use auth_service::{
    domain::{BatchEnding, end_in_batches},
    model::{self, EndReason},
    store::Store,
};
use contract::{ids::UserId, time::Timestamp};
use proto::auth::v1::{
    RevokeUserSessionsRequest, RevokeUserSessionsResponse, revoke_user_sessions_request::Scope,
};
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, TestUser, refusal, with_token},
    tap::Tap,
};
use tonic::{Code, Status};

const WHY: &str = "a stolen laptop";
const ACTIVE: &str = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active";

fn request_for(scope: Scope) -> RevokeUserSessionsRequest {
    RevokeUserSessionsRequest {
        scope: Some(scope),
        reason: WHY.to_owned(),
        validate_only: false,
    }
}

async fn revoke(
    replica: &impl Served,
    token: &str,
    message: RevokeUserSessionsRequest,
) -> Result<RevokeUserSessionsResponse, Status> {
    let mut client = replica.public_client();
    let answer = client.revoke_user_sessions(with_token(message, token));
    answer.await.map(tonic::Response::into_inner)
}

async fn add_staff(auth: &Auth, email: &str, user_type: &str, role: &str) -> i32 {
    let partner_id = None;
    auth.add_user(TestUser {
        email,
        user_type,
        role,
        partner_id,
    })
    .await
}

async fn token(auth: &Auth, email: &str) -> String {
    auth.log_in(email).await.tokens.unwrap().access_token
}

fn before(time: Timestamp) -> Scope {
    Scope::CreatedBefore(time.into())
}

testing::on_both_databases! {
    async fn a_users_sessions_are_refused_at_once_on_every_replica(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        add_staff(&auth, "admin@example.com", "admin", "admin").await;
        let sara = auth.add_customer("sara@example.com").await;
        auth.add_customer("omar@example.com").await;
        let staff = token(&auth, "admin@example.com").await;
        let theirs = token(&auth, "omar@example.com").await;
        let sessions = [auth.log_in("sara@example.com").await, auth.log_in("sara@example.com").await];
        let sessions = sessions.map(|answer| answer.tokens.unwrap());
        auth.database
            .execute(&format!(
                "INSERT INTO user_sessions (user_id, session_id, expires_at) \
                 SELECT {sara}, 'sess_1', expires_at FROM user_sessions WHERE id = 1"
            ))
            .await;

        let first_count = RevokeUserSessionsRequest { validate_only: true, ..request_for(Scope::UserId(sara)) };
        let counted = revoke(&auth, &staff, first_count.clone()).await.unwrap();
        assert_eq!((counted.session_count, counted.more), (2, false));
        for tokens in &sessions {
            other.validate(&tokens.access_token).await.expect("only counted");
        }
        let done = revoke(&auth, &staff, request_for(Scope::UserId(sara))).await.unwrap();
        assert_eq!((done.session_count, done.more), (2, false));
        for tokens in &sessions {
            for replica in [&auth.replica, &other] {
                let ended = unauthenticated("SESSION_ENDED");
                assert_eq!(refusal(replica.validate(&tokens.access_token).await), ended);
                assert_eq!(refusal(replica.refresh(&tokens.refresh_token).await), ended);
            }
        }
        other.validate(&theirs).await.expect("somebody else's");
        let reasons = format!("SELECT COALESCE(end_reason, 'not ours') FROM user_sessions WHERE user_id = {sara} AND NOT is_active ORDER BY id");
        let reasons = texts(&auth.database, &reasons).await;
        assert_eq!(reasons.iter().flatten().collect::<Vec<_>>(), ["revoked_by_staff", "revoked_by_staff", "not ours"]);
        assert_eq!(revoke(&auth, &staff, first_count).await.unwrap().session_count, 0);
    }

    async fn all_that_began_before_a_time_end_but_the_callers(kind: Kind) {
        let auth = Auth::start(kind).await;
        add_staff(&auth, "staff@example.com", "operation", "operational").await;
        auth.add_customer("sara@example.com").await;
        let staff = token(&auth, "staff@example.com").await;
        let old = token(&auth, "sara@example.com").await;
        auth.clock.advance(Duration::from_mins(5));
        let time = auth.clock.now();
        auth.clock.advance(Duration::from_mins(5));
        let recent = token(&auth, "sara@example.com").await;

        let counted = RevokeUserSessionsRequest { validate_only: true, ..request_for(before(time)) };
        assert_eq!(revoke(&auth, &staff, counted).await.unwrap().session_count, 1);
        let done = revoke(&auth, &staff, request_for(before(time))).await.unwrap();
        assert_eq!((done.session_count, done.more), (1, false));
        assert_eq!(refusal(auth.validate(&old).await), unauthenticated("SESSION_ENDED"));
        auth.validate(&recent).await.expect("begun later");
        auth.validate(&staff).await.expect("the caller's");
    }

    async fn the_caller_ends_its_own_sessions_by_naming_itself(kind: Kind) {
        let auth = Auth::start(kind).await;
        let admin = add_staff(&auth, "admin@example.com", "admin", "admin").await;
        let staff = token(&auth, "admin@example.com").await;
        let done = revoke(&auth, &staff, request_for(Scope::UserId(admin))).await.unwrap();
        assert_eq!(done.session_count, 1);
        assert_eq!(refusal(auth.validate(&staff).await), unauthenticated("SESSION_ENDED"));
    }

    async fn more_than_a_batch_ends_in_one_call(kind: Kind) {
        let auth = Auth::start(kind).await;
        add_staff(&auth, "admin@example.com", "admin", "admin").await;
        auth.add_customer("sara@example.com").await;
        let last = token(&auth, "sara@example.com").await;
        multiply(&auth.database, 1_100).await;
        // a few of the old application's, and a few that expired
        make_some_odd(&auth).await;
        let staff = token(&auth, "admin@example.com").await;
        let time = auth.clock.now() + Duration::from_mins(1);
        let done = revoke(&auth, &staff, request_for(before(time))).await.unwrap();
        assert_eq!((done.session_count, done.more), (1_101 - 6, false));
        assert_eq!(refusal(auth.validate(&last).await), unauthenticated("SESSION_ENDED"));
        assert_eq!(text(&auth.database, ACTIVE).await.as_deref(), Some("1"), "the caller's alone");
    }

    async fn when_time_is_over_the_call_says_that_more_may_be_left(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer("sara@example.com").await;
        token(&auth, "sara@example.com").await;
        multiply(&auth.database, 1_100).await;
        let store = Store::new(auth.database.open(&auth.clock).await);
        let scope = model::Scope::Of { user: UserId(sara), but: None };
        let (mut ended, mut calls) = (Vec::new(), 0);
        loop {
            calls += 1;
            let ending = BatchEnding { scope: &scope, last: None, reason: EndReason::RevokedByStaff, event: None };
            // no time but for the first batch
            let done = end_in_batches(&store, ending, || false, |_| ()).await.unwrap();
            ended.push(done.ended);
            let left = text(&auth.database, ACTIVE).await;
            assert!(done.more || left.as_deref() == Some("0"), "{left:?}");
            if !done.more {
                break;
            }
        }
        assert_eq!((ended, calls), (vec![500, 500, 101], 3));
    }

    async fn many_at_once_end_each_session_once(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        add_staff(&auth, "admin@example.com", "admin", "admin").await;
        let sara = auth.add_customer("sara@example.com").await;
        token(&auth, "sara@example.com").await;
        multiply(&auth.database, 1_200).await;
        let staff = token(&auth, "admin@example.com").await;
        let time = auth.clock.now() + Duration::from_mins(1);
        let (one, two, three) = tokio::join!(
            revoke(&auth, &staff, request_for(before(time))),
            revoke(&other, &staff, request_for(Scope::UserId(sara))),
            revoke(&other, &staff, request_for(before(time))),
        );
        let counts = [one, two, three].map(|done| done.unwrap().session_count);
        assert_eq!(counts.iter().sum::<i32>(), 1_201, "{counts:?}");
    }

    async fn a_wrong_field_ends_nothing(kind: Kind) {
        let auth = Auth::start(kind).await;
        add_staff(&auth, "admin@example.com", "admin", "admin").await;
        let staff = token(&auth, "admin@example.com").await;
        let time = |seconds, nanos| Scope::CreatedBefore(prost_types::Timestamp { seconds, nanos });
        let good = request_for(Scope::UserId(1));
        let with = |reason: &str| RevokeUserSessionsRequest { reason: reason.to_owned(), ..good.clone() };
        let wrong = [
            (RevokeUserSessionsRequest { scope: None, ..good.clone() }, "scope"),
            (request_for(Scope::UserId(0)), "user_id"),
            (request_for(Scope::UserId(-1)), "user_id"),
            (request_for(time(0, -1)), "created_before"),
            (request_for(time(i64::MAX, 0)), "created_before"),
            (with(""), "reason"),
            (with("  "), "reason"),
            (with("two\nlines"), "reason"),
            (with("a\0b"), "reason"),
            (with(&"x".repeat(201)), "reason"),
        ];
        for (message, field) in wrong {
            let status = revoke(&auth, &staff, message).await.unwrap_err();
            assert!(status.message().contains(field), "{field}: {status}");
            let wrong = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
            assert_eq!(refusal::<()>(Err(status)), wrong, "{field}");
        }
        let longest = RevokeUserSessionsRequest { validate_only: true, ..with(&"ع".repeat(200)) };
        revoke(&auth, &staff, longest).await.expect("200 characters");
        auth.validate(&staff).await.expect("it goes on");
    }

    async fn only_staff_that_manage_users_may(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer("sara@example.com").await;
        add_staff(&auth, "partner@example.com", "partner", "admin").await;
        add_staff(&auth, "viewer@example.com", "admin", "partner").await;
        for (email, reason) in [
            ("sara@example.com", "USER_TYPE_NOT_ALLOWED"),
            ("partner@example.com", "USER_TYPE_NOT_ALLOWED"),
            ("viewer@example.com", "PERMISSION_MISSING"),
        ] {
            let caller = token(&auth, email).await;
            let denied = (Code::PermissionDenied, reason.to_owned());
            assert_eq!(refusal(revoke(&auth, &caller, request_for(Scope::UserId(sara))).await), denied, "{email}");
            auth.validate(&caller).await.expect("it goes on");
        }
    }

    async fn actor_and_reason_are_kept(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(configured(folder.path(), &database.url_as(Role::Auth))).await;
        let auth = Auth::start_on(database).await;
        let admin = add_staff(&auth, "admin@example.com", "admin", "admin").await;
        let sara = auth.add_customer("sara@example.com").await;
        let log_in = proto::auth::v1::CreateSessionRequest {
            email: "admin@example.com".to_owned(),
            password: testing::auth::PASSWORD.to_owned(),
            device_info: String::new(),
        };
        let answer = process.public_client().create_session(log_in).await.unwrap();
        let staff = answer.into_inner().tokens.unwrap().access_token;
        revoke(&process, &staff, request_for(Scope::UserId(sara))).await.unwrap();
        process.terminate().await;
        let (_, printed) = process.ended().await;
        let line = printed.lines().find(|line| line.contains(WHY)).expect("a line of the log");
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = &line["fields"];
        assert_eq!(fields["actor"], admin.to_string(), "{line}");
        assert!(fields["scope"].as_str().unwrap().contains(&sara.to_string()), "{line}");
    }
}

/// Makes five rows the old application's, and one expired.
async fn make_some_odd(auth: &Auth) {
    auth.database
        .execute(
            "UPDATE user_sessions SET generation = NULL WHERE id IN (2, 3, 600, 1000, 1100); \
             UPDATE user_sessions SET expires_at = created_at WHERE id = 4",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_bounded_and_a_transaction_of_its_own() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let tap = Tap::start(&database).await;
    let url = database.url_tapped(&tap, Role::Auth);
    let auth = Auth::start_through(database, &url, &[]).await;
    add_staff(&auth, "admin@example.com", "admin", "admin").await;
    let sara = auth.add_customer("sara@example.com").await;
    token(&auth, "sara@example.com").await;
    multiply(&auth.database, 1_100).await;
    let staff = token(&auth, "admin@example.com").await;
    let _before = tap.taken();
    let done = revoke(&auth, &staff, request_for(Scope::UserId(sara)))
        .await
        .unwrap();
    assert_eq!(done.session_count, 1_101);
    let taken = tap.taken();
    let count = |what: &str| taken.iter().filter(|text| text.starts_with(what)).count();
    assert_eq!(count("UPDATE"), 3, "{taken:?}");
    assert_eq!(
        (count("BEGIN"), count("INSERT"), count("COMMIT")),
        (3, 3, 3),
        "each is a transaction, with its event: {taken:?}"
    );
}
