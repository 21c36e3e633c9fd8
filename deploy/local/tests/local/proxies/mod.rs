//! The configurations of Envoy and nginx in `deploy/envoy`, run by the real programs before a service
//! that knows no tokens. It gets a request only with its user, and only if auth-service has said so.

mod envoy;
mod forged;
mod nginx;
mod reports;

use reports::Reports;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use testing::{
    Kind, PATIENCE,
    auth::SERVICE_TOKEN,
    curl::{Answer, curl},
    pair::Pair,
    program::Program,
    proxy::TcpProxy,
    tools,
};

/// Both services, a second replica of auth-service, and a service that knows no tokens. Proxies
/// reach auth-service through connections that can be taken away.
struct World {
    pair: Pair,
    /// To the replicas of auth-service.
    replicas: [TcpProxy; 2],
    reports: Reports,
    folder: tempfile::TempDir,
    _second: testing::auth::Replica,
}

impl World {
    async fn start() -> Self {
        let pair = Pair::start(Kind::Postgres).await;
        let second = pair.auth.another_replica().await;
        let replicas = [pair.auth.replica.internal, second.internal].map(TcpProxy::start);
        Self {
            pair,
            replicas,
            reports: Reports::start().await,
            folder: tempfile::tempdir().unwrap(),
            _second: second,
        }
    }

    async fn cut(&self) {
        for replica in &self.replicas {
            replica.cut().await;
        }
    }

    async fn restore(&self) {
        for replica in &self.replicas {
            replica.restore().await;
        }
    }
}

/// A running proxy that listens on a socket.
struct Proxy {
    socket: PathBuf,
    _program: Program,
}

impl Proxy {
    /// Asks for a path, with these lines as headers.
    async fn get(&self, path: &str, headers: &[&str]) -> Answer {
        let url = format!("http://localhost{path}");
        let headers = headers.iter().flat_map(|header| ["--header", header]);
        let own = [
            "--path-as-is",
            "--unix-socket",
            self.socket.to_str().unwrap(),
            &url,
        ];
        curl(own.into_iter().chain(headers)).await
    }

    async fn get_as(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[&bearer(token)]).await
    }

    /// Asks until it is answered with this status many times in a row.
    async fn settles_on(&self, status: u16, path: &str, token: &str) {
        let patience = Instant::now() + PATIENCE;
        let mut in_a_row = 0;
        while in_a_row < 20 {
            let answer = self.get_as(path, token).await;
            let as_expected = answer.status == status;
            assert!(as_expected || answer.status == 503, "{answer:?}");
            assert!(Instant::now() < patience, "{answer:?}");
            in_a_row = if as_expected { in_a_row + 1 } else { 0 };
        }
    }
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}")
}

/// A configuration of `deploy/envoy`, with some of its text replaced.
fn configuration(file: &str, replaced: &[(&str, String)]) -> String {
    let text = std::fs::read_to_string(tools::workspace().join("deploy/envoy").join(file)).unwrap();
    replaced.iter().fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    })
}

/// Waits for a program to listen.
async fn listens(socket: &Path, log: &Path) {
    let patience = Instant::now() + PATIENCE;
    while tokio::net::UnixStream::connect(socket).await.is_err() {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(Instant::now() < patience, "{}", said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What holds before a service behind any proxy.
async fn requests_pass_as_auth_service_says(world: &World, proxy: &Proxy) {
    let path = "/reports/monthly?of=may";
    let partner = world.pair.log_in(testing::pair::PARTNER_USER).await;
    let answer = proxy.get_as(path, &partner).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let got = answer.json();
    assert_eq!(got["path"], path);
    let header = |name: &str| got["headers"][name].clone();
    assert_eq!(header("x-ticketing-user-type"), "partner");
    assert_eq!(header("x-ticketing-partner-id"), "1");
    assert!(
        header("x-ticketing-permissions")
            .as_str()
            .unwrap()
            .contains("request_view")
    );
    assert!(
        header("authorization").is_null(),
        "the token stays with the proxy"
    );

    // staff have no partner
    let staff = world.pair.log_in(testing::pair::STAFF).await;
    let got = proxy.get_as(path, &staff).await.json();
    assert_eq!(got["headers"]["x-ticketing-user-type"], "operation");
    assert!(got["headers"]["x-ticketing-partner-id"].is_null(), "{got}");

    let passed = world.reports.count();
    let missing = proxy.get(path, &[]).await;
    assert_eq!(
        (missing.status, missing.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    world.pair.auth.add_customer("caller@example.com").await;
    let customer = world.pair.log_in("caller@example.com").await;
    assert_eq!(proxy.get_as(path, &customer).await.status, 403);
    for token in ["x", "a.b.c", SERVICE_TOKEN, &partner[..partner.len() - 4]] {
        assert_eq!(proxy.get_as(path, token).await.status, 401, "{token}");
    }
    let twice = bearer(&partner);
    assert_eq!(proxy.get(path, &[&twice, &twice]).await.status / 100, 4);

    // the very next request of a session that was ended
    let mut client = world.pair.auth.client();
    let end = proto::auth::v1::RevokeSessionRequest {
        token: partner.clone(),
    };
    client.revoke_session(end).await.unwrap();
    assert_eq!(proxy.get_as(path, &partner).await.status, 401);
    assert_eq!(world.reports.count(), passed, "none of these passed");
}

/// Without auth-service no request passes, and with it again they do.
async fn no_answer_is_never_yes(world: &World, proxy: &Proxy) {
    let path = "/reports/monthly";
    let staff = world.pair.log_in(testing::pair::STAFF).await;
    proxy.settles_on(200, path, &staff).await;
    world.cut().await;
    let passed = world.reports.count();
    for _ in 0..5 {
        assert_eq!(proxy.get_as(path, &staff).await.status, 503);
    }
    assert_eq!(world.reports.count(), passed);
    world.restore().await;
    proxy.settles_on(200, path, &staff).await;
}
