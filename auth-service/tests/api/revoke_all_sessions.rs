//! RevokeAllSessions: the end of a user's sessions, with or without the one that
//! asks.

use crate::{
    rows::{text, texts},
    served::{Served, unauthenticated},
};
use proto::auth::v1::{RevokeAllSessionsRequest, TokenPair};
use testing::{
    Kind,
    auth::{Auth, refusal, with_token},
};
use tonic::{Code, Status};

const ACTIVE: &str = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active";

async fn revoke_all(
    replica: &impl Served,
    token: &str,
    keep_current: Option<bool>,
) -> Result<i32, Status> {
    let request = with_token(RevokeAllSessionsRequest { keep_current }, token);
    let answer = replica.public_client().revoke_all_sessions(request).await;
    answer.map(|answer| answer.into_inner().ended_count)
}

async fn log_in(auth: &Auth, email: &str) -> TokenPair {
    auth.log_in(email).await.tokens.unwrap()
}

/// Log-ins of the old application.
async fn add_old_sessions(auth: &Auth, user: i32, name: &str) {
    let far = match auth.database.kind {
        Kind::Postgres => "now() + interval '1 day'",
        Kind::Sqlite => "(unixepoch() + 86400) * 1000000",
    };
    for index in 0..2 {
        auth.database
            .execute(&format!(
                "INSERT INTO user_sessions (user_id, session_id, expires_at) \
                 VALUES ({user}, 'sess_{name}_{index}', {far})"
            ))
            .await;
    }
}

testing::on_both_databases! {
    async fn all_sessions_are_refused_at_once_on_every_replica(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer("sara@example.com").await;
        auth.add_customer("omar@example.com").await;
        let theirs = log_in(&auth, "omar@example.com").await;
        for keep in [true, false] {
            let mut sessions = Vec::new();
            for _ in 0..4 {
                sessions.push(log_in(&auth, "sara@example.com").await);
                other.validate(&sessions.last().unwrap().access_token).await.expect("valid");
            }
            let current = sessions.pop().unwrap();
            let ended = revoke_all(&auth, &current.access_token, Some(keep)).await.unwrap();
            assert_eq!(ended, if keep { 3 } else { 5 }, "with the one that was kept before");
            if keep {
                other.validate(&current.access_token).await.expect("kept");
                auth.refresh(&current.refresh_token).await.expect("kept");
            } else {
                sessions.push(current);
            }
            for tokens in &sessions {
                for replica in [&auth.replica, &other] {
                    let ended = unauthenticated("SESSION_ENDED");
                    assert_eq!(refusal(replica.validate(&tokens.access_token).await), ended);
                    assert_eq!(refusal(replica.refresh(&tokens.refresh_token).await), ended);
                }
            }
        }
        other.validate(&theirs.access_token).await.expect("somebody else's");
        let reasons = "SELECT DISTINCT end_reason FROM user_sessions WHERE NOT is_active AND ended_at IS NOT NULL";
        assert_eq!(texts(&auth.database, reasons).await, [Some("revoked_by_owner".to_owned())]);
    }

    async fn refreshes_under_way_bring_no_session_back(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer("sara@example.com").await;
        for _ in 0..10 {
            let current = log_in(&auth, "sara@example.com").await;
            let mut sessions = Vec::new();
            for _ in 0..3 {
                sessions.push(log_in(&auth, "sara@example.com").await);
            }
            let refreshes = async {
                for tokens in &sessions {
                    let _either = other.refresh(&tokens.refresh_token).await;
                }
            };
            // two of the caller's at once wait for each other's rows, in one order
            let (first, second, ()) = tokio::join!(
                revoke_all(&auth, &current.access_token, Some(true)),
                revoke_all(&other, &current.access_token, Some(true)),
                refreshes,
            );
            assert_eq!(first.unwrap() + second.unwrap(), 3, "each is ended once");
            for tokens in &sessions {
                let after = refusal(other.refresh(&tokens.refresh_token).await);
                assert_eq!(after, unauthenticated("SESSION_ENDED"));
            }
            assert_eq!(revoke_all(&auth, &current.access_token, Some(false)).await.unwrap(), 1);
        }
    }

    async fn the_old_applications_sessions_of_the_user_end_as_well(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer("sara@example.com").await;
        let omar = auth.add_customer("omar@example.com").await;
        add_old_sessions(&auth, omar, "omar").await;
        for (keep, name) in [(true, "kept"), (false, "all")] {
            add_old_sessions(&auth, sara, name).await;
            let current = log_in(&auth, "sara@example.com").await;
            let ended = revoke_all(&auth, &current.access_token, Some(keep)).await.unwrap();
            assert_eq!(ended, if keep { 0 } else { 2 }, "they are not counted");
            let left = format!("{ACTIVE} AND user_id = {sara} AND generation IS NULL");
            assert_eq!(text(&auth.database, &left).await.as_deref(), Some("0"));
        }
        let left = format!("{ACTIVE} AND user_id = {omar}");
        assert_eq!(text(&auth.database, &left).await.as_deref(), Some("2"));
        let touched = "SELECT CAST(COUNT(*) AS text) FROM user_sessions \
             WHERE generation IS NULL AND (ended_at IS NOT NULL OR end_reason IS NOT NULL)";
        assert_eq!(text(&auth.database, touched).await.as_deref(), Some("0"), "nothing else of them");
    }

    async fn an_empty_message_logs_nobody_out(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let current = log_in(&auth, "sara@example.com").await;
        let missing = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
        assert_eq!(refusal(revoke_all(&auth, &current.access_token, None).await), missing);
        auth.validate(&current.access_token).await.expect("it goes on");
    }
}
