//! Refreshes at once: with each other, and with the end of the session.

use crate::{
    rows::{self, first_use_is_written, session_column},
    served::{Served as _, unauthenticated},
};
use auth_service::{
    model::{AuditEvent, AuditEventType, Client, EndReason, Lifetimes},
    store::Store,
};
use contract::ids::SessionId;
use futures_util::future::join_all;
use proto::auth::v1::TokenPair;
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, refusal},
};

/// What goes with a change; here it is the change that is asked about.
fn any_event() -> AuditEvent {
    AuditEvent::done(AuditEventType::RefreshSession, &Client::default())
}

/// A session whose refresh token rotates.
async fn used_up(kind: Kind) -> (Auth, TokenPair) {
    let auth = Auth::start(kind).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    auth.validate(&tokens.access_token).await.unwrap();
    first_use_is_written(&auth.database).await;
    auth.clock.advance(Duration::from_mins(1));
    (auth, tokens)
}

testing::on_both_databases! {
    async fn of_sixteen_refreshes_at_once_exactly_one_rotates(kind: Kind) {
        let (auth, tokens) = used_up(kind).await;
        let other = auth.another_replica().await;
        let answers = join_all((0..16).map(|index| {
            let replica = if index % 2 == 0 { &auth.replica } else { &other };
            replica.refresh(&tokens.refresh_token)
        }))
        .await;
        for answer in answers {
            let pair = answer.expect("every one is answered");
            assert_eq!(pair.generation, 2);
            auth.validate(&pair.access_token).await.expect("and by a good pair");
        }
        assert_eq!(session_column(&auth.database, "generation").await.as_deref(), Some("2"));
    }

    async fn a_change_by_what_was_read_before_another_changes_nothing(kind: Kind) {
        let (auth, _) = used_up(kind).await;
        let store = Store::new(auth.database.open(&auth.clock).await);
        let id = rows::session_column(&auth.database, "session_id").await.unwrap();
        let id = SessionId::parse(&id).unwrap();
        let read = store.load_one(id).await.unwrap().unwrap().session;
        let used_at = read.used_at.unwrap();
        let rotated = store.rotate(&read, used_at, read.expires_at, &any_event()).await.unwrap().expect("as read");
        assert_eq!((rotated.generation, rotated.used_at), (read.generation.next(), None));
        // the one that lost would rotate it again, or use up the new pair
        assert_eq!(store.rotate(&read, used_at, read.expires_at, &any_event()).await.unwrap(), None);
        assert_eq!(store.use_first(&read, read.expires_at, &any_event()).await.unwrap(), None);
        let now = store.load_one(id).await.unwrap().unwrap().session;
        assert_eq!((now.generation, now.used_at), (rotated.generation, None));
    }

    async fn a_refresh_never_revives_a_session(kind: Kind) {
        let (auth, tokens) = used_up(kind).await;
        let store = Store::new(auth.database.open(&auth.clock).await);
        let id = rows::session_column(&auth.database, "session_id").await.unwrap();
        let id = SessionId::parse(&id).unwrap();
        // the refresh has read the row when the log-out comes between
        let read = store.load_one(id).await.unwrap().unwrap().session;
        auth.revoke(&tokens.access_token).await.unwrap();
        let later = read.expires_at + Lifetimes::default().refresh_token;
        let rotated = store.rotate(&read, read.used_at.unwrap(), later, &any_event()).await.unwrap();
        assert_eq!(rotated, None);
        auth.database.execute("UPDATE user_sessions SET used_at = NULL").await;
        assert_eq!(store.use_first(&read, later, &any_event()).await.unwrap(), None);
        let ended_again = store.end(id, EndReason::ReuseDetected, &any_event()).await.unwrap();
        assert!(!ended_again, "it keeps the reason that it ended for");
        assert_eq!(rows::session_status(&auth.database).await, (false, Some("logged_out".to_owned())));
        assert_eq!(session_column(&auth.database, "generation").await.as_deref(), Some("1"));
        assert_eq!(session_column(&auth.database, "used_at").await, None);
    }

    async fn refreshes_racing_a_log_out_leave_it_ended(kind: Kind) {
        let (auth, _) = used_up(kind).await;
        for _ in 0..10 {
            let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
            auth.database
                .execute("UPDATE user_sessions SET used_at = rotated_at WHERE is_active")
                .await;
            auth.clock.advance(Duration::from_mins(1));
            let refreshes = join_all((0..4).map(|_| auth.refresh(&tokens.refresh_token)));
            let (answers, revoked) = tokio::join!(refreshes, auth.revoke(&tokens.refresh_token));
            revoked.expect("the log-out succeeds");
            let ended = unauthenticated("SESSION_ENDED");
            for pair in answers.into_iter().flatten() {
                assert_eq!(refusal(auth.validate(&pair.access_token).await), ended);
                assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), ended);
            }
            assert_eq!(refusal(auth.validate(&tokens.access_token).await), ended);
        }
    }

    async fn a_first_use_is_noted_of_the_current_generation_alone(kind: Kind) {
        let (auth, tokens) = used_up(kind).await;
        let next = auth.refresh(&tokens.refresh_token).await.unwrap();
        auth.validate(&tokens.access_token).await.expect("the one before, still good");
        // first uses are written in the order of validations: had the first left one,
        // it would stand there by the time that this one does
        let other = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.validate(&other.access_token).await.unwrap();
        let of_other = "SELECT CAST(used_at AS text) FROM user_sessions WHERE generation = 1";
        rows::eventually("the first use of the other session", || async {
            rows::text(&auth.database, of_other).await.is_some()
        })
        .await;
        let of_next = "SELECT CAST(used_at AS text) FROM user_sessions WHERE generation = 2";
        assert_eq!(rows::text(&auth.database, of_next).await, None);
        // nor does the statement note another generation than it is told
        let store = Store::new(auth.database.open(&auth.clock).await);
        let id = "SELECT session_id FROM user_sessions WHERE generation = 2";
        let id = SessionId::parse(&rows::text(&auth.database, id).await.unwrap()).unwrap();
        for generation in [1, 3].map(auth_service::model::Generation) {
            store.note_first_uses(&[(id, generation)]).await.unwrap();
        }
        assert_eq!(rows::text(&auth.database, of_next).await, None);

        auth.validate(&next.access_token).await.unwrap();
        rows::eventually("the first use of the current generation", || async {
            rows::text(&auth.database, of_next).await.is_some()
        })
        .await;
        // and the first use stays what it was
        let first = rows::text(&auth.database, of_next).await;
        auth.clock.advance(Duration::from_secs(10));
        store.note_first_uses(&[(id, auth_service::model::Generation(2))]).await.unwrap();
        assert_eq!(rows::text(&auth.database, of_next).await, first);
    }
}
