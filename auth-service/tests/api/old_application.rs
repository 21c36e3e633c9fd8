//! The old application's rows in `user_sessions` are no sessions of ours: they
//! have no generation.

use crate::{
    forge::{Forged, key_file},
    rows::{text, texts},
    served::{Served as _, unauthenticated},
};
use auth_service::command::sessions::{EndAllReason, end_all};
use contract::ids::SessionId;
use proto::auth::v1::{
    ChangePasswordRequest, RevokeAllSessionsRequest, RevokeUserSessionsRequest,
    revoke_user_sessions_request::Scope,
};
use testing::{
    Kind, Role,
    auth::{Auth, PASSWORD, TestUser, refusal, with_token},
};

/// What ends all sessions of a user.
#[derive(Clone, Copy, Debug)]
enum End {
    RevokeAllSessions { keep_current: bool },
    ChangePassword,
    RevokeUserSessions,
    RevokeUserSessionsByTime,
    Restored,
}

const ENDS: [End; 6] = [
    End::RevokeAllSessions { keep_current: true },
    End::RevokeAllSessions {
        keep_current: false,
    },
    End::ChangePassword,
    End::RevokeUserSessions,
    End::RevokeUserSessionsByTime,
    End::Restored,
];

impl End {
    /// Ends the sessions of a user. `token` is one of the user's, `staff` one of staff's.
    async fn run(self, auth: &Auth, user: i32, token: &str, staff: &str) {
        let mut client = auth.client();
        let by_staff = |scope| {
            let message = RevokeUserSessionsRequest {
                scope: Some(scope),
                reason: "a lost laptop".to_owned(),
                validate_only: false,
            };
            with_token(message, staff)
        };
        match self {
            Self::RevokeAllSessions { keep_current } => {
                let keep_current = Some(keep_current);
                let message = RevokeAllSessionsRequest { keep_current };
                let call = client.revoke_all_sessions(with_token(message, token));
                call.await.expect("ended");
            }
            Self::ChangePassword => {
                let message = ChangePasswordRequest {
                    current_password: PASSWORD.to_owned(),
                    new_password: "another horse battery".to_owned(),
                };
                let call = client.change_password(with_token(message, token));
                call.await.expect("changed");
            }
            Self::RevokeUserSessions => {
                let call = client.revoke_user_sessions(by_staff(Scope::UserId(user)));
                call.await.expect("ended");
            }
            Self::RevokeUserSessionsByTime => {
                let time = auth.clock.now() + std::time::Duration::from_hours(1);
                let call = client.revoke_user_sessions(by_staff(Scope::CreatedBefore(time.into())));
                call.await.expect("ended");
            }
            Self::Restored => {
                let url = auth.database.url_as(Role::Auth);
                let all = end_all(&url, EndAllReason::Restore).await;
                all.expect("ended");
            }
        }
    }
}

testing::on_both_databases! {
    async fn its_rows_are_never_validated_refreshed_listed_or_ended(kind: Kind) {
        let auth = Auth::start(kind).await;
        let user = auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let far = match kind {
            Kind::Postgres => "now() + interval '1 day'".to_owned(),
            Kind::Sqlite => "(unixepoch() + 86400) * 1000000".to_owned(),
        };
        // of the form that it makes, of ours, and with columns of ours filled in
        let ids = ["sess_1764034517123_k3j9x2".to_owned(), SessionId::random().to_string(), SessionId::random().to_string()];
        for (index, id) in ids.iter().enumerate() {
            let (column, value) = match index {
                2 => (", rotated_at, absolute_expires_at, password_digest", format!(", {far}, {far}, 'x'")),
                _ => ("", String::new()),
            };
            auth.database
                .execute(&format!(
                    "INSERT INTO user_sessions (user_id, session_id, expires_at{column}) VALUES ({user}, '{id}', {far}{value})"
                ))
                .await;
        }
        let listed = auth.list(&tokens.access_token).await.unwrap().sessions;
        assert_eq!(listed.len(), 1, "{listed:?}");

        let own = key_file(&auth);
        for (index, id) in ids.iter().enumerate() {
            let access = Forged::from(&tokens.access_token).claim("sid", id.as_str()).signed_by(&own);
            let refresh = Forged::from(&tokens.refresh_token).claim("sid", id.as_str()).signed_by(&own);
            let reason = if index == 0 { "TOKEN_MALFORMED" } else { "SESSION_NOT_FOUND" };
            assert_eq!(refusal(auth.validate(&access).await), unauthenticated(reason));
            assert_eq!(refusal(auth.refresh(&refresh).await), unauthenticated(reason));
            let revoked = auth.revoke(&access).await;
            assert_eq!(revoked.is_ok(), index != 0, "there is no such session: OK");
        }
        let theirs = texts(
            &auth.database,
            "SELECT CASE WHEN is_active AND ended_at IS NULL AND end_reason IS NULL AND used_at IS NULL \
             THEN 'untouched' ELSE 'touched' END FROM user_sessions WHERE generation IS NULL",
        )
        .await;
        assert_eq!(theirs, vec![Some("untouched".to_owned()); 3]);
    }

    async fn a_row_that_does_not_know_whether_it_is_active_ends_with_all_sessions_of_its_user(kind: Kind) {
        let far = match kind {
            Kind::Postgres => "now() + interval '1 day'",
            Kind::Sqlite => "(unixepoch() + 86400) * 1000000",
        };
        for end in ENDS {
            let auth = Auth::start(kind).await;
            let sara = auth.add_customer("sara@example.com").await;
            let staff = TestUser { email: "admin@example.com", user_type: "admin", role: "admin", partner_id: None };
            auth.add_user(staff).await;
            let token = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
            let staff = auth.log_in("admin@example.com").await.tokens.unwrap().access_token;
            for (id, is_active) in [("unknown", "NULL"), ("active", "true"), ("ended", "false")] {
                auth.database
                    .execute(&format!(
                        "INSERT INTO user_sessions (user_id, session_id, expires_at, created_at, is_active) \
                         VALUES ({sara}, '{id}', {far}, NULL, {is_active})"
                    ))
                    .await;
            }
            end.run(&auth, sara, &token, &staff).await;
            let theirs = texts(
                &auth.database,
                "SELECT CASE WHEN is_active IS NULL THEN 'unknown' WHEN is_active THEN 'active' ELSE 'ended' END \
                 FROM user_sessions WHERE generation IS NULL AND ended_at IS NULL AND end_reason IS NULL",
            )
            .await;
            assert_eq!(theirs, vec![Some("ended".to_owned()); 3], "{end:?}");
        }
    }

    async fn a_session_of_ours_that_does_not_know_whether_it_is_active_is_over(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let over = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.database.execute("UPDATE user_sessions SET is_active = NULL").await;
        let current = auth.log_in("sara@example.com").await.tokens.unwrap();
        let ended = unauthenticated("SESSION_ENDED");
        assert_eq!(refusal(auth.validate(&over.access_token).await), ended);
        assert_eq!(refusal(auth.refresh(&over.refresh_token).await), ended);
        assert_eq!(auth.list(&current.access_token).await.unwrap().sessions.len(), 1);
        let all = RevokeAllSessionsRequest { keep_current: Some(false) };
        let all = auth.client().revoke_all_sessions(with_token(all, &current.access_token)).await;
        assert_eq!(all.unwrap().into_inner().ended_count, 1, "the one that was live");
        let reasons = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE end_reason IS NOT NULL";
        assert_eq!(text(&auth.database, reasons).await.as_deref(), Some("1"));
    }
}
