//! auth-service as it is served, in this process, on a database of its own; and
//! users to log in.

use crate::{Kind, Role, TestDatabase};
use auth_service::{
    app::App,
    config::{Arguments, Config},
    password_work::PasswordWork,
    passwords::Argon2Costs,
    tokens::{KeyName, generate_key},
};
use clap::Parser as _;
use proto::auth::v1::{
    CreateSessionRequest, CreateSessionResponse, auth_service_client::AuthServiceClient,
    session_validation_service_client::SessionValidationServiceClient,
};
use shared::{
    database::DatabaseUrl,
    time::{Clock, Timestamp},
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

/// What every test user logs in with.
pub const PASSWORD: &str = "correct horse battery";
/// The first service token that a test's auth-service accepts.
pub const SERVICE_TOKEN: &str = "test-service-token-0123456789abcdef";

/// What a hash costs in tests, below what configuration allows.
const CHEAP: Argon2Costs = Argon2Costs {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

/// A running auth-service. It stops when this value is dropped.
#[derive(Debug)]
pub struct Auth {
    /// Its database.
    pub database: TestDatabase,
    /// Its clock, and that of its statements: tests advance it.
    pub clock: Clock,
    /// Its keys and its service token.
    pub folder: tempfile::TempDir,
    /// One running process of it; tests start more.
    pub replica: Replica,
}

/// One of possibly several auth-services on one database.
#[derive(Debug)]
pub struct Replica {
    /// Where clients reach it.
    pub public: SocketAddr,
    /// Where services reach it.
    pub internal: SocketAddr,
    /// Where the cluster reaches it.
    pub ops: SocketAddr,
    /// What its verifications of passwords cost.
    pub password_work: PasswordWork,
    stop: CancellationToken,
}

impl Auth {
    /// Starts it on a database that `migrate up` has made.
    pub async fn start(kind: Kind) -> Self {
        Self::start_on(TestDatabase::migrated(kind).await).await
    }

    /// Starts it on a given database, by its own role.
    pub async fn start_on(database: TestDatabase) -> Self {
        let url = database.url_as(Role::Auth);
        Self::start_through(database, &url, &[]).await
    }

    /// Starts it on a database that it reaches by another URL (a proxy's), with
    /// more flags.
    pub async fn start_through(database: TestDatabase, url: &DatabaseUrl, flags: &[&str]) -> Self {
        let folder = prepared_folder();
        let clock = Clock::system();
        let replica = Replica::start(folder.path().into(), url, &clock, flags).await;
        Self {
            database,
            clock,
            folder,
            replica,
        }
    }

    /// Starts another one on the same database, with the same keys.
    pub async fn another_replica(&self) -> Replica {
        self.another_replica_with(&[]).await
    }

    /// Starts another one on the same database, with more flags.
    pub async fn another_replica_with(&self, flags: &[&str]) -> Replica {
        let folder = self.folder.path().into();
        let url = self.database.url_as(Role::Auth);
        Replica::start(folder, &url, &self.clock, flags).await
    }

    /// Starts another one on the same database, configured beyond what flags say.
    pub async fn another_replica_configured(
        &self,
        flags: &[&str],
        configure: impl FnOnce(&mut Config),
    ) -> Replica {
        let url = self.database.url_as(Role::Auth);
        let mut config = Replica::config(self.folder.path(), &url, flags);
        configure(&mut config);
        Replica::start_configured(config, &self.clock).await
    }

    /// A client of the public listener.
    #[must_use]
    pub fn client(&self) -> AuthServiceClient<Channel> {
        self.replica.client()
    }

    /// Adds a user with [`PASSWORD`], of a role by its name.
    pub async fn add_user(&self, user: TestUser<'_>) -> i32 {
        let partner = user
            .partner_id
            .map_or("NULL".to_owned(), |id| id.to_string());
        let TestUser {
            email,
            user_type,
            role,
            ..
        } = user;
        let hash = password_hash();
        let script = format!(
            "INSERT INTO users (name, email, password, role_id, user_type, partner_id) \
             SELECT '{email}', '{email}', '{hash}', id, '{user_type}', {partner} \
             FROM roles WHERE name = '{role}'"
        );
        self.database.execute(&script).await;
        self.database
            .query_number(&format!("SELECT id FROM users WHERE email = '{email}'"))
            .await
    }

    /// Adds a customer.
    pub async fn add_customer(&self, email: &str) -> i32 {
        self.add_user(TestUser {
            email,
            user_type: "customer",
            role: "customer",
            partner_id: None,
        })
        .await
    }

    /// Logs in with [`PASSWORD`].
    pub async fn log_in(&self, email: &str) -> CreateSessionResponse {
        let request = CreateSessionRequest {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        };
        self.client()
            .create_session(request)
            .await
            .expect("logged in")
            .into_inner()
    }
}

impl Replica {
    /// Starts one with the keys and the service token of a folder, as
    /// [`prepared_folder`] makes it.
    pub async fn start(folder: PathBuf, url: &DatabaseUrl, clock: &Clock, flags: &[&str]) -> Self {
        Self::start_configured(Self::config(&folder, url, flags), clock).await
    }

    fn config(folder: &Path, url: &DatabaseUrl, flags: &[&str]) -> Config {
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
        let mut config = Config::try_from(Arguments::parse_from(flags)).expect("a configuration");
        config.passwords.costs = CHEAP;
        config
    }

    /// Serves until `stop`, as the program does; tells where services and the cluster
    /// reach it. For a process of its own.
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

    async fn start_configured(config: Config, clock: &Clock) -> Self {
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
    /// [`as_service`].
    #[must_use]
    pub fn validation_client(&self) -> SessionValidationServiceClient<Channel> {
        SessionValidationServiceClient::new(channel(self.internal))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A folder with a key and a service token.
#[must_use]
pub fn prepared_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("keys")).expect("a folder");
    std::fs::write(folder.path().join("token"), SERVICE_TOKEN).expect("a file");
    let an_hour_ago = Timestamp::from_seconds(Clock::system().now().seconds() - 3_600);
    generate_key(&folder.path().join("keys"), KeyName::at(an_hour_ago)).expect("a key");
    folder
}

/// A user to add.
#[derive(Clone, Copy, Debug)]
pub struct TestUser<'a> {
    /// Also the name.
    pub email: &'a str,
    /// A value of `user_type_enum`.
    pub user_type: &'a str,
    /// Name of a role.
    pub role: &'a str,
    /// `users.partner_id`.
    pub partner_id: Option<i32>,
}

/// A channel to a loopback address, connected at the first call.
#[must_use]
pub fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .expect("an address")
        .connect_timeout(Duration::from_secs(5))
        .connect_lazy()
}

/// A request with a bearer token.
#[must_use]
pub fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value: MetadataValue<Ascii> = format!("Bearer {token}").parse().expect("visible text");
    request.metadata_mut().insert("authorization", value);
    request
}

/// A request with the service token.
#[must_use]
pub fn as_service<T>(message: T) -> Request<T> {
    with_token(message, SERVICE_TOKEN)
}

/// Code and reason of a refusal, for comparison.
#[must_use]
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (tonic::Code, String) {
    let status = answer.expect_err("a refusal");
    (
        status.code(),
        shared::errors::reason_of(&status).unwrap_or_default(),
    )
}

/// A cheap Argon2id hash of [`PASSWORD`], so that a suite's log-ins cost
/// nothing.
#[must_use]
pub fn password_hash() -> &'static str {
    use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher as _};
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let cheap = Params::new(CHEAP.memory_kib, CHEAP.passes, CHEAP.lanes, None);
        let cheap = cheap.expect("parameters");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
        argon2
            .hash_password(PASSWORD.as_bytes())
            .expect("a hash")
            .to_string()
    })
}
