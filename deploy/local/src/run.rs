//! The run: prepares the data directory, migrations, demo data and both services, and prints what
//! to paste.

use crate::{
    Config, DemoArguments, DirectoryError,
    data_directory::DataDirectory,
    demo,
    instructions::Instructions,
    web::{Gateway, GatewayError, Services},
};
use auth_service::app as auth;
use contract::{
    config::{self, Invalid},
    time::Clock,
};
use database::{ConnectError, Database, DatabaseUrl, InvalidDatabaseUrl, PoolLimits};
use migrations::MigrateError;
use requests_service::app as requests;
use server::serve::{BindError, ServeError};
use std::{
    io::{self, Write as _},
    net::SocketAddr,
};
use tokio_util::sync::CancellationToken;

/// Why the run could not start, or failed, in one line.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is its source")]
pub enum LocalError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Url(#[from] InvalidDatabaseUrl),
    #[error(transparent)]
    Configuration(#[from] Invalid),
    #[error("{0}. Check --database-url, or the data directory")]
    Connect(#[from] ConnectError),
    #[error("{}", in_our_words(.0))]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Demo(#[from] demo::DemoError),
    #[error("{0}. Stop what listens there, or choose another port: --help lists the flags")]
    Port(BindError),
    #[error("{0}. Stop what listens there, or choose another port: --help lists the flags")]
    Gateway(#[from] GatewayError),
    #[error("auth-service: {0}")]
    Auth(auth::StartError),
    #[error("requests-service: {0}")]
    Requests(requests::StartError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("cannot write to the terminal: {0}")]
    Output(#[from] io::Error),
}

impl From<auth::StartError> for LocalError {
    fn from(error: auth::StartError) -> Self {
        match error {
            auth::StartError::Bind(error) => Self::Port(error),
            auth::StartError::Database(error) => Self::Connect(error),
            error => Self::Auth(error),
        }
    }
}

impl From<requests::StartError> for LocalError {
    fn from(error: requests::StartError) -> Self {
        match error {
            requests::StartError::Bind(error) => Self::Port(error),
            requests::StartError::Database(error) => Self::Connect(error),
            error => Self::Requests(error),
        }
    }
}

/// `migrate` reads the URL from a variable, this command from a flag.
fn in_our_words(error: &MigrateError) -> String {
    error.to_string().replace("DATABASE_URL", "--database-url")
}

/// Both services and the page, which listen but do not serve yet, and what they keep between runs.
#[derive(Debug)]
pub struct Run {
    auth: auth::App,
    requests: requests::App,
    gateway: Gateway,
    /// Holds its lock.
    _directory: DataDirectory,
}

impl Run {
    /// Prepares everything, and prints what to paste.
    pub async fn start(config: Config) -> Result<Self, LocalError> {
        let clock = Clock::system();
        let directory = DataDirectory::open(&config.data_directory, config.fresh, &clock)?;
        let url: DatabaseUrl = match &config.database_url {
            Some(url) => url.clone(),
            None => directory.database_url().parse()?,
        };
        // the ports come first, so that a second run does not touch the data of the first
        let gateway = Gateway::bind(config.web_listen).await?;
        let auth_config = auth_config(&config, &directory, &url)?;
        let auth = auth::App::build(auth_config, clock.clone()).await?;
        let requests_config = requests_config(&config, &directory, &url, auth.internal_address())?;
        let requests = requests::App::build(requests_config, clock.clone()).await?;

        let database = Database::open(&url, PoolLimits::default(), clock.clone()).await?;
        let has_own_url = config.database_url.is_some();
        if config.fresh && has_own_url {
            migrations::fresh(&database, true, &|_| ()).await?;
        } else {
            migrations::up(&database, &|_| ()).await?;
        }
        let demo = demo::seed_if_empty(&database, config.demo_requests, &clock).await?;

        let instructions = Instructions {
            page: gateway.address(),
            auth: auth.public_address(),
            auth_internal: auth.internal_address(),
            requests: requests.public_address(),
            metrics: [auth.ops_address(), requests.ops_address()],
            service_token: directory.service_token(),
            web_origins: config.web_origins,
            demo,
        };
        let mut terminal = io::stdout().lock();
        write!(terminal, "{instructions}")?;
        terminal.flush()?;
        drop(terminal);
        Ok(Self {
            auth,
            requests,
            gateway,
            _directory: directory,
        })
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: CancellationToken) -> Result<(), LocalError> {
        let services = Services {
            auth: self.auth.public_address(),
            requests: self.requests.public_address(),
        };
        let page = tokio::spawn(self.gateway.serve(services, stop.clone()));
        let auth = tokio::spawn(self.auth.run(stop.clone()));
        let served = self.requests.run(stop.clone()).await;
        stop.cancel();
        page.await.map_err(ServeError::from)?;
        let auth_served = auth.await.map_err(ServeError::from).flatten();
        served.and(auth_served).map_err(LocalError::from)
    }
}

/// Writes the demo data into a database that was migrated, unless it has users.
#[allow(clippy::print_stdout, reason = "what the command was asked for")]
pub async fn write_demo_data(arguments: &DemoArguments) -> Result<(), LocalError> {
    let DemoArguments {
        database_url,
        demo_requests,
    } = arguments;
    let clock = Clock::system();
    let database = Database::open(database_url, PoolLimits::default(), clock.clone()).await?;
    match demo::seed_if_empty(&database, *demo_requests, &clock).await? {
        demo::Presence::Present => println!(
            "The demo data is there. Log in as {} with the password {:?}.",
            demo::USERS[0].email,
            demo::PASSWORD
        ),
        demo::Presence::OtherData => println!("The database has users; nothing was written."),
    }
    Ok(())
}

/// How many proxies are in front of a public listener. The gateway is one, and tells each caller's
/// address. It is trusted only where nobody else reaches the listener from outside.
fn trusted_proxies(listen: SocketAddr) -> u8 {
    u8::from(listen.ip().is_loopback())
}

fn auth_config(
    config: &Config,
    directory: &DataDirectory,
    url: &DatabaseUrl,
) -> Result<auth_service::config::Config, Invalid> {
    config::from_flags([
        "auth-service".to_owned(),
        format!("--public-listen={}", config.auth_public_listen),
        format!(
            "--trusted-proxies={}",
            trusted_proxies(config.auth_public_listen)
        ),
        format!("--internal-listen={}", config.auth_internal_listen),
        format!("--ops-listen={}", config.auth_ops_listen),
        format!("--web-origins={}", config.web_origins),
        format!("--database-url={}", url.expose()),
        format!("--keys-directory={}", directory.keys().display()),
        format!(
            "--service-token-file={}",
            directory.service_token().display()
        ),
    ])
}

fn requests_config(
    config: &Config,
    directory: &DataDirectory,
    url: &DatabaseUrl,
    auth_internal: SocketAddr,
) -> Result<requests_service::config::Config, Invalid> {
    config::from_flags([
        "requests-service".to_owned(),
        format!("--public-listen={}", config.requests_public_listen),
        format!(
            "--trusted-proxies={}",
            trusted_proxies(config.requests_public_listen)
        ),
        format!("--ops-listen={}", config.requests_ops_listen),
        format!("--web-origins={}", config.web_origins),
        format!("--database-url={}", url.expose()),
        format!("--auth-service-url=http://{auth_internal}"),
        format!(
            "--service-token-file={}",
            directory.service_token().display()
        ),
    ])
}
