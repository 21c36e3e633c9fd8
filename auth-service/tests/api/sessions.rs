//! A session's life.

use proto::auth::v1::{
    ErrorReason, ListSessionsRequest, RefreshSessionRequest, RevokeSessionRequest,
    ValidateSessionRequest,
};
use testing::{
    Kind,
    auth::{Auth, as_service, refusal, with_token},
};
use tonic::Code;

testing::on_both_databases! {
    async fn p1_a_revoked_session_is_refused_at_once_on_every_replica(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let ask = || as_service(ValidateSessionRequest { access_token: tokens.access_token.clone() });
        let valid = other.validation_client().validate_session(ask()).await.unwrap().into_inner();
        assert_eq!(valid.principal.unwrap().name, "sara@example.com");

        let revoke = RevokeSessionRequest { token: tokens.access_token.clone() };
        auth.client().revoke_session(revoke.clone()).await.unwrap();
        let ended = (Code::Unauthenticated, "SESSION_ENDED".to_owned());
        for replica in [&auth.replica, &other] {
            assert_eq!(refusal(replica.validation_client().validate_session(ask()).await), ended);
        }
        let refresh = RefreshSessionRequest { refresh_token: tokens.refresh_token };
        assert_eq!(refusal(other.client().refresh_session(refresh).await), ended);
        auth.client().revoke_session(revoke).await.expect("ended already: OK");
    }

    async fn the_owner_sees_its_sessions(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        auth.add_customer("omar@example.com").await;
        auth.log_in("omar@example.com").await;
        auth.log_in("sara@example.com").await;
        let current = auth.log_in("sara@example.com").await;
        let token = current.tokens.unwrap().access_token;
        let first = ListSessionsRequest { page_size: 1, page_token: String::new() };
        let page = auth.client().list_sessions(with_token(first, &token)).await.unwrap().into_inner();
        assert_eq!(page.sessions.len(), 1);
        assert_eq!(page.sessions[0].session_id, current.session.unwrap().session_id);
        assert!(page.sessions[0].current);
        let next = ListSessionsRequest { page_size: 1, page_token: page.next_page_token };
        let page = auth.client().list_sessions(with_token(next, &token)).await.unwrap().into_inner();
        assert!(!page.sessions[0].current);
        assert_eq!(page.next_page_token, "");
        let none = refusal(auth.client().list_sessions(ListSessionsRequest::default()).await);
        let missing = ErrorReason::TokenMissing.as_str_name().replace("ERROR_REASON_", "");
        assert_eq!(none, (Code::Unauthenticated, missing));
    }
}
