//! connect-node and connect-web, which log in, list requests and are refused.

use super::node;
use crate::process::Running;
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path};
use testing::{
    Kind, Role,
    auth::PASSWORD,
    pair::{PARTNER_USER, Pair},
    service::{self, Service},
};

const CLIENTS: [&str; 3] = ["node-1.1", "node-2", "web"];
const FORMATS: [&str; 2] = ["json", "binary"];

/// Both services, and somebody who may log in.
struct Served<'a> {
    auth: SocketAddr,
    requests: SocketAddr,
    email: &'a str,
    password: &'a str,
}

impl Served<'_> {
    /// What a client is told, where all that the contract says of refusals has been checked.
    async fn told(&self, client: &str, format: &str, descriptors: &Path) -> Value {
        let origin = |address: SocketAddr| format!("http://{address}");
        let arguments = [
            client,
            format,
            &descriptors.display().to_string(),
            &origin(self.auth),
            &origin(self.requests),
            self.email,
            self.password,
        ];
        let told = node("connect.mjs", &arguments).await;
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told["email"], self.email, "{client} {format}");
        let refused = json!({
            "wrongPassword": ["Unauthenticated", "CREDENTIALS_INVALID", "ticketing"],
            "noToken": ["Unauthenticated", "TOKEN_MISSING", "ticketing"],
            "wrongField": ["InvalidArgument", "FIELD_INVALID", "ticketing", "page_size"],
            "loggedOut": ["Unauthenticated", "SESSION_ENDED", "ticketing"],
        });
        assert_eq!(told["refused"], refused, "{client} {format}");
        told
    }

    /// Tells each client, in JSON and in binary, and gives the total and the ids of requests, on
    /// which all agree.
    async fn tells_all_clients_the_same(&self) -> (String, Vec<i64>) {
        let folder = tempfile::tempdir().unwrap();
        let descriptors = folder.path().join("descriptors");
        std::fs::write(&descriptors, proto::FILE_DESCRIPTOR_SET).unwrap();
        let first = self.told(CLIENTS[0], FORMATS[0], &descriptors).await;
        for client in CLIENTS {
            for format in FORMATS {
                let told = self.told(client, format, &descriptors).await;
                assert_eq!(told, first, "{client} {format}");
            }
        }
        let requests = first["requests"].as_array().expect("a list").iter();
        let ids = requests.map(|request| request["requestId"].as_i64().expect("a number"));
        let total = first["total"].as_str().expect("a text");
        (total.to_owned(), ids.collect())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_node_and_connect_web_call_what_cargo_run_starts() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), &["--demo-requests=40"]);
    let served = Served {
        auth: running.auth(),
        requests: running.requests(),
        email: "partner@swift.example",
        password: "demo password",
    };
    let (total, ids) = served.tells_all_clients_the_same().await;
    assert!(total.parse::<usize>().unwrap() >= 4, "{total}");
    assert_eq!(ids.len(), 4, "two pages of two: {ids:?}");
    assert!(ids[0] != ids[2] && ids[1] != ids[3], "{ids:?}");
}

/// The programs themselves, which `cargo test --workspace` builds before it runs any test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_node_and_connect_web_call_the_two_programs() {
    let pair = Pair::start(Kind::Postgres).await;
    let url = |role| {
        let url = pair.auth.database.url_as(role);
        ("DATABASE_URL", url.expose().to_owned())
    };
    let file = |name: &str| pair.auth.folder.path().join(name).display().to_string();
    let programs = service::folder("test");
    let variables = [
        url(Role::Auth),
        ("SERVICE_TOKEN_FILE", file("token")),
        ("AUTH_KEYS_DIRECTORY", file("keys")),
    ];
    let listeners = ["public", "internal", "ops"];
    let auth = Service::start(&programs, "auth-service", &listeners, variables, &[]).await;
    let variables = [
        url(Role::Requests),
        ("SERVICE_TOKEN_FILE", file("token")),
        (
            "AUTH_SERVICE_URL",
            format!("http://{}", auth.address("internal")),
        ),
    ];
    let listeners = ["public", "ops"];
    let requests = Service::start(&programs, "requests-service", &listeners, variables, &[]).await;
    let served = Served {
        auth: auth.address("public"),
        requests: requests.address("public"),
        email: PARTNER_USER,
        password: PASSWORD,
    };
    let told = served.tells_all_clients_the_same().await;
    assert_eq!(told, ("1".to_owned(), vec![1]), "the partner's own request");
}
