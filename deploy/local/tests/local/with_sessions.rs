//! The pair as it is served: this service and auth-service, each on its ports.

use crate::support::{Row, reason, script};
use client::{channel::Target, tls::ClientTls};
use contract::{config, deadline::Limits};
use proto::{
    auth::v1::RevokeSessionRequest,
    requests::v1::{
        ListPartnerRequestsRequest, ListPartnerRequestsResponse,
        partner_requests_service_client::PartnerRequestsServiceClient,
    },
};
use requests_service::{app::App, config::Config};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use testing::{
    Kind, PATIENCE, Role,
    auth::{Auth, TestUser, channel, with_token},
    be_patient, http2,
    metrics::scrape,
    proxy::TcpProxy,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status, transport::Channel};

pub(crate) const STAFF: &str = "staff@example.com";
pub(crate) const PARTNER_USER: &str = "partner@example.com";

/// Both services on one database; this one stops when this is dropped.
pub(crate) struct Pair {
    pub(crate) auth: Auth,
    pub(crate) client: PartnerRequestsServiceClient<Channel>,
    pub(crate) channel: Channel,
    pub(crate) public: SocketAddr,
    pub(crate) ops: SocketAddr,
    _stop: DropGuard,
}

impl Pair {
    pub(crate) async fn start(kind: Kind) -> Self {
        let auth = Auth::start(kind).await;
        let flags = to_reach(&auth, auth.replica.internal);
        Self::with(auth, &flags, None).await
    }

    /// Told by flags how to reach auth-service, and reached itself by TLS if the
    /// client's is given.
    pub(crate) async fn with(auth: Auth, flags: &[String], tls: Option<ClientTls>) -> Self {
        Self::configured(auth, flags, tls, |_| ()).await
    }

