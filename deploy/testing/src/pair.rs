//! Both services as they are served: requests-service and auth-service, each with its ports.

use crate::{
    Kind, PATIENCE, Role,
    auth::{Auth, TestUser, channel, with_token},
    be_patient,
    rows::{Row, script},
};
use client::{channel::Target, tls::ClientTls};
use contract::config;
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnerRequestsResponse,
    partner_requests_service_client::PartnerRequestsServiceClient,
};
use requests_service::{app::App, config::Config};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status, transport::Channel};

/// The e-mail of a member of staff, who sees all requests.
pub const STAFF: &str = "staff@example.com";
/// The e-mail of a user of partner 1.
pub const PARTNER_USER: &str = "partner@example.com";

/// Both services on one database. requests-service stops when this is dropped.
pub struct Pair {
    /// auth-service, with its users.
    pub auth: Auth,
    /// A client of requests-service.
    pub client: PartnerRequestsServiceClient<Channel>,
    /// The channel of that client.
    pub channel: Channel,
    /// The public listener of requests-service.
    pub public: SocketAddr,
    /// The listener of requests-service for health and metrics.
    pub ops: SocketAddr,
    _stop: DropGuard,
}

impl Pair {
    /// Both, and rows: requests 1 and 2, of partners 1 and 2.
    pub async fn start(kind: Kind) -> Self {
        let auth = Auth::start(kind).await;
        let flags = to_reach(&auth, auth.replica.internal);
        Self::with(auth, &flags, None).await
    }

    /// Starts requests-service with flags for auth-service, and with TLS if the client's is given.
    pub async fn with(auth: Auth, flags: &[String], tls: Option<ClientTls>) -> Self {
        Self::configured(auth, flags, tls, |_| ()).await
    }

    /// Starts it with settings that flags do not have, and with more time than a loaded machine
    /// takes.
    pub async fn configured(
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

    /// Logs in, and gives the access token.
    pub async fn log_in(&self, email: &str) -> String {
        let answer = self.auth.log_in(email).await;
        answer.tokens.unwrap().access_token
    }

    /// The first page of the list.
    pub async fn list(&self, access_token: &str) -> Result<ListPartnerRequestsResponse, Status> {
        let mut request = with_token(ListPartnerRequestsRequest::default(), access_token);
        request.set_timeout(DEADLINE);
        let mut client = self.client.clone();
        Ok(client.list_partner_requests(request).await?.into_inner())
    }

    /// Waits for an answer, as a caller does.
    pub async fn is_served(&self, access_token: &str) {
        let patience = Instant::now() + PATIENCE;
        while let Err(status) = self.list(access_token).await {
            assert_eq!(status.code(), Code::Unavailable, "{status:?}");
            assert!(Instant::now() < patience, "{status:?}");
        }
    }

    /// The ids on the first page of the list.
    pub async fn list_ids(&self, access_token: &str) -> Vec<i32> {
        let page = self.list(access_token).await.unwrap();
        let ids = page.partner_requests.iter();
        ids.map(|request| request.request_id).collect()
    }
}

/// The flags that tell how to reach auth-service, at an address of its own or a proxy's.
#[must_use]
pub fn to_reach(auth: &Auth, address: SocketAddr) -> [String; 2] {
    let token = auth.folder.path().join("token");
    [
        format!("--auth-service-url=http://{address}"),
        format!("--service-token-file={}", token.display()),
    ]
}

/// A channel to a listener whose certificate is localhost's.
#[must_use]
pub fn over_tls(address: SocketAddr, tls: ClientTls) -> Channel {
    let url = format!("https://localhost:{}", address.port());
    client::channel::connect(Target::new(&url.parse().unwrap(), Some(tls)).unwrap())
}

/// The caller's deadline.
const DEADLINE: Duration = Duration::from_secs(20);
