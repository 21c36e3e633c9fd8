//! The options of the data generator.

use clap::Args;
use contract::config::within;
use database::DatabaseUrl;

/// With more requests, the ids of their logs would not fit into their type.
const MAX_ROWS: i32 = 100_000_000;

/// Fills an empty PostgreSQL database with made-up data.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The database, whose tables `migrate up` (or the old application) made.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,
    /// How many requests.
    #[arg(long, default_value = "100000", value_parser = within(0..=MAX_ROWS))]
    pub requests: i32,
    /// How many sessions, all of them live.
    #[arg(long, default_value = "100000", value_parser = within(0..=MAX_ROWS))]
    pub sessions: i32,
    /// The same number gives the same data, apart from the times.
    #[arg(long, default_value = "1")]
    pub seed: i64,
}
