//! Readiness: whether a service can serve calls.

use super::{MetricsRegistry, clocks::Clocks};
use database::{Condition, Database};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

/// The name of the health service that only says that the process answers. It does not use the
/// database, because restarting a pod does not repair a database.
pub const LIVENESS: &str = "liveness";

/// How often readiness is checked.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long the check may wait for the database.
const PATIENCE: Duration = Duration::from_secs(3);

/// Keeps a service's health up to date. The service is ready if its database answers, and if the
/// migrations of this build are applied.
#[derive(Debug)]
pub struct Readiness {
    database: Database,
    health: HealthReporter,
    services: &'static [&'static str],
    clocks: Clocks,
}

impl Readiness {
    /// Alive, but not ready yet. The registry gets the difference between the clocks.
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

    /// Checks until `stop`.
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

    /// Reports that the service must not be sent calls.
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
