//! A store that outlives the process, for command-line tools.

use super::{Pair, PairStore, StoreError};
use contract::{bearer::BearerToken, ids::SessionId, time::Timestamp};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// The first line of the file. A later format needs another line.
const FORM: &str = "ticketing session 2";
/// The previous format, which has one more line. That line is ignored.
const FORM_BEFORE: &str = "ticketing session 1";
/// Large enough for two tokens of the maximum length and the other lines.
const MAX_LENGTH: u64 = 16 * 1024;
/// Only the owner may read and write.
const OWNER_ONLY: u32 = 0o600;
const OTHERS: u32 = 0o077;
/// A step under the lock takes milliseconds, so a process that holds the lock for this long is
/// stuck.
const LOCK_ATTEMPTS: u32 = 500;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A file with the pair, shared by all threads and processes that open it.
///
/// Only its owner may read it; a file with another mode is refused. Each change is written to a
/// file beside it (`<name>.new`), synced, and renamed over it, so that the content is complete at
/// any moment. A lock on a third file (`<name>.lock`), which stays, makes changes exclusive. The
/// folder must exist, on a file system with POSIX renames and locks (not NFS).
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// Names the file. Nothing is read or created yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || step(&path))
            .await
            .unwrap_or_else(|failed| Err(io::Error::other(failed).into()))
    }
}

impl PairStore for FileStore {
    async fn load(&self) -> Result<Option<Pair>, StoreError> {
        // a rename is atomic, so the content is complete even without the lock
        self.run(read).await
    }

    async fn begin(&self, pair: Pair) -> Result<(), StoreError> {
        self.run(move |path| {
            let _lock = lock(path)?;
            write(path, &pair)
        })
        .await
    }

    async fn save(&self, pair: Pair) -> Result<Option<Pair>, StoreError> {
        self.run(move |path| {
            let _lock = lock(path)?;
            let held = read(path)?;
            if !pair.succeeds(held.as_ref()) {
                return Ok(held);
            }
            write(path, &pair)?;
            Ok(Some(pair))
        })
        .await
    }

    async fn forget(&self, session: SessionId) -> Result<(), StoreError> {
        self.run(move |path| {
            let _lock = lock(path)?;
            if read(path)?.is_some_and(|held| held.session_id == session) {
                fs::remove_file(path)?;
                sync_folder(path)?;
            }
            Ok(())
        })
        .await
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Held until the file is closed. It also excludes a second opening in the same process.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY)
        .open(beside(path, ".lock"))?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::WouldBlock).into())
}

fn read(path: &Path) -> Result<Option<Pair>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.mode() & OTHERS != 0 {
        return Err(StoreError::Exposed);
    }
    let mut text = String::new();
    // a file that is not text is not a store
    file.take(MAX_LENGTH)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => StoreError::Content,
            _ => error.into(),
        })?;
    parse(&text).map(Some).ok_or(StoreError::Content)
}

/// Writes the file. The caller holds the lock.
fn write(path: &Path, pair: &Pair) -> Result<(), StoreError> {
    let new = beside(path, ".new");
    // a crash may have left this file; it is removed, and never followed or written into
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&new)?;
    file.write_all(render(pair).as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(path)
}

/// Without this, a crash may undo the rename.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(File::open(folder)?.sync_all()?)
}

/// Writes one value on each line. The text is secret.
fn render(pair: &Pair) -> String {
    format!(
        "{FORM}\n{}\n{}\n{}\n{}\n{}\n",
        pair.session_id,
        pair.generation,
        pair.access_expires_at.micros(),
        pair.access_token.expose(),
        pair.refresh_token.expose(),
    )
}

fn parse(text: &str) -> Option<Pair> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    let ([FORM, session, generation, expires, access, refresh]
    | [
        FORM_BEFORE,
        session,
        generation,
        expires,
        _,
        access,
        refresh,
    ]) = lines.as_slice()
    else {
        return None;
    };
    Some(Pair {
        session_id: SessionId::parse(session)?,
        generation: generation.parse().ok()?,
        access_token: BearerToken::new((*access).to_owned()).ok()?,
        access_expires_at: Timestamp::from_micros(expires.parse().ok()?),
        refresh_token: BearerToken::new((*refresh).to_owned()).ok()?,
    })
}
