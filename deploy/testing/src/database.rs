//! A database for one test.

use crate::{
    cluster::{Cluster, Role},
    patience::{PATIENCE, patient_limits},
    pooler::Pooler,
    proxy::TcpProxy,
    tap::Tap,
    template,
};
use contract::time::Clock;
use database::{Database, DatabaseUrl};
use sea_orm::{ConnectionTrait, Statement};
use std::{fmt, net::SocketAddr, path::Path};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL, of the process' shared [`Cluster`].
    Postgres,
    /// SQLite, a file.
    Sqlite,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        })
    }
}

/// A database of one test. It is dropped with this value, so the value must live as long as
/// anything is connected.
#[derive(Debug)]
pub struct TestDatabase {
    /// Which one it is.
    pub kind: Kind,
    /// The URL for its owner. Services get [`TestDatabase::url_as`].
    pub url: DatabaseUrl,
    /// The database's name, or the file's path.
    place: String,
}

impl TestDatabase {
    /// A migrated database.
    pub async fn migrated(kind: Kind) -> Self {
        Self::new(kind, true).await
    }

    /// A database without tables. On SQLite, the first connection creates the file.
    pub async fn empty(kind: Kind) -> Self {
        Self::new(kind, false).await
    }

    /// One of PostgreSQL without any table, with options of `CREATE DATABASE`.
    pub async fn with_options(options: &str) -> Self {
        let place = template::postgres_with(options).await;
        let url = Cluster::shared().url(&place);
        Self {
            kind: Kind::Postgres,
            url: url.parse().expect("a URL"),
            place,
        }
    }

    async fn new(kind: Kind, migrated: bool) -> Self {
        let (place, url) = match kind {
            Kind::Postgres => {
                let name = template::postgres(migrated).await;
                let url = Cluster::shared().url(&name);
                (name, url)
            }
            Kind::Sqlite => {
                let path = template::sqlite(migrated).await;
                let url = format!("sqlite://{path}?mode=rwc");
                (path, url)
            }
        };
        Self {
            kind,
            url: url.parse().expect("a URL"),
            place,
        }
    }

    /// A copy with the same schema and rows. Nobody may be connected to this database meanwhile: on
    /// PostgreSQL the copy would fail, and on SQLite it could be inconsistent.
    pub async fn copy(&self) -> Self {
        let (place, url) = match self.kind {
            Kind::Postgres => {
                let name = template::copy_of_postgres(&self.place).await;
                let url = Cluster::shared().url(&name);
                (name, url)
            }
            Kind::Sqlite => {
                let path = template::sqlite(false).await;
                std::fs::copy(&self.place, &path).expect("room for a file");
                let url = format!("sqlite://{path}?mode=rwc");
                (path, url)
            }
        };
        Self {
            kind: self.kind,
            url: url.parse().expect("a URL"),
            place,
        }
    }

    /// Its file: SQLite alone has one.
    #[must_use]
    pub fn file(&self) -> &Path {
        assert!(self.kind == Kind::Sqlite, "a server has files of its own");
        Path::new(&self.place)
    }

    /// A pool with [`patient_limits`].
    pub async fn open(&self, clock: &Clock) -> Database {
        Database::open(&self.url, patient_limits(), clock.clone())
            .await
            .expect("a pool")
    }

    /// Runs a script, of one or many statements, on a connection of its own.
    pub async fn execute(&self, script: &str) {
        let database = self.open(&Clock::system()).await;
        database
            .connection()
            .execute_unprepared(script)
            .await
            .expect("the script runs");
        database
            .connection()
            .close_by_ref()
            .await
            .expect("the pool closes");
    }

