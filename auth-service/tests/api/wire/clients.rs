//! Refusals as clients that are not ours get them: of a hundred, none is lost.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, Replica},
    certificates::{Authority, Mounted},
    program::Program,
    tools,
};
use tokio::{net::UnixStream, process::Command};

pub(super) const LIST: &str = "/ticketing.auth.v1.AuthService/ListSessions";
const CALLS: usize = 100;
/// A message of usual size; one beyond HTTP/2's window; one that is too large.
pub(super) const SIZES: [usize; 3] = [5, 65_536, 2_000_000];

/// By how many milliseconds a message comes after its head: within the pause for which an answer
/// waits, and after it.
const LATE: [u32; 2] = [20, 1_500];

/// How a call is made, and what it is told where it has no token: HTTP status and gRPC's.
#[derive(Clone, Copy)]
struct Protocol {
    content_type: &'static str,
    unauthenticated: &'static str,
}

const GRPC_WEB: Protocol = Protocol {
    content_type: "application/grpc-web+proto",
    unauthenticated: "200 16",
};
const CONNECT: Protocol = Protocol {
    content_type: "application/json",
    unauthenticated: "401 ",
};

/// A service for pages of an origin, without TLS and with it.
pub(super) struct World {
    pub(super) auth: Auth,
    pub(super) by_tls: Replica,
    pub(super) certificates: Mounted,
    pub(super) folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn start(origin: &str) -> Self {
        let database = TestDatabase::migrated(Kind::Sqlite).await;
        let url = database.url_as(Role::Auth);
        let origin = format!("--web-origins={origin}");
        let auth = Auth::start_through(database, &url, &[&origin]).await;
        let ours = Authority::new();
        let certificates = Mounted::new(&ours.server(&["localhost", "127.0.0.1"]), &ours);
        let certificate = certificates.certificate();
        let certificate = format!("--public-tls-certificate-file={}", certificate.display());
        let key = format!("--public-tls-key-file={}", certificates.key().display());
        let flags = [origin.as_str(), &certificate, &key];
        let by_tls = auth.another_replica_with(&flags).await;
        let folder = tempfile::tempdir().unwrap();
        for size in SIZES {
            std::fs::write(folder.path().join(size.to_string()), vec![0; size]).unwrap();
        }
        Self {
            auth,
            by_tls,
            certificates,
            folder,
        }
    }

    pub(super) fn plain(&self) -> String {
        format!("http://{}", self.auth.replica.public)
    }

    pub(super) fn tls(&self) -> String {
        format!("https://localhost:{}", self.by_tls.public.port())
    }

    fn message(&self, size: usize) -> PathBuf {
        self.folder.path().join(size.to_string())
    }

    /// Makes calls by one curl, which keeps its connection if it can; how each ended.
    async fn curl(
        &self,
        protocol: Protocol,
        flags: &[&str],
        origin: &str,
        size: usize,
        calls: usize,
    ) -> Vec<String> {
        let mut curl = Command::new(tools::find("curl"));
        curl.args(["--silent", "--output", "/dev/null", "--max-time", "60"])
            .arg("--header")
            .arg(format!("content-type: {}", protocol.content_type))
            .args(["--write-out", "%{http_code} %header{grpc-status}\\n"])
            .arg("--data-binary")
            .arg(format!("@{}", self.message(size).display()))
            .arg("--cacert")
            .arg(self.certificates.authority())
            .args(flags)
            .arg(format!("{origin}{LIST}?[1-{calls}]"));
        let ends = printed(&mut curl).await;
        ends.lines().map(str::to_owned).collect()
    }

    /// Makes a hundred calls with a curl for each, some of them at the same time. Each curl gets the
    /// message some milliseconds after its call began, and may read the answer before. Returns how
    /// each call ended.
    async fn late_curls(
        &self,
        protocol: Protocol,
        flags: &[&str],
        origin: &str,
        size: usize,
        (wait, at_once): (u32, usize),
    ) -> Vec<String> {
        let script = format!(
            "call() {{ (sleep {:.3}; cat {}) | curl --silent --output /dev/null --max-time 60 \
                 --write-out '%{{http_code}} %header{{grpc-status}}\\n' --request POST \
                 --header 'content-type: {}' --header expect: --upload-file . --cacert {} \
                 {} {origin}{LIST}; }}; \
             calls() {{ for call in $(seq {}); do call; done; }}; \
             for one in $(seq {at_once}); do calls & done; wait",
            f64::from(wait) / 1_000.0,
            self.message(size).display(),
            protocol.content_type,
            self.certificates.authority().display(),
            flags.join(" "),
            CALLS / at_once,
        );
        let ends = printed(Command::new("bash").args(["-c", &script])).await;
        ends.lines().map(str::to_owned).collect()
    }

    /// Makes a hundred calls by a client of Node; how many ended how.
    async fn node(
        &self,
        protocol: Protocol,
        client: &str,
        origin: &str,
        size: usize,
        wait: u32,
    ) -> String {
        let script = tools::workspace().join("auth-service/tests/api/wire/refusals.mjs");
        let mut node = tools::node();
        node.arg(script)
            .args([origin, LIST, client, &size.to_string(), &wait.to_string()])
            .arg(protocol.content_type)
            .env("NODE_EXTRA_CA_CERTS", self.certificates.authority());
        printed(&mut node).await.trim_end().to_owned()
    }
}

pub(super) async fn printed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = output.await.expect("`.ci/test` installs it");
    String::from_utf8(output.stdout).unwrap()
}

