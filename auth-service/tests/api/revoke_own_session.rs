//! RevokeOwnSession: the end of one of the caller's sessions by its id, and of
//! nobody else's.

use crate::{
    rows::text,
    served::{Served, unauthenticated},
};
use contract::ids::SessionId;
use proto::auth::v1::RevokeOwnSessionRequest;
use testing::{
    Kind,
    auth::{Auth, refusal, with_token},
    metrics::scrape,
};
use tonic::{Code, Status};

async fn revoke(replica: &impl Served, token: &str, session_id: &str) -> Result<(), Status> {
    let session_id = session_id.to_owned();
    let request = with_token(RevokeOwnSessionRequest { session_id }, token);
    let answer = replica.public_client().revoke_own_session(request).await;
    answer.map(|_| ())
}

/// The caller's access token, and a session's id and tokens.
async fn log_in(auth: &Auth, email: &str) -> (String, String, String) {
    let answer = auth.log_in(email).await;
    let tokens = answer.tokens.unwrap();
    (
        answer.session.unwrap().session_id,
        tokens.access_token,
        tokens.refresh_token,
    )
}

testing::on_both_databases! {
    async fn an_ended_session_is_refused_at_once_on_every_replica_and_the_others_go_on(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer("sara@example.com").await;
        let (_, caller, _) = log_in(&auth, "sara@example.com").await;
        let (stolen, access, refresh) = log_in(&auth, "sara@example.com").await;
        let (_, third, _) = log_in(&auth, "sara@example.com").await;
        other.validate(&access).await.expect("valid");

        revoke(&auth, &caller, &stolen).await.unwrap();
        for replica in [&auth.replica, &other] {
            let ended = unauthenticated("SESSION_ENDED");
            assert_eq!(refusal(replica.validate(&access).await), ended);
            assert_eq!(refusal(replica.refresh(&refresh).await), ended);
            replica.validate(&caller).await.expect("the caller's");
            replica.validate(&third).await.expect("a third");
        }
        let reason = format!("SELECT end_reason FROM user_sessions WHERE session_id = '{stolen}'");
        assert_eq!(text(&auth.database, &reason).await.as_deref(), Some("revoked_by_owner"));
        revoke(&auth, &caller, &stolen).await.expect("over already: OK");
    }

    async fn of_those_that_are_over_none_is_counted(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let (_, caller, _) = log_in(&auth, "sara@example.com").await;
        let (live, _, _) = log_in(&auth, "sara@example.com").await;
        let (expired, _, _) = log_in(&auth, "sara@example.com").await;
        // no row says of itself that it expired
        auth.database
            .execute(&format!("UPDATE user_sessions SET expires_at = created_at WHERE session_id = '{expired}'"))
            .await;
        for id in [&expired, &expired, &live, &live] {
            revoke(&auth, &caller, id).await.unwrap();
        }
        let scraped = scrape(auth.replica.ops).await;
        let ended = scraped.counted("ticketing_auth_sessions_ended_total");
        assert_eq!(ended, [r#"{reason="revoked_by_owner"} 1"#]);
    }

    async fn the_callers_own_session_can_be_named(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let (id, caller, _) = log_in(&auth, "sara@example.com").await;
        revoke(&auth, &caller, &id).await.unwrap();
        assert_eq!(refusal(revoke(&auth, &caller, &id).await), unauthenticated("SESSION_ENDED"));
    }

    async fn somebody_elses_session_is_as_unknown_as_none(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        auth.add_customer("omar@example.com").await;
        let (_, caller, _) = log_in(&auth, "sara@example.com").await;
        let (theirs, access, _) = log_in(&auth, "omar@example.com").await;
        let unknown = (Code::NotFound, "OWN_SESSION_NOT_FOUND".to_owned());
        assert_eq!(refusal(revoke(&auth, &caller, &theirs).await), unknown);
        auth.validate(&access).await.expect("it goes on");
        auth.revoke(&access).await.unwrap();
        assert_eq!(refusal(revoke(&auth, &caller, &theirs).await), unknown, "nor when it is over");
        let none = SessionId::random().to_string();
        assert_eq!(refusal(revoke(&auth, &caller, &none).await), unknown);
    }

    async fn the_old_applications_row_is_no_session_of_ours(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let (_, caller, _) = log_in(&auth, "sara@example.com").await;
        let (old, _, _) = log_in(&auth, "sara@example.com").await;
        auth.database
            .execute(&format!("UPDATE user_sessions SET generation = NULL WHERE session_id = '{old}'"))
            .await;
        let unknown = (Code::NotFound, "OWN_SESSION_NOT_FOUND".to_owned());
        assert_eq!(refusal(revoke(&auth, &caller, &old).await), unknown);
        let active = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active";
        assert_eq!(text(&auth.database, active).await.as_deref(), Some("2"));
    }

    async fn an_id_has_one_spelling(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let (id, caller, _) = log_in(&auth, "sara@example.com").await;
        let wrong = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
        let others = [
            String::new(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("{id} "),
            // a letter stands in it somewhere, or there is no other case
            "ABCDEF00-0000-4000-8000-000000000000".to_owned(),
            "00000000-0000-1000-8000-000000000000".to_owned(),
            "x".repeat(10_000),
        ];
        for other in others {
            assert_eq!(refusal(revoke(&auth, &caller, &other).await), wrong, "{other}");
        }
        auth.validate(&caller).await.expect("it goes on");
    }
}
