//! Refreshes: each outcome with its cause.

use super::{EMAIL, Log, MINUTE, begun};
use crate::{
    rows::{eventually, first_use_is_written, text},
    served::{Served as _, unauthenticated},
};
use futures_util::future::join_all;
use testing::{
    Kind,
    auth::{Auth, refusal},
};
use tonic::Code;

testing::on_both_databases! {
    async fn each_outcome_of_a_refresh_is_audited_with_its_cause(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, first) = begun(&auth, &mut log, sara).await;
        let said = |how: &str| format!("refresh_session {how} {sara} {sara} {session} 127.0.0.1 - -");
        auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done first_use")).await;
        auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done young")).await;
        auth.clock.advance(MINUTE);
        let second = auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done turned")).await;
        auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done one_behind")).await;
        auth.validate(&second.access_token).await.unwrap();
        first_use_is_written(&auth.database).await;
        auth.clock.advance(MINUTE);
        assert_eq!(refusal(auth.refresh(&first.refresh_token).await), unauthenticated("REUSE_DETECTED"));
        log.says(&said("refused reuse_detected")).await;
        assert_eq!(refusal(auth.refresh(&second.refresh_token).await), unauthenticated("SESSION_ENDED"));
        log.says(&said("refused session_ended")).await;
        // a token that is refused by itself is not noted
        auth.refresh(&second.access_token).await.unwrap_err();
        auth.refresh("no token").await.unwrap_err();

        for (change, cause, reason) in [
            ("UPDATE user_sessions SET generation = 0", "row_behind", "SESSION_OLDER_THAN_TOKEN"),
            ("UPDATE user_sessions SET expires_at = created_at", "session_expired", "SESSION_EXPIRED"),
            ("DELETE FROM user_sessions", "session_not_found", "SESSION_NOT_FOUND"),
            ("UPDATE users SET is_deleted = true", "user_invalid", "SESSION_USER_INVALID"),
            ("UPDATE users SET password = 'x'", "password_changed", "SESSION_USER_INVALID"),
        ] {
            let (session, pair) = begun(&auth, &mut log, sara).await;
            auth.database.execute(change).await;
            assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), unauthenticated(reason));
            log.says(&format!("refresh_session refused {cause} {sara} {sara} {session} 127.0.0.1 - -")).await;
            auth.database.execute("UPDATE users SET is_deleted = false").await;
        }
    }

    async fn a_refresh_that_always_loses_is_audited_once(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, pair) = begun(&auth, &mut log, sara).await;
        auth.database
            .execute(match kind {
                Kind::Postgres => "
                    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                    CREATE TRIGGER lose BEFORE UPDATE ON user_sessions FOR EACH ROW EXECUTE FUNCTION lose()",
                Kind::Sqlite => "
                    CREATE TRIGGER lose BEFORE UPDATE ON user_sessions BEGIN SELECT RAISE(IGNORE); END",
            })
            .await;
        let lost = (Code::Unavailable, "REFRESH_CONFLICT".to_owned());
        assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), lost);
        log.says(&format!("refresh_session refused conflict {sara} {sara} {session} 127.0.0.1 - -")).await;
    }

    async fn many_refreshes_at_once_are_audited_as_one_rotation_and_reissues(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let pair = auth.log_in(EMAIL).await.tokens.unwrap();
        auth.validate(&pair.access_token).await.unwrap();
        first_use_is_written(&auth.database).await;
        auth.clock.advance(MINUTE);
        let other = auth.another_replica().await;
        join_all((0..12).map(|index| {
            let replica = if index % 2 == 0 { &auth.replica } else { &other };
            replica.refresh(&pair.refresh_token)
        }))
        .await
        .into_iter()
        .for_each(|answer| assert_eq!(answer.unwrap().generation, 2));
        let of = |cause: &str| format!("SELECT CAST(COUNT(*) AS text) FROM ticketing_audit_events WHERE cause = '{cause}'");
        let count = async |cause| text(&auth.database, &of(cause)).await.unwrap();
        eventually("the other eleven", async || count("one_behind").await == "11").await;
        assert_eq!(count("turned").await, "1");
    }
}
