//! A PostgreSQL cluster for one test process.

use crate::{
    certificates::{Authority, Certified},
    supervisor::Supervisor,
};
use database::{DatabaseUrl, Dialect};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The role of a connection to PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A superuser, who owns the tables: for tests and for `migrate`.
    Owner,
    /// The role of auth-service, which has only the privileges that its statements need.
    Auth,
    /// The same for requests-service.
    Requests,
}

impl Role {
    /// Its name in every cluster.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "postgres",
            Self::Auth => "ticketing_auth",
            Self::Requests => "ticketing_requests",
        }
    }

    /// The URL of a database of a server, or of what stands before it.
    #[must_use]
    pub fn url(self, server: SocketAddr, database: &str) -> String {
        format!("postgres://{}@{server}/{database}", self.name())
    }

    /// Fails if a service would connect with another role. With that role, tests would not notice
    /// missing privileges.
    #[track_caller]
    pub fn assert_in(self, url: &DatabaseUrl) {
        let of_role = |end: char| format!("postgres://{}{end}", self.name());
        let is_ours = [':', '@']
            .into_iter()
            .any(|end| url.expose().starts_with(&of_role(end)));
        assert!(
            is_ours || url.dialect() == Dialect::Sqlite,
            "a service connects as {} and no other",
            self.name()
        );
    }
}

/// A running PostgreSQL server, with each [`Role`]; none needs a password. It ends with this value, or else with the process.
#[derive(Debug)]
pub struct Cluster {
    supervisor: Supervisor,
    port: u16,
}

/// The roles of the services.
const ROLES: [Role; 2] = [Role::Auth, Role::Requests];

/// Creates the cluster, starts it, and waits for the end of the test process. With `$DURABLE` off,
/// nothing is synced to disk, because a test does not survive a power cut anyway.
const SCRIPT: &str = r#"
{
    initdb -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync -D data ||
        { rm -rf data; initdb -A trust -U postgres -E UTF8 --no-locale --no-sync -D data; }
    cat >>data/postgresql.conf <<END
listen_addresses = '127.0.0.1, ::1'
port = $PORT
unix_socket_directories = '$directory'
max_connections = 300
fsync = $DURABLE
full_page_writes = $DURABLE
autovacuum = off
wal_level = minimal
max_wal_senders = 0
END
    printf 'CREATE ROLE %s LOGIN;\n' $ROLES | postgres --single -D data postgres
    if test -n "$TLS_KEY"; then
        umask 077
        echo "$TLS_KEY" >data/server.key
        echo "$TLS_CERTIFICATE" >data/server.crt
        echo "$TLS_AUTHORITY" >data/root.crt
        echo "ssl = on
ssl_ca_file = 'root.crt'" >>data/postgresql.conf
        echo "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca" >data/pg_hba.conf
    fi
    pg_ctl start -w -D data -l server.log
} >setup.log 2>&1 </dev/null
if test $? = 0; then
    echo "ready $directory"
    cat >/dev/null
else
    cat setup.log server.log
fi
pg_ctl stop -m immediate -D data >/dev/null 2>&1
cd / && rm -rf "$directory"
"#;

impl Cluster {
    /// The cluster that all tests of this process share. The first test that needs it starts it.
    pub fn shared() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(Self::start)
    }

    /// Another one, for a test that needs a server to itself.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[("DURABLE", "off")], free_port)
    }

    /// Another cluster that accepts TLS only, from clients of an authority only.
    #[must_use]
    pub fn with_tls(own: &Certified, clients: &Authority) -> Self {
        let authority = clients.pem();
        let variables = [
            ("DURABLE", "off"),
            ("TLS_CERTIFICATE", &own.certificate),
            ("TLS_KEY", &own.key),
            ("TLS_AUTHORITY", &authority),
        ];
        Self::start_with(&variables, free_port)
    }

    /// Another one that syncs its writes, for a test that [kills](Self::kill) it.
    #[must_use]
    pub fn durable() -> Self {
        Self::start_with(&[("DURABLE", "on")], port_that_stays_free)
    }

    fn start_with(variables: &[(&str, &str)], port: impl Fn() -> u16) -> Self {
        let mut error = String::new();
        // another process may take the port between its choice and its use
        for _ in 0..3 {
            let port = port();
            let mut shell = shell();
            shell
                .env("PORT", port.to_string())
                .env("ROLES", ROLES.map(Role::name).join(" "))
                .envs(variables.iter().copied());
            match Supervisor::start(&mut shell, SCRIPT) {
                Ok(supervisor) => return Self { supervisor, port },
                Err(text) => error = text,
            }
        }
        panic!("PostgreSQL did not start: {error}");
    }

    /// Kills the server, as a crash does: what was not written is lost.
    pub fn kill(&self) {
        self.control("pg_ctl stop -m immediate -D data");
    }

    /// Starts it again, and waits for the end of its recovery.
    pub fn start_again(&self) {
        self.control("pg_ctl start -w -D data -l server.log");
    }

    fn control(&self, command: &str) {
        let script = format!("cd '{}' && {command}", self.supervisor.directory());
        let status = shell()
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{command}");
    }

    /// The server's first process, whose children serve its connections.
    #[must_use]
    pub fn process(&self) -> u32 {
        let file = format!("{}/data/postmaster.pid", self.supervisor.directory());
        let text = std::fs::read_to_string(file).expect("it runs");
        let id = text.lines().next().and_then(|line| line.parse().ok());
        id.expect("the first line is its process")
    }

    /// One of PostgreSQL's programs, where it was installed with the server.
    #[must_use]
    pub fn program(name: &str) -> Option<PathBuf> {
        Some(programs().join(name)).filter(|program| program.is_file())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The directory of its socket.
    #[must_use]
    pub fn socket_directory(&self) -> &str {
        self.supervisor.directory()
    }

    /// The URL of one of its databases, for its owner.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as(Role::Owner, database)
    }

    /// The URL of one of its databases.
    #[must_use]
    pub fn url_as(&self, role: Role, database: &str) -> String {
        role.url(self.address(), database)
    }
}

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

/// A shell that finds PostgreSQL's programs and may run them: the server refuses
/// to run as root.
fn shell() -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "sh",
        ]);
        command
    } else {
        Command::new("sh")
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let searched = std::iter::once(programs()).chain(std::env::split_paths(&path));
    command.env(
        "PATH",
        std::env::join_paths(searched).expect("no colon in it"),
    );
    command
}

/// The directory that holds initdb: of PATH, or else where Debian puts the newest.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev().map(|(_, directory)| directory))
        .find(|directory| directory.join("initdb").is_file() && directory.join("pg_ctl").is_file())
        .expect("PostgreSQL's initdb and pg_ctl, on PATH or in /usr/lib/postgresql")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A port below those that the kernel assigns to connections, so that it stays free until something
/// that listens there is started again.
#[must_use]
pub fn port_that_stays_free() -> u16 {
    let start = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap_or(0);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (start..32_000).find(is_free).expect("a free port")
}
