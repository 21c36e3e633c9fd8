//! The database, as the overlay and the documents' commands make it: with a locale that
//! knows more letters than ASCII's.

use super::{Manifests, secrets, text};
use crate::shell;
use contract::time::Clock;
use database::{Database, PoolLimits};
use std::fs::File;
use testing::{Cluster, documents::commands};

/// CloudNativePG's own choice is C.
pub(super) fn locale(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for cluster in manifests.of_kind("Cluster") {
        let initdb = &cluster.spec()["bootstrap"]["initdb"];
        for field in ["localeCollate", "localeCType"] {
            let locale = text(&initdb[field]);
            if locale != "C.UTF-8" {
                found.push(format!("{}: {field} is {locale:?}", cluster.title()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_commands_make_a_database_that_up_does_not_warn_of() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let input = home.path().join("input");
    // the administrator's URL, and the password of each role, twice
    let passwords = "password\n".repeat(6);
    std::fs::write(&input, format!("{}\n{passwords}", cluster.url("postgres"))).unwrap();
    let blocks = [
        // psql asks the terminal for passwords, where it has one
        "psql() { setsid --wait psql \"$@\"; }".to_owned(),
        // what the commands do not say is C here, as on many servers
        format!(
            "psql {} -c 'DROP ROLE ticketing_auth' -c 'DROP ROLE ticketing_requests' \
             -c \"UPDATE pg_database SET datctype = 'C', datcollate = 'C'\" </dev/null",
            cluster.url("postgres")
        ),
    ];
    let blocks: Vec<_> = blocks.into_iter().chain(commands("database")).collect();
    for outcome in shell::run(&blocks, home.path(), File::open(input).unwrap().into()) {
        outcome.succeeded();
    }
    let owner = format!("postgres://ticketing_owner@{}/ticketing", cluster.address());
    let owner = owner.parse().unwrap();
    let pool = Database::open(&owner, PoolLimits::default(), Clock::system());
    let pool = pool.await.unwrap();
    let plan = migrations::plan_up(&pool).await.unwrap();
    assert!(
        plan.contains("applies  ") && !plan.contains("warns "),
        "{plan}"
    );
    migrations::up(&pool, &|_| ()).await.unwrap();
}

#[test]
fn the_documents_commands_make_a_secret_of_each_roles_url() {
    let url = |role| format!("postgres://ticketing_{role}:word@host/ticketing");
    let roles = ["owner", "auth", "requests"];
    let first = ["SECRETS=$HOME".to_owned()];
    let blocks = first.into_iter().chain(commands("database URLs"));
    let made = secrets::made_by(blocks, &format!("{}\n", roles.map(url).join("\n")));
    let wanted = roles.map(|role| {
        let files = [("url".to_owned(), url(role).into_bytes())];
        (format!("ticketing-database-{role}"), files.into())
    });
    assert_eq!(made, wanted.into());
}
