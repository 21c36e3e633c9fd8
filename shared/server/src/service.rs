//! A builder for services: listeners, connections to the database, health, metrics, and work in the
//! background.

use crate::serve::{
    self, Calls, Listener, LoadShedLayer, MetricsRegistry, Priority, Readiness, ReflectionError,
    ServeError,
};
use client::tls::{CertificateSource, Expirations};
use contract::{
    access_rules::{AccessRules, InvalidRules, PathRules},
    time::Clock,
};
use database::{ConnectError, Database, DatabaseUrl, PoolLimits, PoolMetrics};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic_health::{
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

/// How long a stop waits for tasks that still write.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// A service that is being built.
#[derive(Debug)]
pub struct Builder {
    services: &'static [&'static str],
    paths: PathRules,
    registry: MetricsRegistry,
    calls: Calls,
    pools: PoolMetrics,
    health: HealthReporter,
    health_service: HealthServer<HealthService>,
    certificates: Vec<(&'static str, CertificateSource)>,
    listeners: Vec<(Listener, Routes)>,
    background: Background,
}

/// The tasks beside the listeners.
#[derive(Debug)]
struct Background {
    /// Cancelled when the service begins to serve.
    began: CancellationToken,
    ended: CancellationToken,
    /// Ends the tasks even if the service never serves.
    _guard: DropGuard,
    /// Tasks that still write after the service has ended.
    writing: Vec<JoinHandle<()>>,
}

impl Builder {
    /// Builds a service of these gRPC services, of these methods of others, and of these paths, which
    /// are served by HTTP alone: their calls are counted, and the health of the gRPC services follows
    /// the database's. The names of all metrics begin with `metrics` and `_`.
    pub fn new(
        metrics: &str,
        version: &'static str,
        services: &'static [&'static str],
        methods: PathRules,
        paths: PathRules,
    ) -> Result<Self, InvalidRules> {
        let mut registry = serve::metrics_registry(metrics, version);
        let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, services)?;
        let health = HealthReporter::new();
        let ended = CancellationToken::new();
        let others = methods.iter().chain(paths).map(|(path, _)| *path);
        let counted = rules.paths().chain(others);
        Ok(Self {
            services,
            paths,
            calls: Calls::register(&mut registry, counted),
            pools: PoolMetrics::register(&mut registry),
            registry,
            health_service: HealthServer::new(HealthService::from_health_reporter(health.clone())),
            health,
            certificates: Vec::new(),
            listeners: Vec::new(),
            background: Background {
                began: CancellationToken::new(),
                _guard: ended.clone().drop_guard(),
                ended,
                writing: Vec::new(),
            },
        })
    }

    /// The registry, for the service's own metrics.
    pub fn registry(&mut self) -> &mut MetricsRegistry {
        &mut self.registry
    }

    /// Opens connections to a database. Their metrics have the pool's `name`.
    pub async fn database(
        &self,
        name: &'static str,
        url: &DatabaseUrl,
        limits: PoolLimits,
        clock: Clock,
    ) -> Result<Database, ConnectError> {
        let database = Database::open(url, limits, clock).await?;
        Ok(database.observed(&self.pools, name))
    }

    /// A limit on the calls in flight, shared by all services that are wrapped in it.
    #[must_use]
    pub fn load_shed_layer(
        &mut self,
        calls_in_flight: usize,
        priority: fn(&str) -> Priority,
    ) -> LoadShedLayer {
        LoadShedLayer::new(calls_in_flight, priority, &mut self.registry)
    }

    /// Adds a metric of when this certificate expires.
    pub fn watch_certificate(&mut self, certificate: &'static str, source: CertificateSource) {
        self.certificates.push((certificate, source));
    }

    /// Serves `routes`, and in addition health and the reflection of `services`, which anybody may
    /// call.
    pub fn serve(
        &mut self,
        listener: Listener,
        services: &[&str],
        routes: Routes,
    ) -> Result<(), ReflectionError> {
        if let Some(tls) = listener.tls() {
            self.certificates
                .push((listener.purpose(), tls.clone().into()));
        }
        let routes = routes.add_service(self.health_service.clone());
        let routes = serve::with_reflection(routes, services)?;
        let listener = listener.with_services(services)?.with_paths(self.paths);
        self.listeners
            .push((listener.with_calls(self.calls.clone()), routes));
        Ok(())
    }

    /// Runs `work` from the time when the service begins to serve until it has stopped.
    pub fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let began = self.background.began.clone();
        let work = async move {
            began.cancelled().await;
            work.await;
        };
        tokio::spawn(self.ended().run_until_cancelled_owned(work));
    }

    /// Cancelled when the service has stopped, so that no call is in flight.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.background.ended.clone()
    }

    /// A task that writes its last data after [`Self::ended`]. The program waits for it for a
    /// moment.
    pub fn writes_until_done(&mut self, writing: JoinHandle<()>) {
        self.background.writing.push(writing);
    }

    /// Binds the ops listener, and returns the service. Its health follows this database's.
    pub async fn finish(
        mut self,
        database: Database,
        ops: Listener,
    ) -> Result<Service, ReflectionError> {
        let registry = &mut self.registry;
        let readiness = Readiness::new(database, self.health, self.services, registry).await;
        Expirations::register(registry, self.certificates);
        let routes = serve::ops(self.health_service, self.registry)?;
        self.listeners.push((ops.with_metrics(), routes));
        Ok(Service {
            listeners: self.listeners,
            readiness,
            background: self.background,
        })
    }
}

/// A service that listens, but does not serve yet.
#[derive(Debug)]
pub struct Service {
    listeners: Vec<(Listener, Routes)>,
    readiness: Readiness,
    background: Background,
}

impl Service {
    /// Serves until `stop`. Then its health says so, the calls in flight finish, and it ends.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        let background = self.background;
        background.began.cancel();
        let served = serve::run(self.listeners, self.readiness, stop).await;
        background.ended.cancel();
        let _ = tokio::time::timeout(LAST_WRITES, join_all(background.writing)).await;
        served
    }
}
