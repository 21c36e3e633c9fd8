//! The ways to a server that a URL may name, and what is done with a password.

use contract::time::Clock;
use database::{Database, PoolLimits};
use sea_orm::{ConnectionTrait as _, DbErr, Statement};
use testing::Cluster;

/// A role whose password has every character that may end a part of a URL.
const ROLE: &str = "CREATE ROLE \"mona@corp\" LOGIN PASSWORD 'a:b/c?d#e[f]@g%h+i&j=k é'";
const USER: &str = "mona%40corp:a:b%2Fc?d#e[f]%40g%25h+i&j=k é";

async fn opened(url: &str) -> Database {
    let limits = PoolLimits::default();
    Database::open(&url.parse().unwrap(), limits, Clock::system())
        .await
        .unwrap()
}

/// What the server answers to a statement.
async fn requested(url: &str, statement: &str) -> Result<String, DbErr> {
    let database = opened(url).await;
    let pool = database.connection();
    let statement = Statement::from_string(pool.get_database_backend(), statement);
    let row = pool.query_one_raw(statement).await?;
    row.unwrap().try_get("", "it")
}

#[tokio::test]
async fn a_server_is_found_by_its_address_of_either_kind_and_by_its_socket() {
    let cluster = Cluster::shared();
    let (port, directory) = (cluster.address().port(), cluster.socket_directory());
    let encoded = directory.replace('/', "%2F");
    for (url, expected) in [
        (
            format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            "127.0.0.1/32",
        ),
        (
            format!("postgres://postgres@[::1]:{port}/postgres"),
            "::1/128",
        ),
        (
            format!("postgres://postgres@/postgres?host=::1&port={port}"),
            "::1/128",
        ),
        (
            format!("postgres:///postgres?user=postgres&hostaddr=::1&port={port}"),
            "::1/128",
        ),
        (
            format!("postgres://postgres@/postgres?host={directory}&port={port}"),
            "a socket",
        ),
        (
            format!("postgres://postgres@{encoded}:{port}/postgres"),
            "a socket",
        ),
    ] {
        let by = "SELECT COALESCE(inet_server_addr()::text, 'a socket') AS it";
        assert_eq!(requested(&url, by).await.unwrap(), expected, "{url}");
    }
}

/// By the socket nobody is asked for a password.
const ASK_FOR_PASSWORDS: &str = "DO $$ BEGIN EXECUTE format(
    'COPY (VALUES (''local all all trust''), (''host all all all scram-sha-256'')) TO %L',
    current_setting('hba_file')); END $$";

#[tokio::test]
async fn each_character_of_a_user_and_a_password_reaches_the_server() {
    let cluster = Cluster::start();
    let (port, directory) = (cluster.address().port(), cluster.socket_directory());
    let owner = format!("postgres://postgres@/postgres?host={directory}&port={port}");
    let owner = opened(&owner).await;
    for statement in [ROLE, ASK_FOR_PASSWORDS, "SELECT pg_reload_conf()"] {
        owner
            .connection()
            .execute_unprepared(statement)
            .await
            .unwrap();
    }
    let user = "SELECT current_user::text AS it";
    let wrong = format!("postgres://postgres:wrong@[::1]:{port}/postgres");
    while requested(&wrong, user).await.is_ok() {}
    let right = format!("postgres://{USER}@[::1]:{port}/postgres");
    assert_eq!(requested(&right, user).await.unwrap(), "mona@corp");
}
