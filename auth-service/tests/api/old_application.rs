//! The old application's rows in `user_sessions` are no sessions of ours: they
//! have no generation.

use crate::{
    forge::{Forged, key_file},
    rows::texts,
    served::{Served as _, unauthenticated},
};
use shared::ids::SessionId;
use testing::{
    Kind,
    auth::{Auth, refusal},
};

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
}
