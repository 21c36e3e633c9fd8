//! What the documents say of the program: their lines are run, and no variable is
//! left out.

use crate::{OLD_APPLICATION, command_line::migrate};
use std::path::Path;
use testing::{
    Kind, TestDatabase,
    documents::{commands, documents, mentions},
};
use tokio::process::Command;

/// A database that was taken over may be given back and taken over again, so that the
/// order of the documents does not matter.
#[tokio::test]
async fn the_lines_of_the_documents_work_on_the_old_applications_database() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(OLD_APPLICATION).await;
    let program = Path::new(env!("CARGO_BIN_EXE_migrate"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path);
    let path = std::iter::once(program.parent().unwrap().to_owned()).chain(path);
    let run = Command::new("bash")
        .args(["-euxc", &commands("migrate").join("\n")])
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("DATABASE_URL", database.url.expose())
        .output();
    let run = run.await.expect("bash");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

#[tokio::test]
async fn every_variable_of_the_program_is_mentioned_in_the_documents() {
    let documents: String = documents().into_iter().map(|file| file.text).collect();
    for command in ["up", "down", "fresh", "status", "purge-audit", "grants"] {
        let help = migrate(&[command, "--help"], None).await.stdout;
        let help = String::from_utf8(help).unwrap();
        assert!(help.contains("[env: DATABASE_URL"), "{help}");
        let variables = help.split("[env: ").skip(1);
        for variable in variables.filter_map(|rest| rest.split(['=', ']']).next()) {
            assert!(
                mentions(&documents, variable),
                "no document mentions {variable}"
            );
        }
    }
}
