//! CreateSession: who may log in, and what a log-in leaves behind.

use crate::{
    rows::{self, text},
    served::Served as _,
};
use auth_service::{
    model::{Client, Lifetimes, PasswordHash},
    store::{CreateOutcome, NewSession, Store},
};
use contract::ids::{SessionId, UserId};
use proto::auth::v1::{CreateSessionRequest, CreateSessionResponse, UserType};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, TestUser, refusal},
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

async fn log_in(auth: &Auth, email: &str, password: &str) -> Result<CreateSessionResponse, Status> {
    let request = CreateSessionRequest {
        email: email.to_owned(),
        password: password.to_owned(),
        device_info: String::new(),
    };
    let answer = auth.client().create_session(request).await;
    answer.map(tonic::Response::into_inner)
}

/// All of a user's row but what a log-in may change.
async fn user_row(auth: &Auth, id: i32) -> Option<String> {
    let row = "id || name || email || coalesce(phone, '-') || password || role_id || \
               CAST(user_type AS text) || coalesce(partner_id, 0) || language_preference || \
               CAST(created_at AS text) || CAST(is_active AS text) || CAST(is_deleted AS text)";
    text(
        &auth.database,
        &format!("SELECT {row} FROM users WHERE id = {id}"),
    )
    .await
}

