//! The wiring, once: pools, store, domain, layers, listeners. Tests build the
//! same, so the tested stack is the served one.

mod routes;

use crate::{
    config::{Config, ServiceAccess},
    domain::{AuditLog, Lookups, RefusedSessions, Sessions, TakeBacks, Throttles, UsedMarks},
    metrics::Metrics,
    passwords::{PasswordWork, Passwords},
    store::{self, Store},
    tokens::{InvalidKeys, KeyRing, Tokens},
};
use client::{
    tls::{Expirations, InvalidTls, Presented, Protocols, ServerTls, ServerTlsFiles},
    validation::{InvalidServiceTokens, ServiceTokens},
};
use contract::{
    access_rules::{AccessRules, InvalidRules},
    deadline,
    time::Clock,
};
use database::{ConnectError, Database, PoolLimits, PoolMetrics};
use futures_util::future::join_all;
use server::{
    housekeeping::Housekeeper,
    serve::{self, BindError, Calls, Listener, ReflectionError, ServeError, Shedding},
    session_layer::ServiceCredentials,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// The public listener's service.
pub const AUTH_SERVICE: &str = "ticketing.auth.v1.AuthService";
/// The internal listener's service.
pub const VALIDATION_SERVICE: &str = "ticketing.auth.v1.SessionValidationService";
/// Whose health follows the database's.
const SERVICES: [&str; 2] = [AUTH_SERVICE, VALIDATION_SERVICE];
/// How often the directory of keys is read again.
const REREAD_KEYS: Duration = Duration::from_secs(10);
/// How long a stop waits for what is still to be written.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// auth-service, listening but not serving yet.
#[derive(Debug)]
pub struct App {
    public: (Listener, Routes),
    internal: (Listener, Routes),
    ops: (Listener, Routes),
    readiness: serve::Readiness,
    keys: Arc<KeyRing>,
    /// What deletes old rows, what else it does, and how often.
    housekeeping: (Housekeeper, RefusedSessions, Duration),
    password_work: PasswordWork,
    /// Ends the background tasks, after the listeners.
    background: CancellationToken,
    /// Write the last used marks, audit events and attempts to take back, then end.
    writing: [JoinHandle<()>; 3],
}

/// auth-service cannot start.
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
    /// Listens, and prepares everything else.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, StartError> {
        let [public, internal, ops] = listen(&config).await?;
        let background = CancellationToken::new();
        let mut registry = serve::metrics_registry("ticketing_auth", env!("CARGO_PKG_VERSION"));
        let presented = |listener: &Listener| listener.tls().cloned().map(Presented::from);
        let certificates = [
            ("public", presented(&public)),
            ("internal", presented(&internal)),
        ];
        Expirations::register(&mut registry, certificates);
        let metrics = Metrics::register(&mut registry);
        // who may call: read from the proto files, enforced before any handler
        let for_clients = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[AUTH_SERVICE])?;
        let for_services = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[VALIDATION_SERVICE])?;
        let paths = for_clients.paths().chain(for_services.paths());
        let calls = Calls::register(&mut registry, paths);
        let shedding = Shedding::new(
            config.access.calls_in_flight,
            routes::priority,
            &mut registry,
        );
        let public = public.with_calls(calls.clone());
        let internal = internal.with_calls(calls);
        let keys = Arc::new(KeyRing::open(config.keys_directory, clock.clone())?);
        let services = credentials(config.services)?;
        let tokens = Tokens::new(Arc::clone(&keys), config.issuer, config.audience);
        let passwords = Passwords::new(config.passwords.concurrency, config.passwords.costs);
        let pools = PoolMetrics::register(&mut registry);
        let database = Database::open(&config.database_url, config.pool, clock.clone()).await?;
        let database = database.observed(&pools, "calls");
        // One task validates. It has a second connection, since sqlx pings the first when it is
        // given back, and waits for the answer for minutes if the server has just gone.
        let validating = PoolLimits {
            connections: 2,
            // Callers wait no longer for it. A connection that is silent for so long is replaced.
            statement_timeout: config.pool.statement_timeout.min(deadline::LOOK_UP),
            generic_plans: true,
            ..config.pool
        };
        let validating = Database::open(&config.database_url, validating, clock).await?;
        let validating = validating.observed(&pools, "validations");
        let sweepings = store::sweepings(config.session_retention);
        let housekeeper = Housekeeper::new(database.clone(), sweepings, &mut registry);
        let store = Store::new(database.clone());
        let (used_marks, writing_marks) = UsedMarks::start(store.clone(), background.clone());
        let (audit_log, writing_events) = AuditLog::start(store.clone(), background.clone());
        let (take_backs, taking_back) = TakeBacks::start(store.clone(), background.clone());
        let lookups = Lookups::start(Store::new(validating), background.clone());
        Metrics::register_parts(
            &mut registry,
            lookups.metrics(),
            passwords.metrics(),
            tokens.metrics(),
            keys.seen_late(),
            audit_log.dropped(),
        );
        let password_work = passwords.work().clone();
        let refused = RefusedSessions::new(store.clone(), metrics.clone());
        let sessions = Sessions {
            throttles: Throttles::new(store.clone(), config.throttle, take_backs),
            store,
            tokens: Arc::new(tokens),
            passwords,
            scheme: config.passwords.scheme,
            lookups,
            refused: refused.clone(),
            used_marks,
            audit_log,
            lives: config.lives,
            metrics,
        };

        let (health, health_service) = serve::health();
        let readiness = serve::Readiness::new(database, health, &SERVICES, &mut registry).await;

        let public_routes = routes::public(
            for_clients,
            sessions.clone(),
            config.limits,
            config.ending_share,
            &shedding,
            health_service.clone(),
        )?;
        let internal_routes = routes::internal(
            for_services,
            sessions,
            services,
            config.limits,
            &shedding,
            health_service.clone(),
        )?;
        let ops_routes = serve::ops(health_service, registry)?;
        Ok(Self {
            public: (public, public_routes),
            internal: (internal, internal_routes),
            ops: (ops, ops_routes),
            readiness,
            keys,
            housekeeping: (housekeeper, refused, config.housekeeping),
            password_work,
            background,
            writing: [writing_marks, writing_events, taking_back],
        })
    }

    /// Where clients reach it.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public.0.address()
    }

    /// Where services reach it.
    #[must_use]
    pub fn internal_address(&self) -> SocketAddr {
        self.internal.0.address()
    }

    /// Where the cluster reaches it.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops.0.address()
    }

    /// What its verifications of passwords cost, also while it serves.
    #[must_use]
    pub fn password_work(&self) -> &PasswordWork {
        &self.password_work
    }

    /// Serves until `stop`; then says so by its health, finishes what is in
    /// flight, and ends.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        let background = self.background.clone();
        let rereading = background
            .clone()
            .run_until_cancelled_owned(reread(self.keys));
        tokio::spawn(rereading);
        let (housekeeper, refused, every) = self.housekeeping;
        tokio::spawn(housekeeper.run_with(refused, every, background.clone()));
        let listeners = [self.public, self.internal, self.ops];
        let served = serve::run(listeners, self.readiness, stop).await;
        background.cancel();
        let _ = tokio::time::timeout(LAST_WRITES, join_all(self.writing)).await;
        served
    }
}

/// The public, the internal and the ops listener.
async fn listen(config: &Config) -> Result<[Listener; 3], StartError> {
    let origins = config.access.web_origins.clone();
    let tls = (&config.public_tls, origins.protocols());
    let public = bind("auth public", config.public_listen, tls).await?;
    let tls = (&config.internal_tls, Protocols::Http2);
    let internal = bind("auth internal", config.internal_listen, tls).await?;
    let ops = Listener::bind("auth ops", config.ops_listen).await?;
    Ok([
        public
            .with_web_origins(origins)
            .with_trusted_proxies(config.access.trusted_proxies),
        internal,
        ops.with_metrics(),
    ])
}

async fn bind(
    name: &'static str,
    address: SocketAddr,
    (files, protocols): (&Option<ServerTlsFiles>, Protocols),
) -> Result<Listener, StartError> {
    let tls = files.clone();
    let tls = tls.map(|files| ServerTls::open(name, files, protocols));
    Ok(Listener::bind(name, address)
        .await?
        .with_tls(tls.transpose()?))
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
