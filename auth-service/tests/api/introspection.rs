//! Introspection (RFC 7662): what services that speak no gRPC are told of a token.

use crate::{
    forge::{Forged, key_file},
    outages::world,
    served::Served as _,
};
use serde_json::{Value, json};
use std::{fmt::Display, time::Duration};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, SERVICE_TOKEN, TestUser},
    certificates::{Authority, Mounted},
    curl::{Answer, curl},
};

const SARA: &str = "sara@example.com";
const PATH: &str = "/oauth2/introspect";

/// Asks by a form, with a credential and more arguments.
async fn ask(server: impl Display, form: &str, bearer: &str, arguments: &[&str]) -> Answer {
    let url = format!("{server}{PATH}");
    let bearer = format!("authorization: Bearer {bearer}");
    let own = ["--data-raw", form, "--header", &bearer, &url];
    curl(own.iter().chain(arguments)).await
}

async fn about(auth: &Auth, token: &str) -> Answer {
    let server = format!("http://{}", auth.replica.internal);
    ask(server, &format!("token={token}"), SERVICE_TOKEN, &[]).await
}

/// What a token says, by itself.
fn claims(token: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    serde_json::from_slice(&payload.unwrap()).unwrap()
}

testing::on_both_databases! {
    async fn introspection_of_a_valid_token_names_its_user(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.database.execute("INSERT INTO partners (id, name) VALUES (7, 'seven')").await;
        let user = TestUser { email: SARA, user_type: "partner", role: "partner", partner_id: Some(7) };
        let id = auth.add_user(user).await;
        let tokens = auth.log_in(SARA).await.tokens.unwrap();
        let validated = auth.validate(&tokens.access_token).await.unwrap();
        let principal = validated.principal.unwrap();
        assert!(!principal.permissions.is_empty());
        let answer = about(&auth, &tokens.access_token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let claims = claims(&tokens.access_token);
        assert_eq!(answer.json(), json!({
            "active": true,
            "token_type": "Bearer",
            "sub": id.to_string(),
            "sid": principal.session_id,
            "exp": claims["exp"],
            "iat": claims["iat"],
            "iss": "ticketing-auth",
            "aud": "ticketing",
            "scope": principal.permissions.join(" "),
            "username": SARA,
            "user_type": "partner",
            "role": "partner",
            "partner_id": 7,
        }));
    }

    async fn introspection_of_an_invalid_token_says_only_inactive(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let expired = auth.log_in(SARA).await.tokens.unwrap().access_token;
        auth.clock.advance(Duration::from_mins(16));
        let ended = auth.log_in(SARA).await.tokens.unwrap().access_token;
        auth.revoke(&ended).await.unwrap();
        let live = auth.log_in(SARA).await.tokens.unwrap();
        let elsewhere = Forged::from(&live.access_token).claim("iss", "elsewhere");
        let unsigned = format!("{}.", live.access_token.rsplit_once('.').unwrap().0);
        let inactive = json!({ "active": false });
        for token in [
            &expired, &ended, &live.refresh_token, &elsewhere.signed_by(&key_file(&auth)),
            &unsigned, "garbage", "%00%ff", &"a".repeat(60_000),
        ] {
            let answer = about(&auth, token).await;
            let told = (answer.status, answer.json(), answer.header("cache-control"));
            assert_eq!(told, (200, inactive.clone(), Some("no-store")), "{token}");
            // as ValidateSession says, too
            if token.len() < 4_096 {
                auth.validate(token).await.unwrap_err();
            }
        }
        let answer = about(&auth, &live.access_token).await;
        assert_eq!(answer.json()["active"], true);
    }

    async fn only_services_may_ask_and_only_by_a_form(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
        let server = format!("http://{}", auth.replica.internal);
        let form = format!("token={token}");
        for stranger in ["", "wrong", &token] {
            let answer = ask(&server, &form, stranger, &[]).await;
            let invalid = (401, "unauthenticated".to_owned(), "SERVICE_TOKEN_INVALID".to_owned());
            assert_eq!(answer.refusal(), invalid);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        for wrong in ["", "token=", "tokens=a", &format!("{form}&{form}"), "token_type_hint=access_token"] {
            let answer = ask(&server, wrong, SERVICE_TOKEN, &[]).await;
            let invalid = (400, "invalid_argument".to_owned(), "FIELD_INVALID".to_owned());
            assert_eq!((answer.refusal(), answer.fields()), (invalid, vec!["token".to_owned()]), "{wrong}");
        }
        let hinted = format!("token_type_hint=refresh_token&{form}&more=1");
        let answer = ask(&server, &hinted, SERVICE_TOKEN, &["--header", "content-type: Application/X-WWW-Form-Urlencoded; charset=UTF-8"]).await;
        assert_eq!(answer.json()["active"], true, "{answer:?}");

        let json = ["--header", "content-type: application/json"];
        let answer = ask(&server, &json!({ "token": token }).to_string(), SERVICE_TOKEN, &json).await;
        assert_eq!((answer.status, answer.header("accept")), (415, Some("application/x-www-form-urlencoded")));
        let in_the_url = ask(&server, "", SERVICE_TOKEN, &["--url-query", &form]).await;
        assert_eq!(in_the_url.status, 400, "a URL is in logs");
        let answer = ask(&server, &form, SERVICE_TOKEN, &["--get"]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        let long = format!("token={}", "a".repeat(70_000));
        let answer = ask(&server, &long, SERVICE_TOKEN, &[]).await;
        let too_large = (429, "resource_exhausted".to_owned(), "MESSAGE_TOO_LARGE".to_owned());
        assert_eq!(answer.refusal(), too_large);
        for elsewhere in [auth.replica.public, auth.replica.ops] {
            let answer = ask(format!("http://{elsewhere}"), &form, SERVICE_TOKEN, &[]).await;
            assert_ne!(answer.status, 200, "services ask on their own listener");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_says_nothing_of_a_token() {
    let world = world().await;
    world.proxy.cut().await;
    let answer = about(&world.auth, &world.live.access_token).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["code"], "unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_names_a_service_may_ask_in_place_of_a_token() {
    let ours = Authority::new();
    let this = Mounted::new(&ours.server(&["localhost"]), &ours);
    let file = |name: &str, path: std::path::PathBuf| {
        format!("--internal-tls-{name}-file={}", path.display())
    };
    let flags = [
        file("certificate", this.certificate()),
        file("key", this.key()),
        file("client-authority", this.authority()),
        "--internal-client-identities=requests-service".to_owned(),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let url = database.url_as(Role::Auth);
    let auth = Auth::start_through(database, &url, &flags).await;
    auth.add_customer(SARA).await;
    let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
    let server = format!("https://localhost:{}", auth.replica.internal.port());
    for (name, status) in [("requests-service", 200), ("another-service", 403)] {
        let client = Mounted::new(&ours.client(&[name]), &ours);
        let paths = [client.authority(), client.certificate(), client.key()];
        let [authority, certificate, key] = paths.map(|path| path.display().to_string());
        let arguments = [
            "--cacert",
            &authority,
            "--cert",
            &certificate,
            "--key",
            &key,
        ];
        for version in ["--http1.1", "--http2"] {
            let arguments = [arguments.as_slice(), &[version]].concat();
            let answer = ask(&server, &format!("token={token}"), "none", &arguments).await;
            assert_eq!(answer.status, status, "{name} {answer:?}");
        }
    }
}
