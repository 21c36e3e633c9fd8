//! One replica of auth-service.

use super::channel;
use crate::Role;
use auth_service::{
    app::App,
    config::Config,
    passwords::{Argon2Costs, PasswordWork},
};
use contract::{config, deadline::Limits, time::Clock};
use database::{DatabaseUrl, PoolLimits};
use proto::auth::v1::{
    auth_service_client::AuthServiceClient,
    session_validation_service_client::SessionValidationServiceClient,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// The cost of a hash in tests, which is lower than the configuration allows.
pub(super) const CHEAP: Argon2Costs = Argon2Costs {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

/// One replica of auth-service on a database.
#[derive(Debug)]
pub struct Replica {
    /// Where clients reach it.
    pub public: SocketAddr,
    /// Where services reach it.
    pub internal: SocketAddr,
    /// Where the cluster reaches it.
    pub ops: SocketAddr,
    /// The work that verifying passwords costs.
    pub password_work: PasswordWork,
    stop: CancellationToken,
}

impl Replica {
    /// Starts one with the keys and the service token of a folder, as
    /// [`prepared_folder`](super::prepared_folder) makes it, and with the limits of production.
    pub async fn start(folder: PathBuf, url: &DatabaseUrl, clock: &Clock, flags: &[&str]) -> Self {
        Self::start_configured(Self::config(&folder, url, flags), clock).await
    }

    pub(super) fn config(folder: &Path, url: &DatabaseUrl, flags: &[&str]) -> Config {
        Role::Auth.assert_in(url);
        let required = [
            "auth-service".to_owned(),
            "--public-listen=127.0.0.1:0".to_owned(),
            "--internal-listen=127.0.0.1:0".to_owned(),
            "--ops-listen=127.0.0.1:0".to_owned(),
            format!("--database-url={}", url.expose()),
            format!("--keys-directory={}", folder.join("keys").display()),
            format!("--service-token-file={}", folder.join("token").display()),
        ];
        let flags = required
            .into_iter()
            .chain(flags.iter().map(|flag| (*flag).to_owned()));
        let mut config = config::from_flags::<Config>(flags).expect("a configuration");
        config.passwords.costs = CHEAP;
        // no background work, unless a test requests it
        config.housekeeping = Duration::from_hours(1);
        config
    }

    /// Serves until `stop`, as the program does, and reports the addresses for services and the
    /// cluster. For a separate process.
    pub async fn serve(
        folder: &Path,
        url: &DatabaseUrl,
        tell: impl FnOnce(SocketAddr, SocketAddr),
        stop: CancellationToken,
    ) {
        let app = App::build(Self::config(folder, url, &[]), Clock::system());
        let app = app.await.expect("auth-service starts");
        tell(app.internal_address(), app.ops_address());
        app.run(stop).await.expect("it ends by itself");
    }

    pub(super) async fn start_configured(config: Config, clock: &Clock) -> Self {
        let app = App::build(config, clock.clone())
            .await
            .expect("auth-service starts");
        let stop = CancellationToken::new();
        let (public, internal, ops) = (
            app.public_address(),
            app.internal_address(),
            app.ops_address(),
        );
        let password_work = app.password_work().clone();
        tokio::spawn(app.run(stop.clone()));
        Self {
            public,
            internal,
            ops,
            password_work,
            stop,
        }
    }

    /// A client of the public listener.
    #[must_use]
    pub fn client(&self) -> AuthServiceClient<Channel> {
        AuthServiceClient::new(channel(self.public))
    }

    /// A client of the internal listener; calls carry the service token by
    /// [`as_service`](super::as_service).
    #[must_use]
    pub fn validation_client(&self) -> SessionValidationServiceClient<Channel> {
        SessionValidationServiceClient::new(channel(self.internal))
    }
}

/// Gives calls and their statements the same time as in production, for tests of outages.
pub fn as_in_production(config: &mut Config) {
    config.pool = PoolLimits {
        connections: config.pool.connections,
        ..PoolLimits::default()
    };
    config.limits = Limits::default();
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