    /// Configured beyond what flags say, and with more time than a loaded machine takes.
    pub(crate) async fn configured(
        auth: Auth,
        flags: &[String],
        tls: Option<ClientTls>,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let rows = [Row::new(1, Some(1)), Row::new(2, Some(2))];
        let script = script(auth.database.kind, &rows);
        auth.database.execute(&script).await;
        for (email, user_type, role, partner_id) in [
            (STAFF, "operation", "operational", None),
            (PARTNER_USER, "partner", "partner", Some(1)),
            ("nobody@example.com", "partner", "partner", None),
        ] {
            let user = TestUser {
                email,
                user_type,
                role,
                partner_id,
            };
            auth.add_user(user).await;
        }
        let required = [
            "requests-service".to_owned(),
            "--public-listen=127.0.0.1:0".to_owned(),
            "--ops-listen=127.0.0.1:0".to_owned(),
            format!(
                "--database-url={}",
                auth.database.url_as(Role::Requests).expose()
            ),
        ];
        let mut config: Config = config::from_flags(required.iter().chain(flags)).unwrap();
        be_patient(&mut config.pool, &mut config.limits);
        configure(&mut config);
        let app = App::build(config, auth.clock.clone()).await.unwrap();
        let (public, ops) = (app.public_address(), app.ops_address());
        let channel = match tls {
            None => channel(public),
            Some(tls) => over_tls(public, tls),
        };
        let client = PartnerRequestsServiceClient::new(channel.clone());
        let stop = CancellationToken::new();
        tokio::spawn(app.run(stop.clone()));
        Self {
            auth,
            client,
            channel,
            public,
            ops,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) async fn log_in(&self, email: &str) -> String {
        let answer = self.auth.log_in(email).await;
        answer.tokens.unwrap().access_token
    }

    pub(crate) async fn list(
        &self,
        access_token: &str,
    ) -> Result<ListPartnerRequestsResponse, Status> {
        let mut request = with_token(ListPartnerRequestsRequest::default(), access_token);
        request.set_timeout(DEADLINE);
        let mut client = self.client.clone();
        Ok(client.list_partner_requests(request).await?.into_inner())
    }

    /// Waits for an answer, as a caller does.
    async fn is_served(&self, access_token: &str) {
        let patience = Instant::now() + PATIENCE;
        while let Err(status) = self.list(access_token).await {
            assert_eq!(status.code(), Code::Unavailable, "{status:?}");
            assert!(Instant::now() < patience, "{status:?}");
        }
    }

    pub(crate) async fn list_ids(&self, access_token: &str) -> Vec<i32> {
        let page = self.list(access_token).await.unwrap();
        let ids = page.partner_requests.iter();
        ids.map(|request| request.request_id).collect()
    }
}

/// The flags that tell how to reach auth-service, at an address of its own or a proxy's.
pub(crate) fn to_reach(auth: &Auth, address: SocketAddr) -> [String; 2] {
    let token = auth.folder.path().join("token");
    [
        format!("--auth-service-url=http://{address}"),
        format!("--service-token-file={}", token.display()),
    ]
}

/// A channel to a listener whose certificate is localhost's.
pub(crate) fn over_tls(address: SocketAddr, tls: ClientTls) -> Channel {
    let url = format!("https://localhost:{}", address.port());
    client::channel::connect(Target::new(&url.parse().unwrap(), Some(tls)).unwrap())
}

/// The caller's deadline.
const DEADLINE: Duration = Duration::from_secs(20);

testing::on_both_databases! {
    async fn log_in_list_log_out_and_be_refused(kind: Kind) {
        let pair = Pair::start(kind).await;
        let staff = pair.log_in(STAFF).await;
        assert_eq!(pair.list_ids(&staff).await, [2, 1]);

        let token = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&token).await, [1]);
        let log_out = RevokeSessionRequest {
            token: token.clone(),
        };
        pair.auth.client().revoke_session(log_out).await.unwrap();
        let refusal = pair.list(&token).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unauthenticated);
        assert_eq!(reason(&refusal), "SESSION_ENDED");

        let again = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&again).await, [1]);
        // the other session is another one
        assert_eq!(pair.list_ids(&staff).await, [2, 1]);
    }

    async fn a_partner_user_without_a_partner_is_refused(kind: Kind) {
        let pair = Pair::start(kind).await;
        let token = pair.log_in("nobody@example.com").await;
        let refusal = pair.list(&token).await.unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
        assert_eq!(reason(&refusal), "PARTNER_NOT_ASSIGNED");
    }

    async fn metrics_are_for_the_cluster_alone(kind: Kind) {
        let pair = Pair::start(kind).await;
        let ours = scrape(pair.ops).await;
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("ticketing_requests_build_info{{version=\"{version}\"}}");
        assert_eq!(ours.value(&build), Some(1.0), "{ours:?}");
        assert!(!ours.body.contains("ticketing_auth"), "a registry for each service: {ours:?}");
        let nothing = scrape(pair.public).await;
        assert!(!format!("{nothing:?}").contains("ticketing_requests"), "{nothing:?}");
        assert_eq!(http2::get(pair.public, "/metrics").await.status(), 405);
    }

    async fn a_user_that_moves_to_another_partner_sees_that_ones_at_once(kind: Kind) {
        let pair = Pair::start(kind).await;
        let token = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&token).await, [1]);
        let moved = format!("UPDATE users SET partner_id = 2 WHERE email = '{PARTNER_USER}'");
        pair.auth.database.execute(&moved).await;
        assert_eq!(pair.list_ids(&token).await, [2]);
    }

    async fn auth_service_away_or_silent_is_unavailable_until_it_is_back(kind: Kind) {
        let auth = Auth::start(kind).await;
        let proxy = TcpProxy::start(auth.replica.internal);
        let flags = to_reach(&auth, proxy.address());
        let in_production = |config: &mut Config| config.limits = Limits::default();
        let pair = Pair::configured(auth, &flags, None, in_production).await;
        let token = pair.log_in(STAFF).await;
        pair.is_served(&token).await;
        for silent in [false, true] {
            if silent {
                proxy.hang().await;
            } else {
                proxy.cut().await;
            }
            let refusal = pair.list(&token).await.unwrap_err();
            // who waits to the end says so by another code
            assert_eq!(refusal.code(), Code::Unavailable, "{refusal:?}");
            assert_eq!(reason(&refusal), "VALIDATION_UNAVAILABLE");
            proxy.restore().await;
            pair.is_served(&token).await;
        }
    }
}
