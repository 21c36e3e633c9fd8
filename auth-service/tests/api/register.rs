//! Register: a new customer, logged in.

use crate::{
    rows::{self, text},
    served::Served as _,
};
use database::DatabaseUrl;
use proto::auth::v1::{RegisterRequest, RegisterResponse, UserType};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, refusal},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

fn sara() -> RegisterRequest {
    RegisterRequest {
        name: "سارة".to_owned(),
        email: "sara@example.com".to_owned(),
        phone: "+966 50 123 4567".to_owned(),
        password: "correct horse battery".to_owned(),
        language_preference: "ar".to_owned(),
        device_info: "Firefox on Android".to_owned(),
    }
}

async fn register(auth: &Auth, request: RegisterRequest) -> Result<RegisterResponse, Status> {
    let answer = auth.client().register(request).await;
    answer.map(tonic::Response::into_inner)
}

/// The fields that an INVALID_ARGUMENT names.
async fn wrong_fields(auth: &Auth, request: RegisterRequest) -> Vec<String> {
    let status = register(auth, request).await.expect_err("a wrong field");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "FIELD_INVALID");
    let violations = &details.bad_request().unwrap().field_violations;
    violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect()
}

async fn count(auth: &Auth, table: &str) -> Option<String> {
    text(
        &auth.database,
        &format!("SELECT CAST(COUNT(*) AS text) FROM {table}"),
    )
    .await
}

