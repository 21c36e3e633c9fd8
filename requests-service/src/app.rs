//! The wiring, once: pool, store, domain, session layer, listeners. Tests build
//! the same, so the tested stack is the served one.

use crate::{
    config::Config,
    domain::{PartnerRequests, Partners},
    grpc::{PartnerRequestsHandlers, PartnersHandlers},
    store::{self, Store},
};
use client::{
    channel::{Balanced, InvalidTarget, Target},
    tls::{ClientTls, Expirations, InvalidTls, Presented, ServerTls},
    validation::{InvalidServiceTokens, RemoteValidator, ServiceTokens},
};
use contract::{
    access_rules::{AccessRules, InvalidRules},
    time::Clock,
};
use database::{ConnectError, Database, PoolMetrics};
use proto::requests::v1::{
    partner_requests_service_server::PartnerRequestsServiceServer,
    partners_service_server::PartnersServiceServer,
};
use server::{
    housekeeping::Housekeeper,
    serve::{
        self, BindError, Calls, Listener, Priority, Readiness, ReflectionError, ServeError,
        Shedding,
    },
    session_layer::SessionLayer,
};
use std::{net::SocketAddr, time::Duration};
use tokio_util::sync::CancellationToken;
use tonic::service::{LayerExt as _, Routes};

/// A service of the public listener.
pub const PARTNER_REQUESTS_SERVICE: &str = "ticketing.requests.v1.PartnerRequestsService";
/// A service of the public listener.
pub const PARTNERS_SERVICE: &str = "ticketing.requests.v1.PartnersService";
const SERVICES: [&str; 2] = [PARTNER_REQUESTS_SERVICE, PARTNERS_SERVICE];

/// requests-service, listening but not serving yet.
#[derive(Debug)]
pub struct App {
    public: (Listener, Routes),
    ops: (Listener, Routes),
    readiness: Readiness,
    /// What deletes old rows, and how often.
    housekeeping: (Housekeeper, Duration),
}

/// requests-service cannot start.
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

/// Who comes first where there is not room for all: pages ask for lists again by
/// themselves.
fn priority(path: &str) -> Priority {
    match path.rsplit('/').next() {
        Some("UpdatePartnerRequestStatus" | "AssignPartnerRequest" | "ClosePartnerRequest") => {
            Priority::First
        }
        Some("GetPartnerRequest") => Priority::Second,
        _ => Priority::Last,
    }
}

impl App {
    /// Listens, and prepares everything else.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, StartError> {
        let origins = config.access.web_origins.clone();
        let protocols = origins.protocols();
        let tls = config
            .public_tls
            .map(|files| ServerTls::open("requests public", files, protocols));
        let public = Listener::bind("requests public", config.public_listen)
            .await?
            .with_tls(tls.transpose()?)
            .with_web_origins(origins)
            .with_trusted_proxies(config.access.trusted_proxies);
        let ops = Listener::bind("requests ops", config.ops_listen)
            .await?
            .with_metrics();

        let mut registry = serve::metrics_registry("ticketing_requests", env!("CARGO_PKG_VERSION"));
        // who may call: read from the proto files, enforced before any handler
        let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &SERVICES)?;
        let calls = Calls::register(&mut registry, rules.paths());
        let shedding = Shedding::new(config.access.calls_in_flight, priority, &mut registry);
        let public = public.with_calls(calls);
        let pools = PoolMetrics::register(&mut registry);
        let database = Database::open(&config.database_url, config.pool, clock).await?;
        let database = database.observed(&pools, "calls");
        let housekeeper = Housekeeper::new(database.clone(), store::sweepings(), &mut registry);
        let store = Store::new(database.clone());
        let partner_requests = PartnerRequests::new(store.clone());
        let partners = Partners::new(store);

        let (health, health_service) = serve::health();
        let readiness = Readiness::new(database, health, &SERVICES, &mut registry).await;

        let tokens = config.service_token_file.map(ServiceTokens::open);
        let tls = config.auth_service_tls.map(ClientTls::open).transpose()?;
        let certificates = [
            ("public", public.tls().cloned().map(Presented::from)),
            ("client", tls.clone().map(Presented::from)),
        ];
        Expirations::register(&mut registry, certificates);
        let auth = Target::new(&config.auth_service_url, tls)?;
        let auth = Balanced::new(auth, config.resolver);
        let validator = RemoteValidator::over(auth, tokens.transpose()?);
        let sessions = SessionLayer::with(rules, validator, None, config.limits)?;
        let handlers = PartnerRequestsHandlers::new(partner_requests);
        let partner_requests = PartnerRequestsServiceServer::new(handlers);
        let partners = PartnersServiceServer::new(PartnersHandlers::new(partners));

        // health and reflection stand beside the layer, open to all
        let routes = Routes::new(shedding.named_layer(sessions.named_layer(partner_requests)))
            .add_service(shedding.named_layer(sessions.named_layer(partners)))
            .add_service(health_service.clone());
        let ops_routes = serve::ops(health_service, registry)?;
        Ok(Self {
            public: (public, serve::with_reflection(routes, &SERVICES)?),
            ops: (ops, ops_routes),
            readiness,
            housekeeping: (housekeeper, config.housekeeping),
        })
    }

    /// Where clients reach it.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public.0.address()
    }

    /// Where the cluster reaches it.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops.0.address()
    }

    /// Serves until `stop`; then says so by its health, finishes what is in
    /// flight, and ends.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        let background = CancellationToken::new();
        let (housekeeper, every) = self.housekeeping;
        tokio::spawn(housekeeper.run(every, background.clone()));
        let _ends_with_the_listeners = background.drop_guard();
        serve::run([self.public, self.ops], self.readiness, stop).await
    }
}
