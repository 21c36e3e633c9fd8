//! Builds the service. Tests build it in the same way, so they test the layers that are served.

mod domain;
mod routes;

pub use routes::{METHODS, PATHS};

use self::domain::{Dependencies, Domain, Settings};
use crate::{
    config::{Config, ServiceAccess},
    metrics::Metrics,
    passwords::{PasswordWork, Passwords},
    store::{self, SessionReader, Store},
    tokens::{InvalidKeys, KeyRing, Tokens},
};
use client::{
    tls::InvalidTls,
    validation::{InvalidServiceTokens, ServiceTokens},
};
use contract::{access_rules::InvalidRules, deadline, time::Clock};
use database::{ConnectError, PoolLimits};
use server::{
    housekeeping::Housekeeper,
    serve::{BindError, Listener, ReflectionError, ServeError},
    service::{Builder, Service},
    session_layer::ServiceCredentials,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// The service on the public listener.
pub const AUTH_SERVICE: &str = "ticketing.auth.v1.AuthService";
/// The service on the internal listener.
pub const VALIDATION_SERVICE: &str = "ticketing.auth.v1.SessionValidationService";
/// The services whose health follows the database's.
const SERVICES: [&str; 2] = [AUTH_SERVICE, VALIDATION_SERVICE];
/// How often the directory of keys is read again.
const REREAD_KEYS: Duration = Duration::from_secs(10);

/// auth-service, which listens but does not serve yet.
#[derive(Debug)]
pub struct App {
    public: SocketAddr,
    internal: SocketAddr,
    ops: SocketAddr,
    password_work: PasswordWork,
    service: Service,
}

/// Why auth-service cannot start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is its source")]
pub enum StartError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Database(#[from] ConnectError),
    #[error("signing keys: {0}")]
    Keys(#[from] InvalidKeys),
    #[error("service tokens: {0}")]
    ServiceTokens(#[from] InvalidServiceTokens),
    #[error("TLS: {0}")]
    Tls(#[from] InvalidTls),
    #[error(transparent)]
    Rules(#[from] InvalidRules),
    #[error(transparent)]
    Reflection(#[from] ReflectionError),
}

impl App {
    /// Binds the listeners, and prepares everything else.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, StartError> {
        // binding comes first, so that a taken port is reported before anything else starts
        let public = Listener::bind("auth public", config.public_listen)
            .await?
            .for_clients(config.web_origins)
            .with_trusted_proxies(config.trusted_proxies)
            .with_tls(config.files.public())?;
        let internal = Listener::bind("auth internal", config.internal_listen)
            .await?
            .with_tls(config.files.internal())?;
        let ops = Listener::bind("auth ops", config.ops_listen).await?;
        let addresses = [public.address(), internal.address(), ops.address()];

        let version = env!("CARGO_PKG_VERSION");
        let mut service = Builder::new("ticketing_auth", version, &SERVICES, METHODS, PATHS)?;
        let metrics = Metrics::register(service.registry());
        let keys = Arc::new(KeyRing::open(config.keys_directory, clock.clone())?);
        service.in_background(reread(Arc::clone(&keys)));
        let callers = credentials(config.files.services())?;
        let tokens = Tokens::new(Arc::clone(&keys), config.issuer, config.audience);
        let tokens = Arc::new(tokens);
        let passwords = Passwords::new(config.passwords.concurrency, config.passwords.costs);

        let (url, pool) = (&config.database_url, config.pool);
        let database = service.database("calls", url, pool, clock.clone()).await?;
        // One task validates, over one connection. If a statement on it is given up, a second
        // connection replaces the first, on which the server may still be busy.
        let validating = PoolLimits {
            connections: 2,
            // Callers do not wait longer than this for a statement. A connection that is silent for
            // this long is replaced.
            statement_timeout: pool.statement_timeout.min(deadline::LOOK_UP),
            generic_plans: true,
            joins_by_index: true,
            ..pool
        };
        let validating = service
            .database("validations", url, validating, clock)
            .await?;
        let store = Store::new(database.clone());

        let dependencies = Dependencies {
            store,
            validating: SessionReader::new(validating),
            tokens: Arc::clone(&tokens),
            passwords: passwords.clone(),
            metrics,
            stop: service.ended(),
        };
        let settings = Settings {
            lifetimes: config.lifetimes,
            scheme: config.passwords.scheme,
            throttle: config.throttle,
            ending_share: config.ending_share,
        };
        let domain = Domain::start(dependencies, &settings);
        for writing in domain.writing {
            service.writes_until_done(writing);
        }
        Metrics::register_parts(
            service.registry(),
            &domain.look_ups,
            passwords.metrics(),
            tokens.metrics(),
            keys.seen_late(),
            &domain.audit_events_dropped,
        );
        let retentions = store::retentions(config.session_retention);
        let housekeeper = Housekeeper::new(database.clone(), retentions, service.registry());
        service.in_background(housekeeper.run_with(domain.refused, config.housekeeping));

        let load_shed = service.load_shed_layer(config.calls_in_flight, routes::priority);
        let (limits, validations) = (config.limits, domain.validations);
        let for_clients = routes::public(domain.handlers, validations.clone(), limits, &load_shed)?;
        let for_services = routes::internal(validations, tokens, callers, limits, &load_shed)?;
        service.serve(public, &[AUTH_SERVICE], for_clients)?;
        service.serve(internal, &[VALIDATION_SERVICE], for_services)?;
        let [public, internal, ops_address] = addresses;
        Ok(Self {
            public,
            internal,
            ops: ops_address,
            password_work: passwords.work().clone(),
            service: service.finish(database, ops).await?,
        })
    }

    /// The address of the public listener, for clients.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public
    }

    /// The address of the internal listener, for services.
    #[must_use]
    pub fn internal_address(&self) -> SocketAddr {
        self.internal
    }

    /// The address of the ops listener, for the cluster.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops
    }

    /// The work that verifying passwords costs, which is measured while the service runs.
    #[must_use]
    pub fn password_work(&self) -> &PasswordWork {
        &self.password_work
    }

    /// Serves until `stop`. Then its health says so, the calls in flight finish, and it ends.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        self.service.run(stop).await
    }
}

fn credentials(access: ServiceAccess) -> Result<ServiceCredentials, InvalidServiceTokens> {
    Ok(match access {
        ServiceAccess::TokenFile(path) => ServiceCredentials::Tokens(ServiceTokens::open(path)?),
        ServiceAccess::Certificates(names) => ServiceCredentials::Certificates(names),
    })
}

async fn reread(keys: Arc<KeyRing>) {
    let mut ticks = tokio::time::interval(REREAD_KEYS);
    loop {
        ticks.tick().await;
        keys.refresh().await;
    }
}
