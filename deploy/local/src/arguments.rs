//! The command line of `ticketing-local`.

use crate::generate::Options;
use clap::{Args, Parser, Subcommand};
use contract::config::{Configuration, Given, Problems, within};
use database::DatabaseUrl;
use server::serve::WebOrigins;
use std::{net::SocketAddr, path::PathBuf};

/// The default number of demo requests.
const DEMO_REQUESTS: &str = "3000";
/// The largest number of demo requests.
const MOST_DEMO_REQUESTS: i32 = 1_000_000;

/// Runs auth-service and requests-service in one process, with demo data.
#[derive(Clone, Debug, Parser)]
#[command(name = "ticketing-local", version)]
pub struct Config {
    /// Where keys, the service token and the SQLite database are kept.
    #[arg(long, env = "LOCAL_DATA_DIRECTORY", default_value = ".ticketing")]
    pub data_directory: PathBuf,
    /// A PostgreSQL (or other SQLite) database instead of the one in the data
    /// directory.
    #[arg(long, env = "LOCAL_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,
    /// Start over: drop the data, the keys and the service token.
    #[arg(long)]
    pub fresh: bool,
    /// How many demo requests a new database gets.
    #[arg(
        long,
        default_value = DEMO_REQUESTS,
        value_parser = within(0..=MOST_DEMO_REQUESTS)
    )]
    pub demo_requests: i32,
    /// Where the partner page is, with both services under the same origin.
    #[arg(long, env = "LOCAL_WEB_LISTEN", default_value = "127.0.0.1:50080")]
    pub web_listen: SocketAddr,
    /// Where auth-service's public listener is.
    #[arg(long, default_value = "127.0.0.1:50051")]
    pub auth_public_listen: SocketAddr,
    /// Where auth-service's internal listener is.
    #[arg(long, default_value = "127.0.0.1:50052")]
    pub auth_internal_listen: SocketAddr,
    /// Where auth-service's ops listener is.
    #[arg(long, default_value = "127.0.0.1:50053")]
    pub auth_ops_listen: SocketAddr,
    /// Where requests-service's public listener is.
    #[arg(long, default_value = "127.0.0.1:50061")]
    pub requests_public_listen: SocketAddr,
    /// Where requests-service's ops listener is.
    #[arg(long, default_value = "127.0.0.1:50063")]
    pub requests_ops_listen: SocketAddr,
    /// Origins whose own pages may call both services by Connect and by gRPC-Web, separated by
    /// commas: `http://localhost:3000`. The partner page needs none.
    #[arg(
        long,
        env = "LOCAL_WEB_ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    pub web_origins: WebOrigins,
}

impl Configuration for Config {
    fn check(_: &Given, _: &mut Problems) {}
}

/// What else the command does.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Writes the demo data into a database that has no users yet, and ends.
    Demo(DemoArguments),
    /// Fills an empty database with made-up data.
    Generate(Options),
}

/// Writes the demo data into a database that has no users yet, and ends.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// The database, whose tables `migrate up` made.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,
    /// How many demo requests to write.
    #[arg(
        long,
        default_value = DEMO_REQUESTS,
        value_parser = within(0..=MOST_DEMO_REQUESTS)
    )]
    pub demo_requests: i32,
}
