//! What the command is asked to do: flags, and what they mean.

use crate::generate::{GenerateArguments, Options};
use clap::{Args, Parser, Subcommand};
use contract::config::Problems;
use database::DatabaseUrl;
use server::serve::WebOrigins;
use std::{net::SocketAddr, path::PathBuf};

/// How many demo requests there are by default.
const DEMO_REQUESTS: &str = "3000";

/// Runs auth-service and requests-service in one process, with demo data.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "ticketing-local",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    /// Something else than running the services.
    #[command(subcommand)]
    pub command: Option<OtherCommand>,
    /// Where keys, the service token and the SQLite database are kept.
    #[arg(long, env = "LOCAL_DATA_DIRECTORY", default_value = ".ticketing")]
    pub data_directory: String,
    /// A PostgreSQL (or other SQLite) database instead of the one in the data
    /// directory.
    #[arg(long, env = "LOCAL_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Start over: drop the data, the keys and the service token.
    #[arg(long)]
    pub fresh: bool,
    /// How many demo requests a new database gets.
    #[arg(long, default_value = DEMO_REQUESTS)]
    pub demo_requests: String,
    /// Where auth-service's public listener is.
    #[arg(long, default_value = "127.0.0.1:50051")]
    pub auth_public_listen: String,
    /// Where auth-service's internal listener is.
    #[arg(long, default_value = "127.0.0.1:50052")]
    pub auth_internal_listen: String,
    /// Where auth-service's ops listener is.
    #[arg(long, default_value = "127.0.0.1:50053")]
    pub auth_ops_listen: String,
    /// Where requests-service's public listener is.
    #[arg(long, default_value = "127.0.0.1:50061")]
    pub requests_public_listen: String,
    /// Where requests-service's ops listener is.
    #[arg(long, default_value = "127.0.0.1:50063")]
    pub requests_ops_listen: String,
    /// Origins whose pages may call both services by gRPC-Web, by commas:
    /// http://localhost:3000. None: browsers are not served.
    #[arg(long, env = "LOCAL_WEB_ORIGINS")]
    pub web_origins: Option<String>,
}

/// What else the command does.
#[derive(Clone, Debug, Subcommand)]
pub enum OtherCommand {
    /// Writes the demo data into a database that has no users yet, and ends.
    Demo(DemoArguments),
    /// Fills an empty database with made-up data.
    Generate(GenerateArguments),
}

/// Writes the demo data into a database that has no users yet, and ends.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// The database, whose tables `migrate up` made.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// How many demo requests to write.
    #[arg(long, default_value = DEMO_REQUESTS)]
    pub demo_requests: String,
}

/// What the command is asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Run both services.
    Run(Box<Config>),
    /// Write the demo data: the database, and how many requests.
    Demo(DatabaseUrl, i32),
    /// Generate data.
    Generate(Options),
}

impl TryFrom<Arguments> for Command {
    type Error = Problems;

    fn try_from(mut arguments: Arguments) -> Result<Self, Problems> {
        match arguments.command.take() {
            Some(OtherCommand::Demo(arguments)) => {
                let mut problems = Problems::default();
                let url = problems.parse("--database-url", &arguments.database_url);
                let requests = demo_requests(&mut problems, &arguments.demo_requests);
                url.zip(requests)
                    .map(|(url, requests)| Self::Demo(url, requests))
                    .ok_or(problems)
            }
            Some(OtherCommand::Generate(arguments)) => arguments.try_into().map(Self::Generate),
            None => Config::try_from(arguments).map(|config| Self::Run(Box::new(config))),
        }
    }
}

/// What the run is made from.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the arguments, parsed")]
pub struct Config {
    pub data_directory: PathBuf,
    pub database_url: Option<DatabaseUrl>,
    pub fresh: bool,
    pub demo_requests: i32,
    pub auth_public_listen: SocketAddr,
    pub auth_internal_listen: SocketAddr,
    pub auth_ops_listen: SocketAddr,
    pub requests_public_listen: SocketAddr,
    pub requests_ops_listen: SocketAddr,
    pub web_origins: WebOrigins,
}

impl TryFrom<Arguments> for Config {
    type Error = Problems;

    fn try_from(arguments: Arguments) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let url = arguments
            .database_url
            .as_deref()
            .map(|url| problems.parse::<DatabaseUrl>("--database-url", url));
        let demo_requests = demo_requests(&mut problems, &arguments.demo_requests);
        let web_origins = arguments.web_origins.as_deref().unwrap_or_default();
        let web_origins = problems.parse::<WebOrigins>("--web-origins", web_origins);
        let mut address = |flag, text: &str| problems.parse::<SocketAddr>(flag, text);
        let addresses = (
            address("--auth-public-listen", &arguments.auth_public_listen),
            address("--auth-internal-listen", &arguments.auth_internal_listen),
            address("--auth-ops-listen", &arguments.auth_ops_listen),
            address(
                "--requests-public-listen",
                &arguments.requests_public_listen,
            ),
            address("--requests-ops-listen", &arguments.requests_ops_listen),
        );
        let (
            Some(demo_requests),
            Some(web_origins),
            (
                Some(auth_public_listen),
                Some(auth_internal_listen),
                Some(auth_ops_listen),
                Some(requests_public_listen),
                Some(requests_ops_listen),
            ),
            None | Some(Some(_)),
        ) = (demo_requests, web_origins, addresses, &url)
        else {
            return Err(problems);
        };
        Ok(Self {
            data_directory: arguments.data_directory.into(),
            database_url: url.flatten(),
            fresh: arguments.fresh,
            demo_requests,
            auth_public_listen,
            auth_internal_listen,
            auth_ops_listen,
            requests_public_listen,
            requests_ops_listen,
            web_origins,
        })
    }
}

fn demo_requests(problems: &mut Problems, text: &str) -> Option<i32> {
    problems.within("--demo-requests", text, 0, 1_000_000)
}
