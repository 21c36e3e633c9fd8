//! auth-service, running in this process on a database of its own, and users to log in.

mod replica;

pub use replica::{Replica, as_in_production};

use crate::{Kind, Role, TestDatabase, be_patient, refusals};
use auth_service::{
    config::Config,
    tokens::{KeyName, generate_key},
};
use contract::time::{Clock, Timestamp};
use database::DatabaseUrl;
use proto::auth::v1::{
    CreateSessionRequest, CreateSessionResponse, auth_service_client::AuthServiceClient,
};
use replica::CHEAP;
use std::{net::SocketAddr, sync::OnceLock, time::Duration};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

/// The password of every test user.
pub const PASSWORD: &str = "correct horse battery";
/// The first service token that a test's auth-service accepts.
pub const SERVICE_TOKEN: &str = "test-service-token-0123456789abcdef";

/// A running auth-service. It stops when this value is dropped.
#[derive(Debug)]
pub struct Auth {
    /// Its database.
    pub database: TestDatabase,
    /// The clock of the service and of its statements, which tests advance.
    pub clock: Clock,
    /// Its keys and its service token.
    pub folder: tempfile::TempDir,
    /// One replica. Tests may start more.
    pub replica: Replica,
}

impl Auth {
    /// Starts it on a migrated database.
    pub async fn start(kind: Kind) -> Self {
        Self::start_on(TestDatabase::migrated(kind).await).await
    }

    /// Starts it on a given database, with its own role.
    pub async fn start_on(database: TestDatabase) -> Self {
        let url = database.url_as(Role::Auth);
        Self::start_through(database, &url, &[]).await
    }

    /// Starts it on a database with another URL, for example that of a proxy, and with more flags.
    pub async fn start_through(database: TestDatabase, url: &DatabaseUrl, flags: &[&str]) -> Self {
        Self::start_configured(database, url, flags, |_| ()).await
    }

    /// The same, with settings that flags do not have.
    pub async fn start_configured(
        database: TestDatabase,
        url: &DatabaseUrl,
        flags: &[&str],
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = prepared_folder();
        let clock = Clock::system();
        let mut config = Replica::config(folder.path(), url, flags);
        be_patient(&mut config.pool, &mut config.limits);
        configure(&mut config);
        let replica = Replica::start_configured(config, &clock).await;
        Self {
            database,
            clock,
            folder,
            replica,
        }
    }

    /// Starts another replica on the same database, with the same keys.
    pub async fn another_replica(&self) -> Replica {
        self.another_replica_with(&[]).await
    }

    /// Starts another replica on the same database, with more flags.
    pub async fn another_replica_with(&self, flags: &[&str]) -> Replica {
        self.another_replica_configured(flags, |_| ()).await
    }

    /// Starts another replica on the same database, with settings that flags do not have.
    pub async fn another_replica_configured(
        &self,
        flags: &[&str],
        configure: impl FnOnce(&mut Config),
    ) -> Replica {
        let url = self.database.url_as(Role::Auth);
        let mut config = Replica::config(self.folder.path(), &url, flags);
        be_patient(&mut config.pool, &mut config.limits);
        configure(&mut config);
        Replica::start_configured(config, &self.clock).await
    }

    /// Starts another replica on the same database, with another clock.
    pub async fn another_replica_by(&self, clock: &Clock) -> Replica {
        let url = self.database.url_as(Role::Auth);
        let mut config = Replica::config(self.folder.path(), &url, &[]);
        be_patient(&mut config.pool, &mut config.limits);
        Replica::start_configured(config, clock).await
    }

    /// A client of the public listener.
    #[must_use]
    pub fn client(&self) -> AuthServiceClient<Channel> {
        self.replica.client()
    }

    /// Adds a user with [`PASSWORD`] and the role of this name.
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

/// Code and reason of a refusal, for comparison. Checks the refusal against the contract.
#[must_use]
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (tonic::Code, String) {
    let status = answer.expect_err("a refusal");
    refusals::assert_kept(&status);
    (
        status.code(),
        contract::errors::reason_of(&status).unwrap_or_default(),
    )
}

/// A cheap Argon2id hash of [`PASSWORD`], which makes the log-ins of a suite fast.
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
