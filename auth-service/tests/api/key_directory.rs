//! What a directory of keys may hold, and what stops the start.

use auth_service::tokens::{KeyName, KeyRing, generate_key};
use contract::time::{Clock, Timestamp};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

fn open(directory: &Path) -> Result<KeyRing, String> {
    let ring = KeyRing::open(directory.to_owned(), Clock::system());
    ring.map_err(|error| error.to_string())
}

fn name(seconds_from_now: i64) -> KeyName {
    let now = Clock::system().now().seconds();
    KeyName::at(Timestamp::from_seconds(now + seconds_from_now))
}

/// One clear message: one line, with the path that is to be mended.
fn refused(directory: &Path, says: &str) {
    let message = open(directory).map(|_| ()).expect_err(says);
    assert!(message.contains(says), "{message}");
    assert!(
        message.contains(&directory.display().to_string()),
        "{message}"
    );
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn a_directory_that_holds_no_key_to_sign_with_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(
        folder.path(),
        "holds no key whose time has come; generate one",
    );
    generate_key(folder.path(), name(60)).unwrap();
    refused(
        folder.path(),
        "holds no key whose time has come; generate one",
    );
    generate_key(folder.path(), name(-60)).unwrap();
    assert!(open(folder.path()).is_ok());
    refused(&folder.path().join("nowhere"), "No such file");
}

#[test]
fn a_file_of_another_name_is_refused() {
    for stray in [
        "key.pem",
        "20261124T230000Z",
        "20261124T230000Z.key",
        "20261124.pem",
        "2026-11-24T23:00:00Z.pem",
        " 20261124T230000Z.pem",
        "20261324T230000Z.pem",
    ] {
        let folder = tempfile::tempdir().unwrap();
        generate_key(folder.path(), name(-60)).unwrap();
        fs::write(folder.path().join(stray), "").unwrap();
        refused(folder.path(), "must be named like 20261124T230000Z.pem");
    }
}

#[test]
fn a_file_of_another_content_is_refused_and_not_repeated() {
    let rsa = pem::encode(&pem::Pem::new("RSA PRIVATE KEY", b"secret-bytes".to_vec()));
    let short = pem::encode(&pem::Pem::new("PRIVATE KEY", b"secret-bytes".to_vec()));
    for content in ["", "secret-bytes", &rsa, &short] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("{}.pem", name(-60)));
        fs::write(file, content).unwrap();
        refused(
            folder.path(),
            "must hold an Ed25519 private key in PKCS#8 PEM",
        );
        let message = open(folder.path()).unwrap_err();
        assert!(!message.contains("secret-bytes"), "{message}");
    }
}

#[test]
fn more_keys_than_a_rotation_needs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    // oldest first: when a second passes, no two fall on one name
    for seconds in (1..=33).rev() {
        generate_key(folder.path(), name(-seconds)).unwrap();
    }
    refused(folder.path(), "holds more than 32 keys");
}

#[test]
fn a_key_as_openssl_writes_it_is_read() {
    // PKCS#8 version 1: without the public half, as `openssl genpkey` has it
    let folder = tempfile::tempdir().unwrap();
    let prefix = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let der = [prefix.as_slice(), &[7; 32]].concat();
    let file = folder.path().join(format!("{}.pem", name(-60)));
    fs::write(file, pem::encode(&pem::Pem::new("PRIVATE KEY", der))).unwrap();
    open(folder.path()).expect("it is read");
}

#[test]
fn a_directory_as_kubernetes_mounts_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("..2026_11_24_23_00_00.123456789");
    fs::create_dir(&data).unwrap();
    let file = generate_key(&data, name(-60)).unwrap();
    let file = file.file_name().unwrap();
    std::os::unix::fs::symlink(&data, folder.path().join("..data")).unwrap();
    let link = Path::new("..data").join(file);
    std::os::unix::fs::symlink(link, folder.path().join(file)).unwrap();
    open(folder.path()).expect("links are followed, hidden names passed over");
}

#[test]
fn a_generated_key_is_its_owners_alone_and_replaces_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = generate_key(folder.path(), name(-60)).unwrap();
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let name = file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let before = fs::read(&file).unwrap();
    assert!(generate_key(folder.path(), name).is_err());
    assert_eq!(fs::read(&file).unwrap(), before);
}
