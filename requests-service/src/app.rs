//! Builds the service. Tests build it in the same way, so they test the layers that are served.

use crate::{
    config::Config,
    domain::{PartnerRequests, Partners},
    grpc::{PartnerRequestsHandlers, PartnersHandlers},
    store::{self, Store},
};
use client::{
    channel::{Balanced, InvalidTarget, Target},
    tls::{ClientTls, InvalidTls},
    validation::{InvalidServiceTokens, RemoteValidator, ServiceTokens, Validator},
};
use contract::{
    access_rules::{AccessRules, InvalidRules},
    deadline::Limits,
    time::Clock,
};
use database::{ConnectError, PoolLimits};
use proto::requests::v1::{
    partner_requests_service_server::PartnerRequestsServiceServer,
    partners_service_server::PartnersServiceServer,
};
use server::{
    housekeeping::Housekeeper,
    serve::{BindError, Listener, LoadShedLayer, Priority, ReflectionError, ServeError},
    service::{Builder, Service},
    session_layer::SessionLayer,
};
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;
use tonic::service::{LayerExt as _, Routes};

/// A service of the public listener.
pub const PARTNER_REQUESTS_SERVICE: &str = "ticketing.requests.v1.PartnerRequestsService";
/// A service of the public listener.
pub const PARTNERS_SERVICE: &str = "ticketing.requests.v1.PartnersService";
const SERVICES: [&str; 2] = [PARTNER_REQUESTS_SERVICE, PARTNERS_SERVICE];

/// requests-service, which listens but does not serve yet.
#[derive(Debug)]
pub struct App {
    public: SocketAddr,
    ops: SocketAddr,
    service: Service,
}

/// Why requests-service cannot start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is its source")]
pub enum StartError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Database(#[from] ConnectError),
    #[error(transparent)]
    ServiceTokens(#[from] InvalidServiceTokens),
    #[error("TLS: {0}")]
    Tls(#[from] InvalidTls),
    #[error("auth-service: {0}")]
    AuthService(#[from] InvalidTarget),
    #[error(transparent)]
    Rules(#[from] InvalidRules),
    #[error(transparent)]
    Reflection(#[from] ReflectionError),
}

impl App {
    /// Binds the listeners, and prepares everything else.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, StartError> {
        // binding comes first, so that a taken port is reported before anything else starts
        let public = Listener::bind("requests public", config.public_listen)
            .await?
            .for_clients(config.web_origins)
            .with_trusted_proxies(config.trusted_proxies)
            .with_tls(config.files.public())?;
        let ops = Listener::bind("requests ops", config.ops_listen).await?;
        let (public_address, ops_address) = (public.address(), ops.address());

        let version = env!("CARGO_PKG_VERSION");
        let mut service = Builder::new("ticketing_requests", version, &SERVICES, &[], &[])?;
        let url = &config.database_url;
        // the plan of a page does not depend on its values; `store::planning` names the exceptions
        let pool = PoolLimits {
            generic_plans: true,
            ..config.pool
        };
        let database = service.database("calls", url, pool, clock).await?;
        let housekeeper =
            Housekeeper::new(database.clone(), store::retentions(), service.registry());
        service.in_background(housekeeper.run(config.housekeeping));

        let tls = config
            .files
            .auth_service()
            .map(ClientTls::open)
            .transpose()?;
        if let Some(tls) = tls.clone() {
            service.watch_certificate("client", tls.into());
        }
        let auth = Target::new(&config.auth_service_url, tls)?;
        let token = config.files.service_token_file.map(ServiceTokens::open);
        let auth = Balanced::new(auth, config.resolver);
        let validator = RemoteValidator::over(auth, token.transpose()?);

        let load_shed = service.load_shed_layer(config.calls_in_flight, priority);
        let store = Store::new(database.clone());
        let routes = routes(store, validator, config.limits, &load_shed)?;
        service.serve(public, &SERVICES, routes)?;
        Ok(Self {
            public: public_address,
            ops: ops_address,
            service: service.finish(database, ops).await?,
        })
    }

    /// The address of the public listener, for clients.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public
    }

    /// The address of the ops listener, for the cluster.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops
    }

    /// Serves until `stop`. Then its health says so, the calls in flight finish, and it ends.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        self.service.run(stop).await
    }
}

/// The routes of the public listener. Each service is behind load shedding and the session layer.
pub fn routes(
    store: Store,
    validator: impl Validator,
    limits: Limits,
    load_shed: &LoadShedLayer,
) -> Result<Routes, InvalidRules> {
    // the access rules are read from the proto files, and enforced before any handler runs
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &SERVICES)?;
    let sessions = SessionLayer::with(rules, validator, None, limits)?;
    let partners = PartnersHandlers::new(Partners::new(store.clone()));
    let partners = PartnersServiceServer::new(partners);
    let requests = PartnerRequestsHandlers::new(PartnerRequests::new(store));
    let requests = PartnerRequestsServiceServer::new(requests);
    Ok(
        Routes::new(load_shed.named_layer(sessions.named_layer(requests)))
            .add_service(load_shed.named_layer(sessions.named_layer(partners))),
    )
}

/// Which calls are served first where there is not enough capacity for all. Lists come last,
/// because pages repeat them automatically.
fn priority(path: &str) -> Priority {
    match path.rsplit('/').next() {
        Some("UpdatePartnerRequestStatus" | "AssignPartnerRequest" | "ClosePartnerRequest") => {
            Priority::First
        }
        Some("GetPartnerRequest") => Priority::Second,
        _ => Priority::Last,
    }
}
