//! ListSessions: the caller's own live sessions, in pages.

use crate::served::Served as _;
use proto::auth::v1::{ListSessionsRequest, ListSessionsResponse};
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, refusal, with_token},
    pages::all_pages,
};
use tonic::{Code, Status};

async fn page(
    auth: &Auth,
    token: &str,
    page_size: i32,
    page_token: &str,
) -> Result<ListSessionsResponse, Status> {
    let page_token = page_token.to_owned();
    let request = ListSessionsRequest {
        page_size,
        page_token,
    };
    let answer = auth
        .client()
        .list_sessions(with_token(request, token))
        .await;
    answer.map(tonic::Response::into_inner)
}

/// The ids on all pages of a size, and how many pages there were.
async fn walk(auth: &Auth, token: &str, page_size: i32) -> (Vec<String>, usize) {
    let mut pages = 0;
    let ids = all_pages(async |page_token| {
        let page = page(auth, token, page_size, &page_token).await?;
        pages += 1;
        let ids = page.sessions.into_iter().map(|session| session.session_id);
        Ok::<_, Status>((ids.collect(), page.next_page_token))
    });
    (ids.await.unwrap(), pages)
}

testing::on_both_databases! {
    async fn the_owner_sees_its_own_live_sessions_newest_first(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        auth.add_customer("omar@example.com").await;
        let expired = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.clock.advance(Duration::from_hours(8 * 24));
        let other = auth.log_in("omar@example.com").await;
        let revoked = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.revoke(&revoked.access_token).await.unwrap();
        let first = auth.log_in("sara@example.com").await.session.unwrap().session_id;
        let second = auth.log_in("sara@example.com").await;
        let listed = auth.list(&second.tokens.as_ref().unwrap().access_token).await.unwrap();
        let ids: Vec<_> = listed.sessions.iter().map(|session| session.session_id.clone()).collect();
        assert_eq!(ids, [second.session.clone().unwrap().session_id, first]);
        assert!(listed.sessions[0].current && !listed.sessions[1].current);
        assert_eq!(listed.sessions[0], second.session.unwrap(), "as the log-in answered");
        assert_eq!(listed.next_page_token, "");
        let theirs = auth.list(&other.tokens.unwrap().access_token).await.unwrap();
        assert_eq!(theirs.sessions.len(), 1);
        let late = refusal(auth.list(&expired.access_token).await);
        assert_eq!(late, (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned()));
    }

    async fn all_pages_of_any_size_hold_each_session_once(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let mut newest_first = Vec::new();
        let mut token = String::new();
        for _ in 0..7 {
            let answer = auth.log_in("sara@example.com").await;
            newest_first.insert(0, answer.session.unwrap().session_id);
            token = answer.tokens.unwrap().access_token;
        }
        // ties of time have an order, too
        auth.database.execute("UPDATE user_sessions SET created_at = (SELECT MAX(created_at) FROM user_sessions)").await;
        for (page_size, expected_pages) in [(1, 7), (2, 4), (7, 1), (100, 1), (1_000_000, 1), (0, 1)] {
            let (ids, pages) = walk(&auth, &token, page_size).await;
            assert_eq!(ids, newest_first, "{page_size}");
            assert_eq!(pages, expected_pages, "{page_size}");
        }
    }

    async fn a_page_has_twenty_by_default_and_a_hundred_at_most(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let token = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        let uuid = match kind {
            Kind::Postgres => "gen_random_uuid()::text",
            Kind::Sqlite => "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) \
                             || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
        };
        let columns = "user_id, expires_at, created_at, generation, rotated_at, absolute_expires_at, password_digest";
        auth.database
            .execute(&format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 119) \
                 INSERT INTO user_sessions (session_id, {columns}) SELECT {uuid}, {columns} FROM user_sessions, n"
            ))
            .await;
        for (page_size, expected) in [(0, 20), (99, 99), (100, 100), (101, 100), (i32::MAX, 100)] {
            let page = page(&auth, &token, page_size, "").await.unwrap();
            assert_eq!(page.sessions.len(), expected, "{page_size}");
            assert_ne!(page.next_page_token, "");
        }
        assert_eq!(walk(&auth, &token, 100).await.0.len(), 120);
    }

    async fn a_wrong_page_is_refused_by_its_field(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let token = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        let wrong = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
        for (page_size, page_token) in [(-1, ""), (i32::MIN, ""), (1, "x"), (1, "AAAAAAAAAAAAAAAAAA"), (1, "\0")] {
            assert_eq!(refusal(page(&auth, &token, page_size, page_token).await), wrong);
        }
        let long = "A".repeat(60_000);
        assert_eq!(refusal(page(&auth, &token, 1, &long).await), wrong);
        // one that names the ends of time is of ours, and gives what there is
        for micros in [i64::MIN, i64::MAX] {
            let bytes = [&[1], micros.to_be_bytes().as_slice(), &[0; 4]].concat();
            let ends = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
            let page = page(&auth, &token, 1, &ends).await.expect("a page");
            assert_eq!(page.sessions.len(), usize::from(micros == i64::MAX));
        }
    }
}
