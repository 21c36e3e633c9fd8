//! ValidateSession of a real auth-service, by certificate.

use super::{client, mounted, stranger};
use crate::third_service;
use client::{
    channel::{self, Target},
    tls::ClientTls,
    validation::{RemoteValidator, ServiceTokens},
};
use proto::auth::v1::{
    ValidateSessionRequest, session_validation_service_client::SessionValidationServiceClient,
};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, as_service, refusal, with_token},
    certificates::{Authority, Mounted},
    third::v1::WhoAmIRequest,
};
use tonic::{Code, Request, transport::Channel};

/// auth-service with mutual TLS, for the named clients.
async fn start(this: &Mounted, identities: &str) -> Auth {
    let file = |path: std::path::PathBuf| path.display().to_string();
    let flags = [
        format!(
            "--internal-tls-certificate-file={}",
            file(this.certificate())
        ),
        format!("--internal-tls-key-file={}", file(this.key())),
        format!(
            "--internal-tls-client-authority-file={}",
            file(this.authority())
        ),
        format!("--internal-client-identities={identities}"),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let url = database.url_as(Role::Auth);
    Auth::start_through(database, &url, &flags).await
}

fn target(auth: &Auth, tls: ClientTls) -> Target {
    let url = format!("https://localhost:{}", auth.replica.internal.port());
    Target::new(&url.parse().unwrap(), Some(tls)).unwrap()
}

fn client_of(auth: &Auth, tls: ClientTls) -> SessionValidationServiceClient<Channel> {
    SessionValidationServiceClient::new(channel::connect(target(auth, tls)))
}

#[tokio::test]
async fn a_service_is_served_by_a_name_on_the_list_and_by_no_token() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let auth = start(&this, "Requests.Internal, spiffe://ticketing/reports").await;
    auth.add_customer("sara@example.com").await;
    let access_token = auth
        .log_in("sara@example.com")
        .await
        .tokens
        .unwrap()
        .access_token;
    let message = ValidateSessionRequest { access_token };

    for name in ["requests.internal", "spiffe://ticketing/reports"] {
        let caller = mounted(&ours.client(&["elsewhere", name]), &ours);
        let mut service = client_of(&auth, client(&caller));
        let answer = service.validate_session(message.clone()).await;
        let principal = answer.expect(name).into_inner().principal.unwrap();
        assert_eq!(principal.name, "sara@example.com");
        // a token is not asked for, and so not judged
        let mut wrong = Request::new(message.clone());
        wrong
            .metadata_mut()
            .insert("authorization", "Bearer wrong".parse().unwrap());
        service.validate_session(wrong).await.expect(name);
    }

    let not_allowed = (Code::PermissionDenied, "SERVICE_NOT_ALLOWED".to_owned());
    for name in [
        "requests",
        "internal",
        "*.internal",
        "spiffe://ticketing/Reports",
    ] {
        let caller = mounted(&ours.client(&[name]), &ours);
        let mut service = client_of(&auth, client(&caller));
        let answer = service.validate_session(as_service(message.clone())).await;
        assert_eq!(refusal(answer), not_allowed, "{name}");
    }
    let caller = mounted(&ours.client(&["requests.internal"]), &ours);
    let mut unnamed = client_of(&auth, stranger(&caller));
    let answer = unnamed.validate_session(as_service(message)).await;
    answer.expect_err("a service token, and no certificate");
}

#[tokio::test]
async fn the_session_layer_asks_by_its_certificate_and_takes_a_refusal_for_an_outage() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let auth = start(&this, "requests.internal").await;
    auth.add_customer("sara@example.com").await;
    let token = auth
        .log_in("sara@example.com")
        .await
        .tokens
        .unwrap()
        .access_token;
    let tokens = ServiceTokens::open(auth.folder.path().join("token")).unwrap();
    for (name, tokens, served) in [
        ("requests.internal", None, true),
        ("requests.internal", Some(tokens.clone()), true),
        ("another.internal", Some(tokens), false),
    ] {
        let caller = mounted(&ours.client(&[name]), &ours);
        let validator = RemoteValidator::new(target(&auth, client(&caller)), tokens);
        let mut third = third_service::start(validator).await;
        let answer = third
            .client
            .who_am_i(with_token(WhoAmIRequest {}, &token))
            .await;
        if served {
            assert_eq!(answer.unwrap().into_inner().name, "sara@example.com");
        } else {
            let outage = (Code::Unavailable, "VALIDATION_UNAVAILABLE".to_owned());
            assert_eq!(refusal(answer), outage);
        }
    }
}
