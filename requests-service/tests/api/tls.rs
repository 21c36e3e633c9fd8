//! The whole chain by TLS: client, this service, and auth-service, where this one is
//! known by its certificate alone.

use crate::support::reason;
use client::tls::{ClientTls, ClientTlsFiles};
use proto::auth::v1::{
    CreateSessionRequest, ListSessionsRequest, RevokeSessionRequest,
    auth_service_client::AuthServiceClient,
};
use testing::pair::{PARTNER_USER, Pair, over_tls};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, with_token},
    certificates::{Authority, Mounted},
    metrics::scrape,
};
use tonic::Code;

/// A client that trusts one authority, and presents nothing.
pub(crate) fn trusting(mounted: &Mounted) -> ClientTls {
    let files = ClientTlsFiles {
        authority: mounted.authority(),
        own: None,
    };
    ClientTls::open(files).unwrap()
}

/// auth-service, which lets `requests-service` ask.
async fn auth_service(kind: Kind, server: &Mounted) -> Auth {
    let (certificate, key) = (server.certificate(), server.key());
    let (certificate, key) = (certificate.display(), key.display());
    let flags = [
        format!("--public-tls-certificate-file={certificate}"),
        format!("--public-tls-key-file={key}"),
        format!("--internal-tls-certificate-file={certificate}"),
        format!("--internal-tls-key-file={key}"),
        format!(
            "--internal-tls-client-authority-file={}",
            server.authority().display()
        ),
        "--internal-client-identities=requests-service".to_owned(),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let database = TestDatabase::migrated(kind).await;
    let url = database.url_as(Role::Auth);
    Auth::start_through(database, &url, &flags).await
}

/// This service, presenting one certificate to clients and one to auth-service.
async fn requests_service(auth: Auth, server: &Mounted, client: &Mounted) -> Pair {
    let flags = [
        format!(
            "--public-tls-certificate-file={}",
            server.certificate().display()
        ),
        format!("--public-tls-key-file={}", server.key().display()),
        format!(
            "--auth-service-url=https://localhost:{}",
            auth.replica.internal.port()
        ),
        format!(
            "--auth-service-tls-authority-file={}",
            client.authority().display()
        ),
        format!(
            "--auth-service-tls-certificate-file={}",
            client.certificate().display()
        ),
        format!("--auth-service-tls-key-file={}", client.key().display()),
    ];
    Pair::with(auth, &flags, Some(trusting(server))).await
}

testing::on_both_databases! {
    async fn log_in_list_log_out_and_be_refused_by_tls_all_the_way(kind: Kind) {
        let ours = Authority::new();
        let server = Mounted::new(&ours.server(&["localhost"]), &ours);
        let client = Mounted::new(&ours.client(&["requests-service"]), &ours);
        let auth = auth_service(kind, &server).await;
        let pair = requests_service(auth, &server, &client).await;
        let public = over_tls(pair.auth.replica.public, trusting(&server));
        let mut auth = AuthServiceClient::new(public);
        let log_in = CreateSessionRequest {
            email: PARTNER_USER.to_owned(),
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        };
        let answer = auth.create_session(log_in).await.unwrap().into_inner();
        let token = answer.tokens.unwrap().access_token;
        assert_eq!(pair.list_ids(&token).await, [1]);

        // who is at the other end is known as without TLS
        let sessions = auth.list_sessions(with_token(ListSessionsRequest::default(), &token));
        let sessions = sessions.await.unwrap().into_inner().sessions;
        assert_eq!(sessions[0].ip_address, "127.0.0.1");

        // the certificate that this service presents runs out, and is replaced
        client.swap(&ours.client(&["requests-service"]), &ours);
        assert_eq!(pair.list_ids(&token).await, [1]);

        auth.revoke_session(RevokeSessionRequest { token: token.clone() }).await.unwrap();
        let refusal = pair.list(&token).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unauthenticated);
        assert_eq!(reason(&refusal), "SESSION_ENDED");
    }
}

#[tokio::test]
async fn the_metrics_tell_when_the_certificates_of_both_sides_expire() {
    let ours = Authority::new();
    let server = Mounted::new(&ours.server_until(&["localhost"], 2049), &ours);
    let client = Mounted::new(&ours.expired_client(&["requests-service"]), &ours);
    let auth = auth_service(Kind::Sqlite, &server).await;
    let pair = requests_service(auth, &server, &client).await;
    let name = "ticketing_requests_certificate_expiration_timestamp_seconds";
    assert_eq!(
        scrape(pair.ops).await.counted(name),
        [
            r#"{certificate="client"} 946684800"#,
            r#"{certificate="public"} 2493072000"#,
        ]
    );
}

/// An outage is never an answer: what auth-service says of this service's certificate is no answer about the
/// caller.
#[tokio::test]
async fn a_service_that_auth_service_does_not_know_is_an_outage() {
    let (ours, another) = (Authority::new(), Authority::new());
    let server = Mounted::new(&ours.server(&["localhost"]), &ours);
    for client in [
        Mounted::new(&ours.client(&["reports"]), &ours),
        Mounted::new(&another.client(&["requests-service"]), &ours),
        Mounted::new(&ours.client(&["requests-service"]), &another),
    ] {
        let auth = auth_service(Kind::Sqlite, &server).await;
        let pair = requests_service(auth, &server, &client).await;
        let refusal = pair.list("whatever").await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unavailable);
        assert_eq!(reason(&refusal), "VALIDATION_UNAVAILABLE");
    }
}
