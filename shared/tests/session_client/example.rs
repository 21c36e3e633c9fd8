//! The example, run as its user would.

use crate::world::{DUE, EMAIL, World};
use testing::{Kind, auth::PASSWORD};

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
