//! The users of `old_rows.sql` that have a password, at work with both services.

use super::services::Services;
use database::Database;
use futures_util::future::join_all;
use proto::{auth::v1::ListSessionsRequest, requests::v1::ListPartnerRequestsRequest};
use testing::{TestDatabase, fingerprint::lines};
use tonic::Code;

/// One of them.
pub(super) struct OldUser {
    id: i32,
    email: &'static str,
    password: &'static str,
    /// How many requests they see; `None`: they may see none.
    sees: Option<usize>,
}

/// More than the 72 bytes that bcrypt reads.
const LONG: &str =
    "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp";
/// Arabic, alef and maddah apart, as some keyboards send them.
const DECOMPOSED: &str = "القرا\u{653}ن سر";

/// Of either cost and prefix; one is a partner's, one a customer.
pub(super) const OLD_USERS: [OldUser; 4] = [
    OldUser {
        // $2a$10$
        id: 1,
        email: "ada@example.com",
        password: "correct horse battery",
        sees: Some(201),
    },
    OldUser {
        // $2b$12$
        id: 2,
        email: "Ada@example.com",
        password: LONG,
        sees: Some(100),
    },
    OldUser {
        // $2a$12$
        id: 5,
        email: "huda@example.com",
        password: DECOMPOSED,
        sees: Some(201),
    },
    OldUser {
        // $2b$10$
        id: 6,
        email: "هدى@example.com",
        password: DECOMPOSED,
        sees: None,
    },
];

/// The ids of [`OLD_USERS`].
pub(super) fn ids() -> Vec<i32> {
    OLD_USERS.iter().map(|user| user.id).collect()
}

/// Starts both services, lets users log in and look around, and stops them.
pub(super) async fn log_in(database: TestDatabase, users: &[OldUser]) -> TestDatabase {
    let services = Services::start_on(database).await;
    let refused = services.log_in("omar@example.com", "not the password");
    let (refused, ()) = tokio::join!(refused, async {
        join_all(users.iter().map(|user| look_around(&services, user))).await;
    });
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
    services.stop()
}

async fn look_around(services: &Services, user: &OldUser) {
    let OldUser {
        id,
        email,
        password,
        sees,
    } = user;
    let answer = services.log_in(email, password).await;
    let answer = answer.unwrap_or_else(|status| panic!("{email}: {status}"));
    let token = &answer.tokens.unwrap().access_token;
    let session = answer.session.unwrap().session_id;

    let principal = services.validate(token).await.unwrap().principal.unwrap();
    assert_eq!((principal.user_id, &principal.session_id), (*id, &session));

    // the old application's session of the same user is none of ours
    let listed = services
        .sessions(token, ListSessionsRequest::default())
        .await
        .unwrap();
    let listed: Vec<_> = listed.sessions.iter().map(|s| &s.session_id).collect();
    assert_eq!(listed, [&session], "{email}");

    let pages = ListPartnerRequestsRequest {
        page_size: 100,
        ..ListPartnerRequestsRequest::default()
    };
    match (services.walk(token, pages).await, sees) {
        (Ok(requests), Some(sees)) => assert_eq!(requests.len(), *sees, "{email}"),
        (Err(refusal), None) => assert_eq!(refusal.code(), Code::PermissionDenied, "{email}"),
        (other, _) => panic!("{email}: {other:?}"),
    }
}

/// Whom the database says to have logged in.
pub(super) async fn logged_in(database: &Database) -> Vec<String> {
    let query = "SELECT id::text AS line FROM users WHERE isfinite(last_login_at) ORDER BY id";
    lines(database, query).await
}
