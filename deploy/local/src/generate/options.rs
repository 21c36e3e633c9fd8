//! What is to be generated.

use clap::Args;
use contract::config::Problems;
use database::DatabaseUrl;

/// Fills an empty PostgreSQL database with made-up data.
#[derive(Args, Clone, Debug)]
pub struct GenerateArguments {
    /// The database, whose tables `migrate up` (or the old application) made.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// How many requests.
    #[arg(long, default_value = "100000")]
    pub requests: String,
    /// How many sessions, all of them live.
    #[arg(long, default_value = "100000")]
    pub sessions: String,
    /// The same number gives the same data, apart from the times.
    #[arg(long, default_value = "1")]
    pub seed: String,
}

/// The arguments, parsed.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the arguments, parsed")]
pub struct Options {
    pub database_url: DatabaseUrl,
    pub requests: i32,
    pub sessions: i32,
    pub seed: i64,
}

/// More would not fit into the ids' type with their log.
const MAX_ROWS: i32 = 100_000_000;

impl TryFrom<GenerateArguments> for Options {
    type Error = Problems;

    fn try_from(arguments: GenerateArguments) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let url = problems.parse("--database-url", &arguments.database_url);
        let requests = problems.within("--requests", &arguments.requests, 0, MAX_ROWS);
        let sessions = problems.within("--sessions", &arguments.sessions, 0, MAX_ROWS);
        let seed = problems.parse("--seed", &arguments.seed);
        let (Some(database_url), Some(requests), Some(sessions), Some(seed)) =
            (url, requests, sessions, seed)
        else {
            return Err(problems);
        };
        Ok(Self {
            database_url,
            requests,
            sessions,
            seed,
        })
    }
}