testing::on_both_databases! {
    async fn a_registration_answers_as_a_log_in_does(kind: Kind) {
        let auth = Auth::start(kind).await;
        let answer = register(&auth, sara()).await.expect("registered");
        let (tokens, session, user) = (answer.tokens.unwrap(), answer.session.unwrap(), answer.user.unwrap());
        assert_eq!((user.name.as_str(), user.email.as_str()), ("سارة", "sara@example.com"));
        assert_eq!((user.user_type(), user.role.as_str()), (UserType::Customer, "customer"));
        assert_eq!((user.partner_id, user.language_preference.as_str()), (None, "ar"));
        assert_eq!(user.permissions, [] as [&str; 0]);
        assert_eq!(session.device_info, "Firefox on Android");
        let principal = auth.validate(&tokens.access_token).await.unwrap().principal.unwrap();
        assert_eq!((principal.user_id, principal.session_id), (user.user_id, session.session_id));
        auth.refresh(&tokens.refresh_token).await.expect("as any session");
        auth.log_in("sara@example.com").await;

        let customer = format!(
            "SELECT phone || preferred_language || CAST(user_id = {} AS text) FROM customers",
            user.user_id
        );
        let customer = text(&auth.database, &customer).await.unwrap();
        assert!(customer.starts_with("+966 50 123 4567ar"), "{customer}");
        let noted = "SELECT CAST(last_login_at AS text) FROM users";
        assert!(text(&auth.database, noted).await.is_some(), "a registration logs in");
    }

    async fn every_wrong_field_is_named(kind: Kind) {
        let auth = Auth::start(kind).await;
        let nothing = wrong_fields(&auth, RegisterRequest::default()).await;
        let distinct: std::collections::BTreeSet<&str> = nothing.iter().map(String::as_str).collect();
        assert_eq!(distinct, ["email", "name", "password", "phone"].into());
        assert_eq!(distinct.len(), nothing.len(), "each once: {nothing:?}");
        for (request, field) in [
            (RegisterRequest { name: " \t ".to_owned(), ..sara() }, "name"),
            (RegisterRequest { name: "ع".repeat(256), ..sara() }, "name"),
            (RegisterRequest { email: "nobody".to_owned(), ..sara() }, "email"),
            (RegisterRequest { email: format!("{}@x", "a".repeat(254)), ..sara() }, "email"),
            (RegisterRequest { phone: "none".to_owned(), ..sara() }, "phone"),
            (RegisterRequest { phone: "1".repeat(51), ..sara() }, "phone"),
            (RegisterRequest { language_preference: "arabic".to_owned(), ..sara() }, "language_preference"),
            (RegisterRequest { password: "1234567".to_owned(), ..sara() }, "password"),
            (RegisterRequest { password: "x".repeat(129), ..sara() }, "password"),
            (RegisterRequest { password: "QwertyUiop".to_owned(), ..sara() }, "password"),
            (RegisterRequest { password: sara().email, ..sara() }, "password"),
            (RegisterRequest { password: "x".repeat(60_000), ..sara() }, "password"),
        ] {
            assert_eq!(wrong_fields(&auth, request).await, [field]);
        }
        assert_eq!(count(&auth, "users").await.as_deref(), Some("0"));
    }

    async fn a_phone_is_kept_in_the_digits_in_which_it_is_written(kind: Kind) {
        let auth = Auth::start(kind).await;
        for (account, phone) in ["٠١٠٠١٢٣٤٥٦٧", "+۹۸ ۹۱۲", "०९८", "০১৭", "＋２０"].into_iter().enumerate() {
            let email = format!("sara{account}@example.com");
            let request = RegisterRequest { phone: phone.to_owned(), email: email.clone(), ..sara() };
            register(&auth, request).await.expect(phone);
            let kept = format!("SELECT phone FROM users WHERE email = '{email}'");
            assert_eq!(text(&auth.database, &kept).await.as_deref(), Some(phone));
        }
        for none in ["five", "½", "五", "Ⅴ"] {
            let request = RegisterRequest { phone: none.to_owned(), ..sara() };
            assert_eq!(wrong_fields(&auth, request).await, ["phone"], "{none}");
        }
    }

    async fn invisible_characters_in_a_new_address_are_refused_and_named(kind: Kind) {
        let auth = Auth::start(kind).await;
        register(&auth, sara()).await.expect("registered");
        for (email, named) in [
            ("sa\u{200b}ra@example.com", "U+200B"),
            ("\u{202e}sara@example.com", "U+202E"),
            ("sara\u{200d}@example.com", "U+200D"),
            ("sara@example\u{ad}.com", "U+00AD"),
            ("sara@example.com\u{fe0f}", "U+FE0F"),
            ("sara\u{3164}@example.com", "U+3164"),
        ] {
            let request = RegisterRequest { email: email.to_owned(), ..sara() };
            let refusal = register(&auth, request.clone()).await.unwrap_err();
            assert!(refusal.message().contains(named), "{refusal}");
            assert_eq!(wrong_fields(&auth, request).await, ["email"], "{named}");
        }
        assert_eq!(count(&auth, "users").await.as_deref(), Some("1"));
    }

    async fn a_name_is_seen_and_kept_as_it_is_written(kind: Kind) {
        let auth = Auth::start(kind).await;
        for name in ["\u{200b}\u{200b}", "\u{3164}", "\u{2800}", "\u{202e}araS", "Sara\u{200e}", "Sa\u{200b}ra", "\u{200c}Sara"] {
            let request = RegisterRequest { name: name.to_owned(), ..sara() };
            assert_eq!(wrong_fields(&auth, request).await, ["name"], "{}", name.escape_unicode());
        }
        for (account, name) in ["می\u{200c}خواهم", "👩\u{200d}❤\u{fe0f}\u{200d}👨", "سارة"].into_iter().enumerate() {
            let email = format!("sara{account}@example.com");
            let request = RegisterRequest { name: name.to_owned(), email: email.clone(), ..sara() };
            let user = register(&auth, request).await.expect(name).user.unwrap();
            assert_eq!(user.name, name);
            let kept = format!("SELECT name FROM users WHERE email = '{email}'");
            assert_eq!(text(&auth.database, &kept).await.as_deref(), Some(name));
        }
    }

    async fn a_copied_phone_is_kept_without_the_marks_around_it(kind: Kind) {
        let auth = Auth::start(kind).await;
        let copied = RegisterRequest { phone: "\u{202a}+20 100\u{202c}".to_owned(), ..sara() };
        register(&auth, copied).await.expect("registered");
        let kept = text(&auth.database, "SELECT phone FROM users").await;
        assert_eq!(kept.as_deref(), Some("+20 100"));
    }

    async fn the_character_nul_is_refused_by_its_field(kind: Kind) {
        let auth = Auth::start(kind).await;
        for (request, field) in [
            (RegisterRequest { name: "Sara\0".to_owned(), ..sara() }, "name"),
            (RegisterRequest { email: "sara\0@example.com".to_owned(), ..sara() }, "email"),
            (RegisterRequest { phone: "1\0".to_owned(), ..sara() }, "phone"),
            (RegisterRequest { password: "a long\0 password".to_owned(), ..sara() }, "password"),
            (RegisterRequest { language_preference: "a\0".to_owned(), ..sara() }, "language_preference"),
        ] {
            assert_eq!(wrong_fields(&auth, request).await, [field]);
        }
        let device = RegisterRequest { device_info: "Fire\0fox".to_owned(), ..sara() };
        let session = register(&auth, device).await.expect("cleaned").session.unwrap();
        assert_eq!(session.device_info, "Firefox");
    }

    async fn an_address_registers_once_and_case_makes_another(kind: Kind) {
        let auth = Auth::start(kind).await;
        let first = register(&auth, sara()).await.unwrap().user.unwrap();
        let taken = (Code::AlreadyExists, "EMAIL_TAKEN".to_owned());
        assert_eq!(refusal(register(&auth, sara()).await), taken);
        assert_eq!(count(&auth, "customers").await.as_deref(), Some("1"), "nothing is left of it");
        assert_eq!(count(&auth, "user_sessions").await.as_deref(), Some("1"));
        let upper = RegisterRequest { email: "Sara@example.com".to_owned(), ..sara() };
        let second = register(&auth, upper).await.unwrap().user.unwrap();
        assert_ne!(first.user_id, second.user_id);
        // deleted users included
        auth.database.execute("UPDATE users SET is_deleted = true").await;
        assert_eq!(refusal(register(&auth, sara()).await), taken);
    }

    async fn of_two_registrations_at_once_one_wins(kind: Kind) {
        let auth = Auth::start(kind).await;
        let (one, other) = tokio::join!(register(&auth, sara()), register(&auth, sara()));
        let taken = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].code(), Code::AlreadyExists);
        assert_eq!(count(&auth, "users").await.as_deref(), Some("1"));
    }

    async fn a_password_is_kept_as_argon2id_over_its_normal_form(kind: Kind) {
        let auth = Auth::start(kind).await;
        let decomposed = "مؤ\u{654}من كلمة سر طويلة".to_owned();
        let request = RegisterRequest { password: decomposed.clone(), ..sara() };
        register(&auth, request).await.expect("registered");
        let kept = text(&auth.database, "SELECT password FROM users").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$"), "{kept}");
        let composed: String = unicode_normalization::UnicodeNormalization::nfc(decomposed.as_str()).collect();
        for password in [decomposed, composed] {
            let request = proto::auth::v1::CreateSessionRequest {
                email: "sara@example.com".to_owned(),
                password,
                device_info: String::new(),
            };
            auth.client().create_session(request).await.expect("either form");
        }
    }

    async fn where_the_old_application_reads_along_bcrypt_is_written(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url: DatabaseUrl = database.url_as(Role::Auth);
        let auth = Auth::start_through(database, &url, &["--password-hash=bcrypt"]).await;
        let long = RegisterRequest { password: "x".repeat(73), ..sara() };
        assert_eq!(wrong_fields(&auth, long).await, ["password"]);
        let nul = RegisterRequest { password: "a long\0 password".to_owned(), ..sara() };
        assert_eq!(wrong_fields(&auth, nul).await, ["password"]);
        register(&auth, sara()).await.expect("registered");
        let kept = text(&auth.database, "SELECT password FROM users").await.unwrap();
        assert!(kept.starts_with("$2b$12$"), "{}", &kept[..7]);
        auth.log_in("sara@example.com").await;
    }

    async fn without_the_role_of_customers_nobody_is_half_registered(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.database.execute("DELETE FROM roles WHERE name = 'customer'").await;
        let fault = refusal(register(&auth, sara()).await);
        assert_eq!(fault, (Code::Internal, "INTERNAL".to_owned()));
        let users = rows::text(&auth.database, "SELECT CAST(COUNT(*) AS text) FROM users").await;
        assert_eq!(users.as_deref(), Some("0"));
    }
}
