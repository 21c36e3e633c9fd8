//! `auth-service keys`: the command as it is typed, and the rotation behind it at
//! any moment.

use crate::{forge::key_name, process};
use auth_service::{
    command::{
        Command,
        keys::{self, KeysError},
    },
    config::Config,
    tokens::{KeyName, KeyRing, KeySchedule, KeyScheduleError, KeyState, Tokens, generate_key},
};
use contract::{
    config::{self, Invocation},
    time::{Clock, Timestamp},
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

const OLD: &str = "20200101T000000Z";
const SIGNS: &str = "20200201T000000Z";
const WAITS: &str = "20990101T000000Z";
const WEEK: Duration = Duration::from_hours(7 * 24);

/// A directory with keys of these names.
fn directory(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        generate_key(folder.path(), name.parse().unwrap()).unwrap();
    }
    folder
}

/// The files that a directory holds.
fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let mut files: Vec<_> = files.map(|file| name(file.unwrap())).collect();
    files.sort();
    files
}

/// The command as it is typed, in a process of its own.
async fn typed(words: &[&str], folder: &Path) -> (i32, String) {
    let mut command = process::command();
    command.arg("keys").args(words);
    command.env("AUTH_KEYS_DIRECTORY", folder);
    process::run(command).await
}

/// The command in this process, by another clock.
fn keys(words: &[&str], folder: &Path, clock: &Clock) -> Result<String, KeysError> {
    let directory = format!("--directory={}", folder.display());
    let words = [&["auth-service", "keys"], words, &[&directory]].concat();
    let requested = config::from_words::<Config, _>(words).unwrap();
    let Invocation::Command(Command::Keys(arguments)) = requested else {
        panic!("a command of `keys`");
    };
    let mut out = Vec::new();
    keys::run(&arguments, clock, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// The key that a replica signs with.
fn signs(ring: &Arc<KeyRing>) -> String {
    let tokens = Tokens::new(Arc::clone(ring), "i".into(), "a".into());
    key_name(&crate::keys::issue(&tokens))
}

#[tokio::test]
async fn the_list_tells_how_each_key_stands_and_when_it_may_go() {
    let folder = directory(&[OLD, SIGNS, WAITS]);
    let (code, printed) = typed(&["list"], folder.path()).await;
    assert_eq!(code, 0, "{printed}");
    assert_eq!(
        printed,
        "20200101T000000Z: unused, may be retired from 2020-02-08T00:10:00Z\n\
         20200201T000000Z: signs, may be retired from 2099-01-08T00:10:00Z\n\
         20990101T000000Z: waits: signs from 2099-01-01T00:00:00Z\n"
    );
    // what a refresh token lives is the services' to say
    let mut command = process::command();
    command
        .args(["keys", "list", "--directory"])
        .arg(folder.path())
        .env("AUTH_REFRESH_TOKEN_SECONDS", "2592000000");
    let (code, printed) = process::run(command).await;
    assert_eq!(code, 64, "ten years at most: {printed}");
    let life = ["list", "--refresh-token-seconds=315000000"];
    let (code, printed) = typed(&life, folder.path()).await;
    assert_eq!(code, 0, "{printed}");
    let first = printed.lines().next().unwrap();
    assert_eq!(
        first,
        "20200101T000000Z: verifies, may be retired from 2030-01-24T20:10:00Z"
    );
}

#[tokio::test]
async fn only_a_key_that_verifies_nothing_any_more_is_retired() {
    let folder = directory(&[OLD, SIGNS, WAITS]);
    for (name, says) in [
        (SIGNS, "it may be retired from 2099-01-08T00:10:00Z"),
        (WAITS, "is the newest key"),
        ("20200101T000001Z", "there is no key 20200101T000001Z"),
    ] {
        let (code, printed) = typed(&["retire", name], folder.path()).await;
        assert_eq!(code, 1, "{printed}");
        assert!(printed.starts_with("auth-service keys: "), "{printed}");
        assert!(printed.contains(says), "{printed}");
        assert_eq!(files(folder.path()).len(), 3);
    }
    let (code, printed) = typed(&["retire", OLD], folder.path()).await;
    assert_eq!((code, printed.as_str()), (0, "20200101T000000Z: removed\n"));
    assert_eq!(
        files(folder.path()),
        [format!("{SIGNS}.pem"), format!("{WAITS}.pem")]
    );
}

#[tokio::test]
async fn the_first_key_signs_at_once_and_the_next_later() {
    let folder = directory(&[]);
    let (code, printed) = typed(&["generate"], folder.path()).await;
    assert_eq!(code, 0, "{printed}");
    let first = printed
        .strip_suffix(": signs now\n")
        .expect(&printed)
        .to_owned();
    let (code, printed) = typed(&["generate"], folder.path()).await;
    assert_eq!(code, 0, "{printed}");
    let (second, rest) = printed.split_once(": apply before ").expect(&printed);
    assert!(rest.contains(", signs from "), "{printed}");
    assert_eq!(
        files(folder.path()),
        [format!("{first}.pem"), format!("{second}.pem")]
    );
    for file in files(folder.path()) {
        let mode = fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (first, second): (KeyName, KeyName) = (first.parse().unwrap(), second.parse().unwrap());
    assert!(second.signs_from() >= first.signs_from() + Duration::from_hours(1));
    KeyRing::open(folder.path().to_owned(), Clock::system()).expect("a service starts with them");
}

#[test]
fn openssl_reads_a_key_that_was_made_and_finds_the_same_public_half() {
    let folder = directory(&[OLD]);
    let read = std::process::Command::new("openssl")
        .args(["pkey", "-pubout", "-outform", "DER", "-in"])
        .arg(folder.path().join(format!("{OLD}.pem")))
        .output()
        .expect("openssl");
    let said = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{said}");
    let ring = KeyRing::open(folder.path().to_owned(), Clock::system()).unwrap();
    let [key] = &ring.public_keys()[..] else {
        panic!("one key");
    };
    // the last 32 bytes of a SubjectPublicKeyInfo (RFC 8410, section 4)
    assert!(read.stdout.ends_with(&key.bytes), "{:?}", read.stdout);
}

#[tokio::test]
async fn a_wrong_argument_is_named_and_changes_nothing() {
    let folder = directory(&[OLD]);
    let nowhere = folder.path().join("nowhere");
    let wrong: [(&[&str], &str); 9] = [
        (&[], "Usage: auth-service keys"),
        (&["remove"], "unrecognized subcommand"),
        (&["retire"], "name: is required"),
        (&["retire", "../20200101T000000Z"], "name: must be one like"),
        (
            &["retire", "20200101T000000Z.pem"],
            "name: must be one like",
        ),
        (
            &["generate", "--ahead=1199"],
            "--ahead: must be a whole number from 1200",
        ),
        (
            &["generate", "--ahead=1h"],
            "--ahead: must be a whole number",
        ),
        (
            &["list", "--refresh-token-seconds=0"],
            "AUTH_REFRESH_TOKEN_SECONDS: must be",
        ),
        (
            &["list", "--directory="],
            "AUTH_KEYS_DIRECTORY: is required",
        ),
    ];
    for (words, says) in wrong {
        let (code, printed) = typed(words, folder.path()).await;
        assert_eq!(code, 64, "{words:?}: {printed}");
        assert!(printed.contains(says), "{says} in {printed}");
    }
    let mut command = process::command();
    command
        .args(["--issuer=other", "keys", "list"])
        .env("AUTH_KEYS_DIRECTORY", folder.path());
    let (code, printed) = process::run(command).await;
    assert_eq!(code, 64, "a flag of the service: {printed}");
    assert_eq!(files(folder.path()), [format!("{OLD}.pem")]);

    for words in [&["generate"][..], &["list"], &["retire", OLD]] {
        let (code, printed) = typed(words, &nowhere).await;
        assert_eq!(code, 1, "{printed}");
        let says = format!("auth-service keys: {}: No such file", nowhere.display());
        assert!(printed.starts_with(&says), "{printed}");
    }
    assert!(!nowhere.exists());
}

#[test]
fn a_replica_signs_with_the_key_that_the_list_says() {
    let (folder, clock) = (directory(&[]), Clock::system());
    keys(&["generate"], folder.path(), &clock).unwrap();
    let ring = Arc::new(KeyRing::open(folder.path().to_owned(), clock.clone()).unwrap());
    let mut signed = Vec::new();
    for _ in 0..6 {
        for _ in 0..3 {
            let list = keys(&["list"], folder.path(), &clock).unwrap();
            let says: Vec<_> = list
                .lines()
                .filter(|line| line.contains(": signs"))
                .collect();
            // the other is "waits: signs from"
            let says = says
                .iter()
                .find(|line| !line.contains("waits"))
                .expect(&list);
            ring.reread().unwrap();
            let by = signs(&ring);
            assert!(says.starts_with(&by), "{by} in {list}");
            signed.push(by);
            clock.advance(Duration::from_mins(25));
        }
        keys(&["generate", "--ahead=1800"], folder.path(), &clock).unwrap();
    }
    signed.dedup();
    assert_eq!(signed.len(), 6, "{signed:?}");
}

#[test]
fn a_key_may_go_to_the_second_when_its_successor_has_signed_a_refresh_life_and_ten_minutes() {
    let folder = directory(&[OLD, SIGNS]);
    let (old, signs): (KeyName, KeyName) = (OLD.parse().unwrap(), SIGNS.parse().unwrap());
    let may_retire = signs.signs_from() + WEEK + Duration::from_mins(10);
    let just_before = Timestamp::from_micros(may_retire.micros() - 1);

    let mut schedule = KeySchedule::open(folder.path(), WEEK, just_before).unwrap();
    assert_eq!(schedule.state(old), KeyState::Verifies);
    let refused = schedule.retire(old);
    assert!(
        matches!(refused, Err(KeyScheduleError::TooEarly { name, from }) if name == old && from == may_retire),
        "{refused:?}"
    );
    let mut schedule = KeySchedule::open(folder.path(), WEEK, may_retire).unwrap();
    assert_eq!(schedule.state(old), KeyState::Retirable);
    schedule.retire(old).unwrap();
    assert_eq!(files(folder.path()), [format!("{SIGNS}.pem")]);
}

#[test]
fn a_key_signs_from_the_second_that_it_is_named_after() {
    let folder = directory(&[OLD, SIGNS]);
    let (old, signs): (KeyName, KeyName) = (OLD.parse().unwrap(), SIGNS.parse().unwrap());
    for (micros, states) in [
        (-1, [KeyState::Signs, KeyState::Waits]),
        (0, [KeyState::Verifies, KeyState::Signs]),
    ] {
        let now = Timestamp::from_micros(signs.signs_from().micros() + micros);
        let schedule = KeySchedule::open(folder.path(), WEEK, now).unwrap();
        assert_eq!([schedule.state(old), schedule.state(signs)], states);
    }
}

#[test]
fn one_key_more_than_a_service_reads_is_not_made() {
    let (folder, clock) = (directory(&[OLD]), Clock::system());
    for ahead in 0..31 {
        let ahead = format!("--ahead={}", 3_600 + ahead);
        keys(&["generate", &ahead], folder.path(), &clock).unwrap();
    }
    assert_eq!(files(folder.path()).len(), 32);
    let refused = keys(&["generate"], folder.path(), &clock).unwrap_err();
    assert_eq!(refused.exit_code(), 1);
    assert!(
        refused
            .to_string()
            .contains("holds 32 keys already; retire the oldest")
    );
    KeyRing::open(folder.path().to_owned(), clock).expect("a service starts with them");
}