testing::on_both_databases! {
    async fn a_log_in_answers_with_the_session_and_the_user(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.database.execute("INSERT INTO partners (id, name) VALUES (7, 'Fast Fix')").await;
        let id = auth
            .add_user(TestUser { email: "omar@example.com", user_type: "partner", role: "partner", partner_id: Some(7) })
            .await;
        let answer = auth.log_in("omar@example.com").await;
        let (tokens, session, user) = (answer.tokens.unwrap(), answer.session.unwrap(), answer.user.unwrap());
        assert_eq!((user.user_id, user.email.as_str()), (id, "omar@example.com"));
        assert_eq!((user.user_type(), user.role.as_str()), (UserType::Partner, "partner"));
        assert_eq!((user.partner_id, user.language_preference.as_str()), (Some(7), "en"));
        assert_eq!(user.permissions, ["notification_view", "request_update", "request_view"]);
        assert!(session.current);
        assert_eq!(session.ip_address, "127.0.0.1");
        assert!(session.device_info.starts_with("tonic/"), "its user-agent: {}", session.device_info);
        assert_eq!(tokens.generation, 1);
        assert_eq!(tokens.refresh_token_expire_time.map(|end| end.seconds), session.expire_time.map(|end| end.seconds));
        let seconds = |time: Option<prost_types::Timestamp>| time.unwrap().seconds;
        assert_eq!(seconds(session.expire_time) - seconds(session.create_time), 7 * 86_400);
        assert_eq!(seconds(session.absolute_expire_time) - seconds(session.create_time), 30 * 86_400);
        assert_eq!(seconds(tokens.access_token_expire_time) - seconds(session.create_time), 900);

        let principal = auth.validate(&tokens.access_token).await.unwrap().principal.unwrap();
        assert_eq!((principal.user_id, principal.name.as_str()), (id, "omar@example.com"));
        assert_eq!((principal.user_type(), principal.role.as_str()), (UserType::Partner, "partner"));
        assert_eq!((principal.partner_id, principal.permissions), (Some(7), user.permissions));
        assert_eq!(principal.session_id, session.session_id);
    }

    async fn session_ids_are_random(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let mut seen = std::collections::HashSet::new();
        for _ in 0..20 {
            let id = auth.log_in("sara@example.com").await.session.unwrap().session_id;
            let parsed = uuid::Uuid::parse_str(&id).unwrap();
            assert_eq!(parsed.get_version_num(), 4, "{id}");
            assert_eq!(parsed.get_variant(), uuid::Variant::RFC4122, "{id}");
            assert!(seen.insert(id), "twice");
        }
    }

    async fn a_log_in_does_not_reveal_which_accounts_exist(kind: Kind) {
        let auth = Auth::start(kind).await;
        for email in ["sara@example.com", "disabled@example.com", "deleted@example.com", "unknown-flag@example.com"] {
            auth.add_customer(email).await;
        }
        auth.database.execute("UPDATE users SET is_active = false WHERE email = 'disabled@example.com'").await;
        auth.database.execute("UPDATE users SET is_deleted = true WHERE email = 'deleted@example.com'").await;
        auth.database.execute("UPDATE users SET is_active = NULL WHERE email = 'unknown-flag@example.com'").await;
        let attempts = [
            ("nobody@example.com", PASSWORD),
            ("sara@example.com", "a wrong password"),
            ("disabled@example.com", PASSWORD),
            ("deleted@example.com", PASSWORD),
            ("unknown-flag@example.com", PASSWORD),
            ("SARA@example.com", PASSWORD),
        ];
        let mut answers = Vec::new();
        for (email, password) in attempts {
            let status = log_in(&auth, email, password).await.expect_err(email);
            assert_eq!(status.code(), Code::Unauthenticated, "{email}");
            let reason = status.get_error_details().error_info().unwrap().reason.clone();
            assert_eq!(reason, "CREDENTIALS_INVALID");
            answers.push((status.message().to_owned(), status.details().to_vec()));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "one answer for all: {answers:?}");
        let sessions = text(&auth.database, "SELECT CAST(COUNT(*) AS text) FROM user_sessions").await;
        assert_eq!(sessions.as_deref(), Some("0"));
    }

    async fn a_pasted_address_logs_in_whatever_comes_along_unseen(kind: Kind) {
        let auth = Auth::start(kind).await;
        let mona = auth.add_customer("mona@example.com").await;
        for pasted in ["\u{200e}mona@example.com", "mona@example.com\u{200b}", "\u{202a}mona@exam\u{ad}ple.com\u{202c}"] {
            let answer = log_in(&auth, pasted, PASSWORD).await.expect("logged in");
            assert_eq!(answer.user.unwrap().user_id, mona);
        }
        // registered before such addresses were refused
        let older = auth.add_customer("mo\u{200b}na@example.com").await;
        for (typed, user) in [("mo\u{200b}na@example.com", older), ("mon\u{200b}a@example.com", mona)] {
            let answer = log_in(&auth, typed, PASSWORD).await.expect("logged in");
            assert_eq!(answer.user.unwrap().user_id, user);
        }
        for unknown in ["\u{200b}", "\u{200e}MONA@example.com", "\u{200e}nobody@example.com"] {
            let refused = log_in(&auth, unknown, PASSWORD).await.expect_err("unknown");
            assert_eq!(refused.code(), Code::Unauthenticated);
        }
    }

    async fn a_long_forwarded_for_header_is_neither_trouble_nor_believed(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        for forwarded in ["9".repeat(5_000), "203.0.113.9".to_owned()] {
            let mut request = Request::new(CreateSessionRequest {
                email: "sara@example.com".to_owned(),
                password: PASSWORD.to_owned(),
                device_info: "x".repeat(5_000),
            });
            request.metadata_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
            let answer = auth.client().create_session(request).await.expect("logged in");
            let session = answer.into_inner().session.unwrap();
            assert_eq!(session.ip_address, "127.0.0.1");
            assert_eq!(session.device_info.len(), 255);
        }
    }

    async fn behind_proxies_only_an_address_that_they_saw_is_kept(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let replica = auth.another_replica_with(&["--trusted-proxies=2"]).await;
        let long = "9".repeat(5_000);
        for (forwarded, expected) in [
            (vec!["203.0.113.9, 198.51.100.7"], "203.0.113.9"),
            (vec!["10.0.0.1, <script>, 2001:db8::9", "198.51.100.7"], "2001:db8::9"),
            (vec![&long, "203.0.113.9", "198.51.100.7"], "203.0.113.9"),
            (vec!["203.0.113.9", &long, "198.51.100.7"], "127.0.0.1"),
            (vec!["unknown, 198.51.100.7"], "127.0.0.1"),
            (vec!["198.51.100.7"], "127.0.0.1"),
            (vec![], "127.0.0.1"),
        ] {
            let mut request = Request::new(CreateSessionRequest {
                email: "sara@example.com".to_owned(),
                password: PASSWORD.to_owned(),
                device_info: "\u{202e}phone\u{200b}".to_owned(),
            });
            for value in &forwarded {
                request.metadata_mut().append("x-forwarded-for", value.parse().unwrap());
            }
            let answer = replica.client().create_session(request).await.expect("logged in");
            let session = answer.into_inner().session.unwrap();
            assert_eq!(session.ip_address, expected, "{forwarded:?}");
            assert_eq!(session.device_info, "phone");
        }
    }

    async fn a_log_in_is_noted_with_the_user_and_changes_nothing_else(kind: Kind) {
        let auth = Auth::start(kind).await;
        let id = auth.add_customer("sara@example.com").await;
        let before = user_row(&auth, id).await;
        let noted = "SELECT CAST(last_login_at AS text) FROM users";
        assert_eq!(text(&auth.database, noted).await, None);
        assert!(log_in(&auth, "sara@example.com", "a wrong password").await.is_err());
        assert_eq!(text(&auth.database, noted).await, None);
        auth.log_in("sara@example.com").await;
        let created = rows::session_column(&auth.database, "created_at").await;
        assert_eq!(text(&auth.database, noted).await, created, "the session's own time");
        assert_eq!(user_row(&auth, id).await, before);
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let last = text(&auth.database, noted).await;
        auth.validate(&tokens.access_token).await.unwrap();
        auth.refresh(&tokens.refresh_token).await.unwrap();
        assert_eq!(text(&auth.database, noted).await, last, "a refresh is no log-in");
    }

    async fn a_password_that_the_old_application_hashed_logs_in(kind: Kind) {
        let auth = Auth::start(kind).await;
        let id = auth.add_customer("sara@example.com").await;
        let decomposed = "مؤ\u{654}من كلمة سر";
        for (password, prefix) in [(PASSWORD, "$2a$"), (PASSWORD, "$2b$"), (decomposed, "$2b$")] {
            let hash = bcrypt::hash(password, 10).unwrap().replacen("$2b$", prefix, 1);
            auth.database.execute(&format!("UPDATE users SET password = '{hash}' WHERE id = {id}")).await;
            log_in(&auth, "sara@example.com", password).await.expect(prefix);
            let kept = text(&auth.database, "SELECT password FROM users").await.unwrap();
            assert!(kept.starts_with("$argon2id$"), "made by `up`, not adopted");
            log_in(&auth, "sara@example.com", password).await.expect(prefix);
        }
    }

    async fn a_text_that_no_account_can_have_is_refused_by_its_field(kind: Kind) {
        let auth = Auth::start(kind).await;
        let long = "x".repeat(1_025);
        let cases = [
            ("", PASSWORD, vec!["email"]),
            ("sara\0@example.com", PASSWORD, vec!["email"]),
            ("sara@example.com", "", vec!["password"]),
            ("sara@example.com", "\0\0\0\0\0\0\0\0\0", vec!["password"]),
            ("sara@example.com", &long, vec!["password"]),
            ("", "", vec!["email", "password"]),
        ];
        for (email, password, fields) in cases {
            let status = log_in(&auth, email, password).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument);
            let details = status.get_error_details();
            let violations = &details.bad_request().unwrap().field_violations;
            let named: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
            assert_eq!(named, fields);
        }
    }

    async fn a_password_that_changes_under_a_log_in_is_verified_anew(kind: Kind) {
        let auth = Auth::start(kind).await;
        let id = UserId(auth.add_customer("sara@example.com").await);
        let store = Store::new(auth.database.open(&auth.clock).await);
        let verified = store.find_log_in("sara@example.com").await.unwrap().unwrap().password;
        let session = NewSession { id: SessionId::random(), client: Client::default(), lifetimes: Lifetimes::default() };
        let now = bcrypt::hash("another password", 4).unwrap();
        auth.database.execute(&format!("UPDATE users SET password = '{now}'")).await;
        match store.create_session(id, &verified, None, &session).await.unwrap() {
            CreateOutcome::PasswordChanged(text) => assert_eq!(text.expose(), now),
            other => panic!("{other:?}"),
        }
        assert!(store.load_one(session.id).await.unwrap().is_none(), "no session of the old one");
        let now = PasswordHash::new(now);
        assert!(matches!(store.create_session(id, &now, None, &session).await.unwrap(), CreateOutcome::Created));

        let session = NewSession { id: SessionId::random(), ..session };
        auth.database.execute("UPDATE users SET is_deleted = true").await;
        assert!(matches!(store.create_session(id, &now, None, &session).await.unwrap(), CreateOutcome::UserGone));
        let nobody = store.create_session(UserId(i32::MAX), &now, None, &session).await.unwrap();
        assert!(matches!(nobody, CreateOutcome::UserGone));
        assert!(store.load_one(session.id).await.unwrap().is_none());
    }

    async fn a_password_of_no_known_hash_logs_nobody_in(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url_as(Role::Auth);
        let auth = Auth::start_through(database, &url, &["--throttle-log-ins=1000"]).await;
        auth.add_customer("sara@example.com").await;
        // the last three would take gigabytes, or hours
        let rest = "AQcWV+SLrFdVXAuAwk3EVg$LlUcGdAbQwYVINlqZxVVhAXTR6Plss0OfcmOJaNaL2E";
        let absurd = [
            format!("$argon2id$v=19$m=4194304,t=1,p=1${rest}"),
            format!("$argon2id$v=19$m=19456,t=1000000,p=1${rest}"),
            "$2b$31$ryRRs9kFi7sIrNfD9d.Z/.A2ashAgqsIUuS4A.tpp48pUm8e/kM5a".to_owned(),
        ];
        let unknown = ["", "correct horse battery", "$2b$10$short", "$argon2id$v=19$m=8,t=1,p=1$"];
        for hash in unknown.into_iter().chain(absurd.iter().map(String::as_str)) {
            auth.database.execute(&format!("UPDATE users SET password = '{hash}'")).await;
            let refused = refusal(log_in(&auth, "sara@example.com", PASSWORD).await);
            assert_eq!(refused, (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned()), "{hash}");
        }
    }
}