/// Fails unless each call was refused in words.
#[track_caller]
fn assert_none_lost(protocol: Protocol, ends: &[String], by: &str) {
    let mut tally = BTreeMap::<&str, usize>::new();
    for end in ends {
        *tally.entry(end).or_default() += 1;
    }
    let all = BTreeMap::from([(protocol.unauthenticated, CALLS)]);
    assert_eq!(tally, all, "{} {by}", protocol.content_type);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_gets_every_refusal() {
    let world = World::start("https://page.example").await;
    for protocol in [GRPC_WEB, CONNECT] {
        for size in SIZES {
            for (origin, flag) in [
                (world.plain(), "--http1.1"),
                (world.tls(), "--http1.1"),
                (world.tls(), "--http2"),
            ] {
                let ends = world.curl(protocol, &[flag], &origin, size, CALLS).await;
                assert_none_lost(protocol, &ends, &format!("{flag} {origin} {size}"));
            }
        }
        // a connection each
        let (plain, flag) = (world.plain(), "--http2-prior-knowledge");
        let mut ends = Vec::new();
        for _ in 0..CALLS {
            ends.extend(world.curl(protocol, &[flag], &plain, SIZES[0], 1).await);
        }
        assert_none_lost(protocol, &ends, flag);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_gets_every_refusal() {
    let world = World::start("https://page.example").await;
    for protocol in [GRPC_WEB, CONNECT] {
        let all = format!(r#"{{"{}":{CALLS}}}"#, protocol.unauthenticated);
        for size in SIZES {
            for (client, origin) in [
                ("http", world.plain()),
                ("http", world.tls()),
                ("fetch", world.plain()),
                ("fetch", world.tls()),
                ("http2", world.plain()),
                ("http2", world.tls()),
            ] {
                let tally = world.node(protocol, client, &origin, size, 0).await;
                assert_eq!(tally, all, "{client} {origin} {size}");
            }
        }
        for (client, origin) in [
            ("http", world.plain()),
            ("http", world.tls()),
            ("http2", world.plain()),
            ("http2", world.tls()),
        ] {
            for (size, wait) in SIZES.into_iter().zip([LATE[0], LATE[1], LATE[0]]) {
                let tally = world.node(protocol, client, &origin, size, wait).await;
                assert_eq!(tally, all, "{client} {origin} {size}, {wait} ms late");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_gets_every_refusal_of_a_late_message() {
    let world = World::start("https://page.example").await;
    for protocol in [GRPC_WEB, CONNECT] {
        for (origin, flag) in [
            (world.plain(), "--http1.1"),
            (world.plain(), "--http2-prior-knowledge"),
            (world.tls(), "--http1.1"),
            (world.tls(), "--http2"),
        ] {
            let late = [(LATE[0], 4), (LATE[1], CALLS), (LATE[0], 4)];
            for (size, late) in SIZES.into_iter().zip(late) {
                let flags = [flag];
                let ends = world.late_curls(protocol, &flags, &origin, size, late);
                let by = format!("{flag} {origin} {size}, {late:?}");
                assert_none_lost(protocol, &ends.await, &by);
            }
        }
    }
}

/// nginx before the service, as its documentation sets it up: by HTTP/1.1 with and without
/// keeping messages until they have come, and by gRPC.
struct Nginx {
    folder: PathBuf,
    _program: Program,
}

impl Nginx {
    async fn start(world: &World) -> Self {
        let folder = world.folder.path().join("nginx");
        std::fs::create_dir(&folder).unwrap();
        let at = folder.display();
        let server = world.auth.replica.public;
        let mut config = "events {} http { client_max_body_size 8m;".to_owned();
        for (name, listens, passes) in [
            ("whole", "", "proxy_pass http://whole;"),
            (
                "pieces",
                "",
                "proxy_pass http://pieces; proxy_request_buffering off;",
            ),
            ("grpc", "http2", "grpc_pass grpc://grpc;"),
        ] {
            write!(
                config,
                "upstream {name} {{ server {server}; keepalive 8; }} \
                 server {{ listen unix:{at}/{name} {listens}; location / {{ {passes} \
                 proxy_http_version 1.1; proxy_set_header connection ''; }} }}"
            )
            .unwrap();
        }
        config += "}";
        let program = testing::nginx::start(&folder, &config);
        let nginx = Self {
            folder: folder.clone(),
            _program: program,
        };
        nginx.listens(&folder.join("grpc")).await;
        nginx
    }

    /// It binds all its sockets before it serves one.
    async fn listens(&self, socket: &Path) {
        crate::rows::eventually("nginx listens", || async {
            UnixStream::connect(socket).await.is_ok()
        })
        .await;
    }

    fn socket(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_passes_every_refusal_on() {
    let world = World::start("https://page.example").await;
    let nginx = Nginx::start(&world).await;
    for size in SIZES {
        for name in ["whole", "pieces"] {
            let socket = nginx.socket(name);
            let flags = ["--http1.1", "--unix-socket", &socket];
            for protocol in [GRPC_WEB, CONNECT] {
                let calls = world.curl(protocol, &flags, "http://localhost", size, CALLS);
                assert_none_lost(protocol, &calls.await, &format!("{name} {size}"));
            }
        }
        let socket = nginx.socket("grpc");
        let flags = ["--http2-prior-knowledge", "--unix-socket", &socket];
        let mut ends = Vec::new();
        for _ in 0..CALLS {
            let call = world.curl(GRPC_WEB, &flags, "http://localhost", size, 1);
            ends.extend(call.await);
        }
        assert_none_lost(GRPC_WEB, &ends, &format!("grpc {size}"));
    }
}
