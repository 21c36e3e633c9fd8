//! The example, run as its user would.

use crate::world::{DUE, EMAIL, World};
use testing::{
    Kind,
    auth::PASSWORD,
    certificates::{Authority, Mounted},
};

#[allow(dead_code, reason = "its `main` is the user's")]
#[path = "../../examples/session_client.rs"]
mod session_client;

testing::on_both_databases! {
    async fn the_example_logs_in_once_and_out_when_told(kind: Kind) {
        let world = World::start(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let run = async |command: &str| {
            let arguments = session_client::Arguments {
                auth: format!("http://{}", world.front.address).parse().unwrap(),
                authority: None,
                file: folder.path().join("session"),
                email: EMAIL.to_owned(),
                password: PASSWORD.to_owned(),
                log_out: command == "log-out",
                clock: world.auth.clock.clone(),
            };
            session_client::run(arguments).await.expect(command)
        };
        let sessions = run("list").await;
        assert!(sessions.contains("session_client example"), "{sessions}");
        world.use_and_wait(DUE).await;
        run("list").await;
        assert_eq!(world.front.calls("CreateSession"), 1, "the second run goes on");
        assert_eq!(world.front.calls("RefreshSession"), 1);
        assert_eq!(run("log-out").await, "logged out\n");
        assert!(!world.is_active().await);
    }
}

#[tokio::test]
async fn the_example_speaks_tls() {
    let world = World::start(Kind::Sqlite).await;
    let ours = Authority::new();
    let this = Mounted::new(&ours.server(&["localhost"]), &ours);
    let flags = [
        format!(
            "--public-tls-certificate-file={}",
            this.certificate().display()
        ),
        format!("--public-tls-key-file={}", this.key().display()),
    ];
    let replica = world
        .auth
        .another_replica_with(&[&flags[0], &flags[1]])
        .await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = |scheme: &str, authority| session_client::Arguments {
        auth: format!("{scheme}://localhost:{}", replica.public.port())
            .parse()
            .unwrap(),
        authority,
        file: folder.path().join("session"),
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        log_out: false,
        clock: world.auth.clock.clone(),
    };
    for (scheme, authority) in [
        ("https", None),
        ("http", Some(this.authority())),
        ("http", None),
    ] {
        let answer = session_client::run(arguments(scheme, authority)).await;
        answer.expect_err("either both or none, and this server speaks TLS alone");
    }
    let answer = session_client::run(arguments("https", Some(this.authority()))).await;
    let sessions = answer.expect("a list");
    assert!(sessions.contains("session_client example"), "{sessions}");
}