    /// The one number that a query gives.
    pub async fn query_number(&self, query: &str) -> i32 {
        let database = self.open(&Clock::system()).await;
        let statement = Statement::from_string(database.dialect().backend(), query);
        let row = database.connection().query_one_raw(statement).await;
        let row = row.expect("the query runs").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    /// Waits until this number of statements wait for locks. PostgreSQL only.
    pub async fn wait_for_waiting(&self, statements: i32) {
        let query = "SELECT CAST(count(*) AS integer) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let database = self.open(&Clock::system()).await;
        let query = Statement::from_string(database.dialect().backend(), query);
        let come = async {
            loop {
                let row = database.connection().query_one_raw(query.clone()).await;
                let row = row.expect("the query runs").expect("a row");
                let waiting: i32 = row.try_get_by_index(0).expect("a number");
                assert!(waiting <= statements, "{waiting} instead of {statements}");
                if waiting == statements {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, come)
            .await
            .unwrap_or_else(|_| panic!("{statements} statements do not wait"));
    }

    /// Ends every connection of a service's role, as an operator does, waits until their processes
    /// are gone, and returns their number. PostgreSQL only.
    pub async fn end_connections_of(&self, role: Role) -> usize {
        let database = self.open(&Clock::system()).await;
        let select = |columns: &str, which: &str| {
            let query = format!("SELECT {columns} FROM pg_stat_activity WHERE {which}");
            Statement::from_string(database.dialect().backend(), query)
        };
        let theirs = format!(
            "datname = current_database() AND usename = '{}'",
            role.name()
        );
        let ended = select("pid, pg_terminate_backend(pid)", &theirs);
        let ended = database.connection().query_all_raw(ended).await;
        let ended = ended.expect("the query runs");
        let pids = ended.iter().map(|row| row.try_get_by_index::<i32>(0));
        let pids: Vec<_> = pids.map(|pid| pid.expect("a pid").to_string()).collect();
        let left = select("pid", &format!("pid = ANY ('{{{}}}')", pids.join(",")));
        let gone = async {
            while !database
                .connection()
                .query_all_raw(left.clone())
                .await
                .expect("the query runs")
                .is_empty()
            {}
        };
        tokio::time::timeout(PATIENCE, gone)
            .await
            .expect("they end soon");
        pids.len()
    }

    /// The address of its server, for a [`TcpProxy`]. PostgreSQL only.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        assert!(self.kind == Kind::Postgres, "SQLite has no server");
        Cluster::shared().address()
    }

    /// The URL for a service. SQLite has no roles.
    #[must_use]
    pub fn url_as(&self, role: Role) -> DatabaseUrl {
        match self.kind {
            Kind::Postgres => self.url_at(role, self.address()),
            Kind::Sqlite => self.url.clone(),
        }
    }

    /// The same by way of a proxy.
    #[must_use]
    pub fn url_through(&self, proxy: &TcpProxy, role: Role) -> DatabaseUrl {
        self.url_at(role, proxy.address())
    }

    /// The same by way of a pooler.
    #[must_use]
    pub fn url_pooled(&self, pooler: &Pooler, role: Role) -> DatabaseUrl {
        self.url_at(role, pooler.address())
    }

    /// The same by way of a tap.
    #[must_use]
    pub fn url_tapped(&self, tap: &Tap, role: Role) -> DatabaseUrl {
        self.url_at(role, tap.address())
    }

    fn url_at(&self, role: Role, server: SocketAddr) -> DatabaseUrl {
        assert!(self.kind == Kind::Postgres, "SQLite has no server");
        let url = role.url(server, &self.place);
        url.parse().expect("a URL")
    }

    /// A pool of a service's role, with [`patient_limits`].
    pub async fn open_as(&self, role: Role) -> Database {
        Database::open(&self.url_as(role), patient_limits(), Clock::system())
            .await
            .expect("a pool")
    }

    /// Runs `migrate grants`, for tests that migrated the database themselves. A database that is
    /// created migrated has the privileges already.
    pub async fn grant(&self) {
        if self.kind == Kind::Postgres {
            template::grant_at(&self.url).await;
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match self.kind {
            Kind::Postgres => template::drop_postgres(&self.place),
            Kind::Sqlite => template::remove_sqlite(&self.place),
        }
    }
}
