//! What a run keeps between starts: signing keys, a service token, and the
//! SQLite database.

use auth_service::tokens::{GenerateError, KeyName, generate_key};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::time::Clock;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Names of the files that a fresh start removes. Nothing else in the directory
/// is ours to remove.
const DATABASE_FILES: [&str; 3] = ["ticketing.db", "ticketing.db-wal", "ticketing.db-shm"];
const SERVICE_TOKEN: &str = "service-token";
const KEYS: &str = "keys";

/// The directory, made if it was not there.
#[derive(Clone, Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
}

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Something in it cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] GenerateError),
    /// The operating system gives no random numbers.
    #[error("the system's random source failed")]
    Random,
}

impl DataDirectory {
    /// Opens the directory; a fresh start removes what an earlier one left.
    pub(crate) fn open(path: &Path, fresh: bool, clock: &Clock) -> Result<Self, DirectoryError> {
        let directory = Self {
            path: path.to_owned(),
        };
        if fresh {
            directory.clear()?;
        }
        let keys = directory.keys();
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&keys);
        made.map_err(|source| DirectoryError::Io {
            path: keys.clone(),
            source,
        })?;
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
        format!(
            "sqlite://{}?mode=rwc",
            self.path.join(DATABASE_FILES[0]).display()
        )
    }

    fn clear(&self) -> Result<(), DirectoryError> {
        for name in DATABASE_FILES.iter().chain(&[SERVICE_TOKEN]) {
            let path = self.path.join(name);
            ignore_missing(fs::remove_file(&path))
                .map_err(|source| DirectoryError::Io { path, source })?;
        }
        let keys = self.keys();
        ignore_missing(fs::remove_dir_all(&keys))
            .map_err(|source| DirectoryError::Io { path: keys, source })
    }

    fn make_key_if_none(&self, clock: &Clock) -> Result<(), DirectoryError> {
        let keys = self.keys();
        let io = |source| DirectoryError::Io {
            path: keys.clone(),
            source,
        };
        if fs::read_dir(&keys).map_err(io)?.next().is_none() {
            generate_key(&keys, KeyName::at(clock.now()))?;
        }
        Ok(())
    }

    fn make_service_token_if_none(&self) -> Result<(), DirectoryError> {
        let path = self.service_token();
        let mut bytes = [0; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| DirectoryError::Random)?;
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(URL_SAFE_NO_PAD.encode(bytes).as_bytes()));
        match written {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                Err(DirectoryError::Io { path, source })
            }
            _ => Ok(()),
        }
    }
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
