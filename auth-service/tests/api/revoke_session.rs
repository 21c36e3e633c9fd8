//! RevokeSession: the end of a session, by whom it belongs to and nobody else.

use crate::{
    forge::{Forged, key_file},
    rows::session_status,
    served::{Served as _, unauthenticated},
};
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, refusal},
};
use tonic::Code;

testing::on_both_databases! {
    async fn a_revoked_session_is_refused_by_the_next_call_on_any_replica(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let valid = other.validate(&tokens.access_token).await.unwrap();
        assert_eq!(valid.principal.unwrap().name, "sara@example.com");

        auth.revoke(&tokens.access_token).await.unwrap();
        let ended = unauthenticated("SESSION_ENDED");
        for replica in [&auth.replica, &other] {
            assert_eq!(refusal(replica.validate(&tokens.access_token).await), ended);
            assert_eq!(refusal(replica.list(&tokens.access_token).await), ended);
            assert_eq!(refusal(replica.refresh(&tokens.refresh_token).await), ended);
        }
        assert_eq!(session_status(&auth.database).await, (false, Some("logged_out".to_owned())));
        auth.revoke(&tokens.access_token).await.expect("ended already: OK");
    }

    async fn no_validation_that_starts_after_the_answer_says_valid(kind: Kind) {
        let auth = Auth::start(kind).await;
        let replicas = [auth.another_replica().await, auth.another_replica().await];
        auth.add_customer("sara@example.com").await;
        for _ in 0..20 {
            let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
            // some are on their way while it is revoked, and may say either
            let on_their_way = async {
                for _ in 0..4 {
                    let _either = replicas[0].validate(&tokens.access_token).await;
                    let _either = replicas[1].validate(&tokens.access_token).await;
                }
            };
            let revoked_and_validated = async {
                auth.revoke(&tokens.access_token).await.unwrap();
                for replica in &replicas {
                    let after = refusal(replica.validate(&tokens.access_token).await);
                    assert_eq!(after, unauthenticated("SESSION_ENDED"));
                }
            };
            tokio::join!(on_their_way, revoked_and_validated);
        }
    }

    async fn either_token_logs_out_expired_or_not(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        for expired in [false, true] {
            let by_access = auth.log_in("sara@example.com").await.tokens.unwrap();
            let by_refresh = auth.log_in("sara@example.com").await.tokens.unwrap();
            if expired {
                auth.clock.advance(Duration::from_hours(8 * 24));
            }
            auth.revoke(&by_access.access_token).await.expect("an access token");
            auth.revoke(&by_refresh.refresh_token).await.expect("a refresh token");
        }
        let active = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active";
        assert_eq!(crate::rows::text(&auth.database, active).await.as_deref(), Some("0"));
    }

    async fn a_token_whose_signature_does_not_hold_ends_nothing(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let own = Forged::from(&tokens.access_token);
        let end = tokens.access_token.len() - 20;
        let broken = format!("{}{}", &tokens.access_token[..end], "A".repeat(20));
        let unsigned = format!("{}.", own.clone().header("alg", "none").input());
        let refused = [(broken, "TOKEN_SIGNATURE_INVALID"), (unsigned, "TOKEN_ALGORITHM_NOT_ALLOWED")];
        for (token, reason) in refused {
            assert_eq!(refusal(auth.revoke(&token).await), unauthenticated(reason));
        }
        assert_eq!(session_status(&auth.database).await, (true, None));
        auth.validate(&tokens.access_token).await.expect("it lives on");
    }

    async fn only_the_tokens_own_session_ends(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let one = auth.log_in("sara@example.com").await.tokens.unwrap();
        let other = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.revoke(&one.refresh_token).await.unwrap();
        auth.validate(&other.access_token).await.expect("another session");
    }

    async fn a_session_that_is_gone_is_what_the_caller_wanted(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let unknown = contract::ids::SessionId::random().to_string();
        let unknown = Forged::from(&tokens.access_token).claim("sid", unknown);
        auth.revoke(&unknown.signed_by(&key_file(&auth))).await.expect("no such session: OK");
        auth.database.execute("DELETE FROM user_sessions").await;
        auth.revoke(&tokens.access_token).await.expect("its row is gone: OK");
    }

    async fn a_token_is_required(kind: Kind) {
        let auth = Auth::start(kind).await;
        let missing = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
        assert_eq!(refusal(auth.revoke("").await), missing);
        assert_eq!(refusal(auth.refresh("").await), missing);
        assert_eq!(refusal(auth.validate("").await), missing);
    }
}
