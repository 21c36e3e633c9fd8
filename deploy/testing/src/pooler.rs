//! PgBouncer in front of a cluster.

use crate::{Cluster, Role, cluster::is_root, port_that_stays_free, program::Program, tools};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

/// A running pooler. It ignores the settings of new connections, because otherwise it would refuse
/// connections of sqlx.
#[derive(Debug)]
pub struct Pooler {
    address: SocketAddr,
    _program: Program,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// Starts one that gives a connection to a client for a `session` or a `transaction`.
    #[must_use]
    pub fn start(cluster: &Cluster, mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (server, port) = (cluster.address(), port_that_stays_free());
        // it refuses to run as root
        let user = if is_root() { "user = postgres" } else { "" };
        let config = format!(
            "[databases]
             * = host={} port={} user={}
             [pgbouncer]
             {user}
             listen_addr = 127.0.0.1
             listen_port = {port}
             unix_socket_dir =
             auth_type = any
             pool_mode = {mode}
             ignore_startup_parameters = extra_float_digits,options
            ",
            server.ip(),
            server.port(),
            Role::Auth.name(),
        );
        let config = config.replace("             ", "");
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, config).expect("a file");
        let program = tools::find("pgbouncer");
        let log = folder.path().join("log");
        let program = Program::start(&program, &[file.display().to_string()], &log);
        let address = (Ipv4Addr::LOCALHOST, port).into();
        while TcpStream::connect(address).is_err() {
            std::thread::yield_now();
        }
        Self {
            address,
            _program: program,
            _folder: folder,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
