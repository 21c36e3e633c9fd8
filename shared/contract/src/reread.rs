//! What is made from files, and made anew when the files change: certificates, tokens, keys.
//!
//! The files are read on a thread that may block, never on one that runs calls. What was made
//! before stays in force while the files hold something that cannot be used, and while the disk
//! does not answer. The log says so once for each content.

use crate::deadline;
use aws_lc_rs::digest::{self, Digest};
use secrecy::{ExposeSecret as _, SecretSlice};
use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Mutex as AsyncMutex, task::spawn_blocking, time::Instant};
use tracing::{Dispatch, Span, dispatcher};

/// Files, and what is made from them.
pub trait Source: Send + Sync + 'static {
    /// What is made.
    type Made: Send + Sync + 'static;
    /// Why nothing can be made.
    type Error: Error + From<Unreadable>;

    /// What the log calls it, in the plural.
    const WHAT: &'static str;

    /// Reads all files, always in the same order.
    fn read(&self) -> Result<Vec<File>, Self::Error>;

    /// Makes it from what was read. `before` is what was made before, if anything was.
    fn make(&self, files: &[File], before: Option<&Self::Made>) -> Result<Self::Made, Self::Error>;
}

/// A file that was read. What it holds is never printed.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    bytes: SecretSlice<u8>,
}

impl File {
    /// Reads a file. This blocks.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self {
                path: path.to_owned(),
                bytes: bytes.into(),
            }),
            Err(source) => Err(Unreadable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.expose_secret()
    }
}

/// A file or a directory cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Unreadable {
    /// Which.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// What was made last, and how to find out whether the files have changed.
pub struct Reread<S: Source> {
    inner: Arc<Inner<S>>,
}

struct Inner<S: Source> {
    /// For the log: whose files these are.
    name: String,
    source: S,
    made: RwLock<Arc<S::Made>>,
    times: Mutex<Times>,
    /// Held while the files are read.
    last: Mutex<Last>,
    /// One task at a time has the files read, so that a disk that does not answer keeps one thread
    /// and no more.
    turn: Arc<AsyncMutex<()>>,
}

#[derive(Clone, Copy)]
struct Times {
    /// When the files were last begun to be read.
    begun: Instant,
    /// The same, of the last time that they were read to the end.
    begun_to_end: Instant,
}

/// What the files held when they were last read.
struct Last {
    /// Of the content, good or not.
    seen: Digest,
    is_good: bool,
}

impl<S: Source> Reread<S> {
    /// Reads the files for the first time. This blocks.
    pub fn open(name: impl Into<String>, source: S) -> Result<Self, S::Error> {
        let begun = Instant::now();
        let files = source.read()?;
        let made = source.make(&files, None)?;
        let times = Times {
            begun,
            begun_to_end: begun,
        };
        let last = Last {
            seen: digest_of(&files),
            is_good: true,
        };
        let inner = Inner {
            name: name.into(),
            source,
            made: RwLock::new(Arc::new(made)),
            times: Mutex::new(times),
            last: Mutex::new(last),
            turn: Arc::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// What was made last. The files are not read.
    #[must_use]
    pub fn made(&self) -> Arc<S::Made> {
        self.inner.made()
    }

    /// The same as [`Reread::current`], but the files are read only if that was last begun longer
    /// than `age` ago.
    pub async fn current_within(&self, age: Duration) -> Arc<S::Made> {
        if self.inner.times().begun.elapsed() < age {
            self.made()
        } else {
            self.current().await
        }
    }

    /// What the files make now, or what they made when they were last good. They are read after
    /// this is called, once for all who wait.
    pub async fn current(&self) -> Arc<S::Made> {
        let called = Instant::now();
        let reading = async {
            let turn = Arc::clone(&self.inner.turn).lock_owned().await;
            // who waited for its turn finds what the one before has read
            if self.inner.times().begun_to_end > called {
                return;
            }
            let inner = Arc::clone(&self.inner);
            // what the thread logs belongs to this caller
            let (span, log) = (Span::current(), dispatcher::get_default(Dispatch::clone));
            let read = spawn_blocking(move || {
                let _turn = turn;
                dispatcher::with_default(&log, || span.in_scope(|| inner.read().map_err(drop)))
            });
            // a panic is in the log, and what was made before stays
            let _ = read.await;
        };
        if tokio::time::timeout(deadline::FILES, reading)
            .await
            .is_err()
        {
            let of = &self.inner.name;
            tracing::warn!(
                of,
                "the disk does not answer; {} stay as they were",
                S::WHAT
            );
        }
        self.made()
    }

    /// Reads the files now, and tells why they cannot be used. This blocks.
    pub fn read(&self) -> Result<Arc<S::Made>, S::Error> {
        self.inner.read()?;
        Ok(self.made())
    }

    /// Where it is made from.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.inner.source
    }
}

impl<S: Source> Inner<S> {
    fn made(&self) -> Arc<S::Made> {
        Arc::clone(&self.made.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<(), S::Error> {
        // held to the end, so that an older content never replaces a newer one
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        self.times().begun = begun;
        let read = self.take(&mut last);
        self.times().begun_to_end = begun;
        read
    }

    fn take(&self, last: &mut Last) -> Result<(), S::Error> {
        let read = self.source.read();
        let seen = match &read {
            Ok(files) => digest_of(files),
            Err(error) => digest::digest(&digest::SHA256, error.to_string().as_bytes()),
        };
        let is_new = seen.as_ref() != last.seen.as_ref();
        if last.is_good && !is_new {
            return Ok(());
        }
        last.seen = seen;
        let before = self.made();
        let made = read.and_then(|files| self.source.make(&files, Some(&before)));
        last.is_good = made.is_ok();
        let of = &self.name;
        match made {
            Ok(made) => {
                tracing::info!(of, "{} were read again", S::WHAT);
                *self.made.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                Ok(())
            }
            Err(error) => {
                if is_new {
                    tracing::warn!(of, %error, "{} stay as they were", S::WHAT);
                }
                Err(error)
            }
        }
    }
}

fn digest_of(files: &[File]) -> Digest {
    let mut digest = digest::Context::new(&digest::SHA256);
    for file in files {
        for part in [file.path.as_os_str().as_encoded_bytes(), file.bytes()] {
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        }
    }
    digest.finish()
}

impl<S: Source> Clone for Reread<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Reread<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reread")
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
