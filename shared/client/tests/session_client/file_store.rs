//! The store of tools: one file, several processes.

use crate::world::{DUE, World, credentials, kept, token};
use client::session_client::{FileStore, Pair, PairStore as _, StoreError};
use contract::{bearer::BearerToken, ids::SessionId, time::Timestamp};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};
use testing::Kind;
use tokio::task::JoinSet;

/// Names the file for a process that a test starts.
const FILE: &str = "TEST_SESSION_FILE";
const SAVES: i32 = 40;

fn pair(session_id: SessionId, generation: i32) -> Pair {
    Pair {
        session_id,
        generation,
        access_token: BearerToken::new(format!("access-{generation}")).unwrap(),
        access_expires_at: Timestamp::from_seconds(generation.into()),
        refresh_token: BearerToken::new(format!("refresh-{generation}")).unwrap(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

testing::on_both_databases! {
    async fn processes_that_share_a_file_share_the_session(kind: Kind) {
        let world = World::start(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session");
        let store = FileStore::new(&path);
        world.client(store.clone()).log_in(credentials()).await.unwrap();
        for generation in 2..6 {
            world.use_and_wait(DUE).await;
            let mut callers = JoinSet::new();
            for _ in 0..8 {
                // each has a client and a flight of its own, as processes have
                let client = world.client(FileStore::new(&path));
                callers.spawn(async move { client.access_token().await.unwrap() });
            }
            for given in callers.join_all().await {
                world.validate(&given).await.expect("it is good");
            }
            assert_eq!(kept(&store).await.generation, generation);
        }
        let other = world.client(FileStore::new(&path));
        token(&other, &store).await;
        other.log_out().await.unwrap();
        assert!(store.load().await.unwrap().is_none());
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn a_saved_pair_is_read_again_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    let store = FileStore::new(&path);
    assert!(store.load().await.unwrap().is_none());
    let session = SessionId::random();
    for generation in [4, 5] {
        let pair = pair(session, generation);
        store.begin(pair.clone()).await.unwrap();
        let back = kept(&store).await;
        assert_eq!(back.session_id, pair.session_id);
        assert_eq!(back.generation, pair.generation);
        assert_eq!(back.access_token.expose(), pair.access_token.expose());
        assert_eq!(back.access_expires_at, pair.access_expires_at);
        assert_eq!(back.refresh_token.expose(), pair.refresh_token.expose());
    }
    let printed = format!("{:?} {store:?}", kept(&store).await);
    assert!(
        !printed.contains("access-5") && !printed.contains("refresh-5"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_newer_pair_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("session"));
    let session = SessionId::random();
    let nothing = store.save(pair(session, 1)).await.unwrap();
    assert!(nothing.is_none(), "nobody is logged in");
    store.begin(pair(session, 5)).await.unwrap();
    for (of, generation, stays) in [
        (session, 4, 5),
        (SessionId::random(), 9, 5),
        (session, 6, 6),
        (session, 5, 6),
    ] {
        let held = store.save(pair(of, generation)).await.unwrap().unwrap();
        assert_eq!(held.generation, stays);
        assert_eq!(kept(&store).await.generation, stays);
    }
    store.forget(SessionId::random()).await.unwrap();
    assert_eq!(kept(&store).await.generation, 6);
    store.forget(session).await.unwrap();
    assert!(store.load().await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    // what stands in the way is neither followed nor written into
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, folder.path().join("session.new")).unwrap();
    let store = FileStore::new(&path);
    store.begin(pair(SessionId::random(), 1)).await.unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.path().join("session.lock")), 0o600);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let exposed = store.load().await;
    assert!(matches!(exposed, Err(StoreError::Exposed)), "{exposed:?}");
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    let store = FileStore::new(&path);
    store.begin(pair(SessionId::random(), 1)).await.unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let cut = (0..good.len()).map(|end| good[..end].to_owned().into_bytes());
    let other = good.replace("session 2", "session 1").into_bytes();
    let more = format!("{good}more\n").into_bytes();
    for content in cut.chain([other, more, vec![0xff; 300], vec![b'x'; 1 << 20]]) {
        fs::write(&path, &content).unwrap();
        let refused = store.load().await;
        assert!(matches!(refused, Err(StoreError::Content)), "{refused:?}");
        assert!(!refused.unwrap_err().to_string().contains("refresh-1"));
    }
    fs::write(&path, &good).unwrap();
    kept(&store).await;
}

#[tokio::test]
async fn a_file_of_the_form_before_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    let store = FileStore::new(&path);
    let session = SessionId::random();
    store.begin(pair(session, 4)).await.unwrap();
    for time in ["", "7000000"] {
        let before =
            format!("ticketing session 1\n{session}\n4\n4000000\n{time}\naccess-4\nrefresh-4\n");
        fs::write(&path, before).unwrap();
        let held = kept(&store).await;
        assert_eq!((held.session_id, held.generation), (session, 4));
        assert_eq!(held.refresh_token.expose(), "refresh-4");
    }
}

#[tokio::test]
async fn two_processes_that_save_at_once_leave_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    let store = FileStore::new(&path);
    let session = SessionId::random();
    store.begin(pair(session, 1)).await.unwrap();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "file_store::saves_in_a_process_of_its_own"])
            .env(FILE, &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut processes = [start(), start()];
    let mut newest = 1;
    while processes
        .iter_mut()
        .any(|process| process.try_wait().unwrap().is_none())
    {
        let held = kept(&store).await;
        assert!(
            held.generation >= newest,
            "{} after {newest}",
            held.generation
        );
        assert_eq!(
            held.refresh_token.expose(),
            format!("refresh-{}", held.generation)
        );
        newest = held.generation;
    }
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(kept(&store).await.generation, SAVES);
}

/// Not a test by itself: two of these are started by the one above.
#[tokio::test]
async fn saves_in_a_process_of_its_own() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let store = FileStore::new(path);
    let session = kept(&store).await.session_id;
    for generation in 1..=SAVES {
        let held = store
            .save(pair(session, generation))
            .await
            .unwrap()
            .unwrap();
        assert!(held.generation >= generation);
    }
}
