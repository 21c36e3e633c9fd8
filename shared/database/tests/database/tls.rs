//! PostgreSQL by TLS: whom we believe, what we present, and what is said when either
//! fails.

use contract::time::Clock;
use database::{Database, PoolLimits};
use sea_orm::{ConnectionTrait as _, Statement};
use testing::{
    Cluster,
    certificates::{Authority, Mounted},
};

/// A pool of a URL with these parameters.
async fn open(cluster: &Cluster, parameters: &str) -> Database {
    let port = cluster.address().port();
    let url = format!("postgres://postgres:s3cret@localhost:{port}/postgres?{parameters}");
    let url = url.parse().expect("a URL");
    Database::open(&url, PoolLimits::default(), Clock::system())
        .await
        .expect("a pool")
}

/// Whether the connection is encrypted, or why there is none.
async fn is_encrypted(database: &Database) -> Result<bool, String> {
    let query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let statement = Statement::from_string(database.dialect().backend(), query);
    match database.connection().query_one_raw(statement).await {
        Ok(row) => Ok(row.unwrap().try_get_by_index(0).unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

fn root(mounted: &Mounted) -> String {
    format!(
        "sslmode=verify-full&sslrootcert={}",
        mounted.authority().display()
    )
}

fn own(mounted: &Mounted) -> String {
    let (certificate, key) = (mounted.certificate(), mounted.key());
    format!(
        "&sslcert={}&sslkey={}",
        certificate.display(),
        key.display()
    )
}

#[tokio::test]
async fn both_sides_are_verified_and_either_may_refuse() {
    let (ours, another) = (Authority::new(), Authority::new());
    let cluster = Cluster::with_tls(&ours.server(&["localhost"]), &ours);
    let client = Mounted::new(&ours.client(&["auth-service"]), &ours);
    let database = open(&cluster, &(root(&client) + &own(&client))).await;
    assert_eq!(is_encrypted(&database).await, Ok(true));

    let stranger = Mounted::new(&another.client(&["auth-service"]), &another);
    for (what, parameters, says) in [
        (
            "another authority",
            root(&stranger) + &own(&client),
            "invalid peer certificate",
        ),
        (
            "a certificate of another authority",
            root(&client) + &own(&stranger),
            "alert",
        ),
        (
            "another authority beside sslmode=require, as libpq does",
            root(&stranger).replace("verify-full", "require") + &own(&client),
            "invalid peer certificate",
        ),
        ("no certificate", root(&client), "certificate"),
        ("no TLS", "sslmode=disable".to_owned(), "pg_hba.conf"),
        (
            "no such file",
            "sslmode=verify-full&sslrootcert=/nowhere".to_owned() + &own(&client),
            "No such file",
        ),
    ] {
        let database = open(&cluster, &parameters).await;
        let error = is_encrypted(&database).await.expect_err(what);
        assert!(error.contains(says), "{what}: {error}");
        assert!(!error.contains("s3cret"), "{what}: {error}");
        // which is what readiness asks
        database.condition().await.expect_err(what);
    }
}

#[tokio::test]
async fn a_server_by_another_name_is_refused() {
    let ours = Authority::new();
    let cluster = Cluster::with_tls(&ours.server(&["database.example"]), &ours);
    let client = Mounted::new(&ours.client(&["auth-service"]), &ours);
    let database = open(&cluster, &(root(&client) + &own(&client))).await;
    let error = is_encrypted(&database).await.unwrap_err();
    assert!(error.contains("not valid for name"), "{error}");
    let authority_alone = root(&client).replace("verify-full", "verify-ca");
    let database = open(&cluster, &(authority_alone + &own(&client))).await;
    assert_eq!(
        is_encrypted(&database).await,
        Ok(true),
        "that far it is right"
    );
}
