//! The documents' commands that rotate keys, on the keys that the first steps of an
//! installation make.

use crate::shell;
use auth_service::{
    command::{Command, keys},
    config::Config,
};
use contract::{
    config::{self, Invocation},
    time::Clock,
};
use std::{path::Path, process::Stdio};
use testing::documents::commands;

/// Notes what would run in a container.
const DOCKER: &str = "docker() {
    while [ \"$1\" != auth-service ]; do shift; done
    echo \"$*\" >> \"$HOME/ran\"
}
kubectl() { cat; }";

/// Runs a command of the image, with the directory that it would see.
pub(super) fn run(words: &str, keys: &Path) -> Result<String, String> {
    let words = words.replace("/keys", &keys.display().to_string());
    let requested = config::from_words::<Config, _>(words.split(' '));
    let Ok(Invocation::Command(Command::Keys(arguments))) = requested else {
        panic!("a command of `keys`: {words}");
    };
    let mut out = Vec::new();
    let done = keys::run(&arguments, &Clock::system(), &mut out);
    done.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn the_documents_commands_rotate_the_keys_that_they_made() {
    let home = tempfile::tempdir().unwrap();
    let first = commands("secrets");
    let first = first.iter().take_while(|block| !block.contains("read -rs"));
    let later = commands("key rotation");
    let blocks: Vec<_> = std::iter::once(DOCKER.to_owned())
        .chain(first.cloned())
        .chain(later)
        .collect();
    for outcome in shell::run(&blocks, home.path(), Stdio::null()) {
        outcome.succeeded();
    }
    let keys = home.path().join("ticketing-secrets/keys");
    let ran = std::fs::read_to_string(home.path().join("ran")).unwrap();
    let [generate, list, retire] = ran.lines().collect::<Vec<_>>().try_into().unwrap();
    let generated = run(generate, &keys).unwrap();
    assert!(generated.contains(": apply before "), "{generated}");
    let list = run(list, &keys).unwrap();
    let states: Vec<_> = list.lines().map(|line| &line[16..25]).collect();
    assert_eq!(states, [": signs, ", ": waits: "], "{list}");
    let refused = run(retire, &keys).unwrap_err();
    assert_eq!(refused, "there is no key 20261124T230000Z", "an example");
}
