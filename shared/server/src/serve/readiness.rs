//! Whether a service may be sent calls: its health, watched.

use super::{MetricsRegistry, clocks::Clocks};
use database::{Condition, Database};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

/// The health service name that says only that the process answers. It never
/// touches the database: restarting a pod does not mend one.
pub const LIVENESS: &str = "liveness";

/// How often readiness is asked for.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long the database may take to answer it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Keeps the health of a service's names in step with its database: ready means
/// that it answers, and that this build's migrations are applied.
#[derive(Debug)]
pub struct Readiness {
    database: Database,
    health: HealthReporter,
    services: &'static [&'static str],
    clocks: Clocks,
}

impl Readiness {
    /// Not ready yet, but alive. What it sees of the clocks is told by the registry.
    pub async fn new(
        database: Database,
        health: HealthReporter,
        services: &'static [&'static str],
        registry: &mut MetricsRegistry,
    ) -> Self {
        health
            .set_service_status(LIVENESS, ServingStatus::Serving)
            .await;
        let readiness = Self {
            database,
            health,
            services,
            clocks: Clocks::register(registry),
        };
        readiness.withdraw().await;
        readiness
    }

    /// Watches until `stop`.
    pub(super) async fn watch_until(&self, stop: CancellationToken) {
        let (mut was_ready, mut warned_at) = (None, None);
        let watching = async {
            loop {
                let asking = tokio::time::timeout(PATIENCE, self.database.condition());
                let (asked, ()) = tokio::join!(asking, self.database.look_at_pool());
                if let Ok(Ok(condition)) = asked {
                    self.clocks.note(condition.clock_difference, &mut warned_at);
                }
                let asked =
                    asked.map(|asked| asked.map(|Condition { is_migrated, .. }| is_migrated));
                let is_ready = matches!(asked, Ok(Ok(true)));
                if was_ready != Some(is_ready) {
                    match asked {
                        Ok(Ok(true)) => tracing::info!("ready"),
                        Ok(Ok(false)) => {
                            tracing::warn!("not ready: migrations are missing; run `migrate up`");
                        }
                        Ok(Err(error)) => tracing::warn!(%error, "not ready: the database fails"),
                        Err(_) => tracing::warn!("not ready: the database does not answer"),
                    }
                    self.set(is_ready).await;
                    was_ready = Some(is_ready);
                }
                tokio::time::sleep(ASK_EVERY).await;
            }
        };
        stop.run_until_cancelled(watching).await;
    }

    /// Says that the service is not to be sent calls.
    pub(super) async fn withdraw(&self) {
        self.set(false).await;
    }

    async fn set(&self, ready: bool) {
        let status = if ready {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for name in self.services.iter().chain(&[""]) {
            self.health.set_service_status(*name, status).await;
        }
    }
}
