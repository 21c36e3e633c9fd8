//! `migrate grants`: what the services' roles may do afterwards, and what it refuses.

mod allowed;
mod changes;
mod denied;
mod refusals;
mod warnings;

use crate::{OLD_APPLICATION, fingerprint::lines};
use contract::time::Clock;
use database::{Database, PoolLimits};
use migrations::Roles;
use std::process::Output;
use testing::{Kind, Role, TestDatabase};
use tokio::process::Command;

/// Those that the harness made, and granted to in a migrated database.
fn roles() -> Roles {
    named(Role::Auth.name(), Role::Requests.name())
}

fn named(auth: &str, requests: &str) -> Roles {
    Roles {
        auth: auth.to_owned(),
        requests: requests.to_owned(),
    }
}

async fn open(test: &TestDatabase) -> Database {
    connect(test.url.expose()).await
}

async fn connect(url: &str) -> Database {
    let (url, limits) = (url.parse().unwrap(), PoolLimits::default());
    let pool = Database::open(&url, limits, Clock::system()).await;
    pool.unwrap()
}

/// A database that `up` made.
async fn made() -> (TestDatabase, Database) {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let pool = open(&test).await;
    (test, pool)
}

/// A database of the old application that `up` took over. Nothing is granted yet.
async fn adopted() -> (TestDatabase, Database) {
    let test = TestDatabase::empty(Kind::Postgres).await;
    test.execute(OLD_APPLICATION).await;
    let pool = open(&test).await;
    crate::up(&pool).await.unwrap();
    (test, pool)
}

/// Two roles of this test's own: clusters share them among databases.
async fn create(test: &TestDatabase) -> Roles {
    let roles = named(&unique("auth"), &unique("requests"));
    let (auth, requests) = (&roles.auth, &roles.requests);
    test.execute(&format!("CREATE ROLE {auth}; CREATE ROLE {requests}"))
        .await;
    roles
}

fn unique(name: &str) -> String {
    format!("{name}_{:x}", fastrand::u64(..))
}

/// Everything that anybody was granted in the database.
async fn all_grants(pool: &Database) -> Vec<String> {
    lines(
        pool,
        "SELECT concat_ws(' ', oid::regclass, relacl) AS line FROM pg_class
         WHERE relnamespace = 'public'::regnamespace
         UNION ALL
         SELECT concat_ws(' ', attrelid::regclass, attname, attacl) FROM pg_attribute
         JOIN pg_class c ON c.oid = attrelid WHERE c.relnamespace = 'public'::regnamespace
         UNION ALL SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public'
         UNION ALL SELECT datacl::text FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL
         ORDER BY 1",
    )
    .await
}

/// Runs the program with only this much of an environment.
async fn migrate(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migrate"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .await
        .expect("the program runs")
}
