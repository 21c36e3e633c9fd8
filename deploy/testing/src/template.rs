//! The migrated database of either kind, created once in a process and copied for each test: a copy
//! takes milliseconds, and migrating half a second.

use crate::{
    cluster::{Cluster, Role},
    patience::patient_limits,
    supervisor::Supervisor,
};
use contract::time::Clock;
use database::{Database, DatabaseUrl, Dialect};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
};
use tokio::sync::{Mutex, OnceCell};

/// Numbers databases, files and templates.
fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A database of the shared cluster: a copy of the migrated one, or an empty one.
pub(crate) async fn postgres(migrated: bool) -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let cluster = tokio::task::spawn_blocking(Cluster::shared)
        .await
        .expect("a cluster");
    let template = if migrated {
        TEMPLATE
            .get_or_init(async || {
                let name = create(cluster, "template", "template0").await;
                migrate(&cluster.url(&name)).await;
                name
            })
            .await
    } else {
        "template0"
    };
    create(cluster, "test", template).await
}

/// An empty database of the shared cluster, with options of `CREATE DATABASE`.
pub(crate) async fn postgres_with(options: &str) -> String {
    let cluster = tokio::task::spawn_blocking(Cluster::shared)
        .await
        .expect("a cluster");
    create(cluster, "test", &format!("template0 {options}")).await
}

/// A copy of a database of the shared cluster.
pub(crate) async fn copy_of_postgres(name: &str) -> String {
    create(Cluster::shared(), "test", name).await
}

/// One at a time: copies made side by side only wait for each other's disk.
async fn create(cluster: &Cluster, prefix: &str, template: &str) -> String {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let name = format!("{prefix}_{}", next());
    let _turn = ONE_AT_A_TIME.lock().await;
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    administer(cluster, statement)
        .await
        .expect("the cluster makes a database");
    name
}

/// Drops a database soon, in the background. Each takes eight megabytes.
pub(crate) fn drop_postgres(name: &str) {
    static QUEUE: OnceLock<mpsc::Sender<String>> = OnceLock::new();
    let queue = QUEUE.get_or_init(|| {
        let (sender, names) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime");
            for name in names {
                // a test may have left connections; who connects right now keeps the
                // database until the cluster's end
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let _dropped = runtime.block_on(administer(Cluster::shared(), statement));
            }
        });
        sender
    });
    // an error means that the process is about to end, and the cluster with it
    let _queued = queue.send(name.to_owned());
}

async fn administer(cluster: &Cluster, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// The path of a new file: a copy of the migrated database, or not there yet.
pub(crate) async fn sqlite(migrated: bool) -> String {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    static DIRECTORY: OnceLock<Supervisor> = OnceLock::new();
    let directory = DIRECTORY
        .get_or_init(|| Supervisor::start(&mut Command::new("sh"), SCRATCH).expect("a directory"))
        .directory();
    if migrated {
        let template = TEMPLATE
            .get_or_init(async || {
                let path = format!("{directory}/template_{}.db", next());
                // the last connection to close writes the log back into the file
                migrate(&format!("sqlite://{path}?mode=rwc")).await;
                std::fs::read(path).expect("the file that was just made")
            })
            .await;
        let path = format!("{directory}/test_{}.db", next());
        std::fs::write(&path, template).expect("room for a file");
        path
    } else {
        format!("{directory}/test_{}.db", next())
    }
}

/// Removes a file and the two that SQLite keeps beside it.
pub(crate) fn remove_sqlite(path: &str) {
    for suffix in ["", "-wal", "-shm"] {
        let _may_not_be_there = std::fs::remove_file(format!("{path}{suffix}"));
    }
}

const SCRATCH: &str = r#"echo "ready $directory"; cat >/dev/null; cd / && rm -rf "$directory""#;

async fn migrate(url: &str) {
    migrate_at(&url.parse().expect("a URL")).await;
}

/// Runs `migrate up`, and on PostgreSQL `migrate grants`, on a database that is not a
/// [`TestDatabase`](crate::TestDatabase).
pub async fn migrate_at(url: &DatabaseUrl) {
    on(url, async |database| {
        migrations::up(database, &|_| ())
            .await
            .expect("the migrations apply");
    })
    .await;
    if url.dialect() == Dialect::Postgres {
        grant_at(url).await;
    }
}

/// Gives the services' roles what they need.
pub(crate) async fn grant_at(url: &DatabaseUrl) {
    let roles = migrations::Roles {
        auth: Role::Auth.name().to_owned(),
        requests: Role::Requests.name().to_owned(),
    };
    on(url, async |database| {
        migrations::grant(database, &roles).await.expect("granted");
    })
    .await;
}

async fn on(url: &DatabaseUrl, act: impl AsyncFnOnce(&Database)) {
    let database = Database::open(url, patient_limits(), Clock::system())
        .await
        .expect("a pool");
    act(&database).await;
    // a template must have no connections
    database
        .connection()
        .close_by_ref()
        .await
        .expect("the pool closes");
}
