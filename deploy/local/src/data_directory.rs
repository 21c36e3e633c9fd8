//! What a run keeps between starts: signing keys, a service token, and the SQLite database.

use auth_service::tokens::{GenerateError, KeyName, generate_key};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::time::Clock;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The files that a fresh start removes. Other files in the directory are not touched.
const DATABASE_FILES: [&str; 3] = ["ticketing.db", "ticketing.db-wal", "ticketing.db-shm"];
const SERVICE_TOKEN: &str = "service-token";
const KEYS: &str = "keys";
const LOCK: &str = "lock";

/// The directory. It is created if it does not exist, and locked for this run.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Something in it cannot be read or written.
    #[error(
        "cannot use {}: {source}. Choose a directory that can be written by --data-directory \
         (LOCAL_DATA_DIRECTORY)",
        path.display()
    )]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another run uses it.
    #[error(
        "{} is in use by another run: stop that one, or give this one its own --data-directory",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// No signing key could be generated.
    #[error(transparent)]
    Key(#[from] GenerateError),
    /// The operating system gives no random numbers.
    #[error("the system's random source failed")]
    Random,
}

impl DataDirectory {
    /// Opens the directory; a fresh start removes what an earlier one left.
    pub(crate) fn open(path: &Path, fresh: bool, clock: &Clock) -> Result<Self, DirectoryError> {
        // an absolute path, so that printed lines can be pasted anywhere
        let path = std::path::absolute(path).map_err(of(path))?;
        make(&path)?;
        let directory = Self {
            _lock: lock(&path)?,
            path,
        };
        if fresh {
            directory.clear()?;
        }
        make(&directory.keys())?;
        directory.make_key_if_none(clock)?;
        directory.make_service_token_if_none()?;
        Ok(directory)
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.path.join(KEYS)
    }

    pub(crate) fn service_token(&self) -> PathBuf {
        self.path.join(SERVICE_TOKEN)
    }

    pub(crate) fn database_url(&self) -> String {
        let path = self.path.join(DATABASE_FILES[0]).display().to_string();
        let path = path.replace('%', "%25").replace('?', "%3F");
        format!("sqlite://{path}?mode=rwc")
    }

    fn clear(&self) -> Result<(), DirectoryError> {
        for name in DATABASE_FILES.iter().chain(&[SERVICE_TOKEN]) {
            let path = self.path.join(name);
            ignore_missing(fs::remove_file(&path)).map_err(of(&path))?;
        }
        let keys = self.keys();
        let entries = match fs::read_dir(&keys) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(of(&keys))?,
        };
        for entry in entries {
            let path = entry.map_err(of(&keys))?.path();
            if is_key(&path) {
                fs::remove_file(&path).map_err(of(&path))?;
            }
        }
        Ok(())
    }

    fn make_key_if_none(&self, clock: &Clock) -> Result<(), DirectoryError> {
        let keys = self.keys();
        let entries = fs::read_dir(&keys).map_err(of(&keys))?;
        if entries.flatten().any(|entry| is_key(&entry.path())) {
            return Ok(());
        }
        generate_key(&keys, KeyName::at(clock.now()))?;
        Ok(())
    }

    fn make_service_token_if_none(&self) -> Result<(), DirectoryError> {
        let path = self.service_token();
        let mut bytes = [0; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| DirectoryError::Random)?;
        let mut file = match open_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            file => file.map_err(of(&path))?,
        };
        let written = file.write_all(URL_SAFE_NO_PAD.encode(bytes).as_bytes());
        if written.is_err() {
            // an incomplete token would prevent every later start
            let _ = fs::remove_file(&path);
        }
        written.map_err(of(&path))
    }
}

/// Whether a run writes files with this name.
fn is_key(path: &Path) -> bool {
    let name = path.file_stem().and_then(|stem| stem.to_str());
    let is_pem = path.extension().is_some_and(|extension| extension == "pem");
    is_pem && name.is_some_and(|name| name.parse::<KeyName>().is_ok())
}

/// Creates a directory and its parents, with access for the owner only.
fn make(path: &Path) -> Result<(), DirectoryError> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(of(path))
}

/// Locks a directory until the file is dropped, because a fresh start would remove the data of a
/// running one.
fn lock(directory: &Path) -> Result<File, DirectoryError> {
    let path = directory.join(LOCK);
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = opened.map_err(of(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DirectoryError::InUse {
            path: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(of(&path)(source)),
    }
}

fn open_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// What cannot be used, for an error that does not say.
fn of(path: &Path) -> impl FnOnce(io::Error) -> DirectoryError {
    let path = path.to_owned();
    |source| DirectoryError::Io { path, source }
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
