//! Values that are made from files, and made again when the files change: certificates, tokens,
//! keys.
//!
//! The files are read on a thread that may block, never on one that runs calls. If the new content
//! cannot be used, or if the disk does not answer, the previous value is kept. The log says so once
//! for each content.

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

/// Files, and how to make a value from them.
pub trait Source: Send + Sync + 'static {
    /// The value.
    type Made: Send + Sync + 'static;
    /// Why no value can be made.
    type Error: Error + From<Unreadable>;

    /// The name of the value in the log, in the plural.
    const WHAT: &'static str;

    /// Reads all files, always in the same order.
    fn read(&self) -> Result<Vec<File>, Self::Error>;

    /// Makes the value from files that were read. `before` is the previous value, if there is one.
    fn make(&self, files: &[File], before: Option<&Self::Made>) -> Result<Self::Made, Self::Error>;
}

/// A file that was read. `Debug` does not print its content.
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

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.expose_secret()
    }
}

/// Why a file or a directory cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Unreadable {
    /// The path.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// The value that was made last, and the means to find out whether the files have changed.
pub struct Reread<S: Source> {
    inner: Arc<Inner<S>>,
}

struct Inner<S: Source> {
    /// The owner of the files, for the log.
    name: String,
    source: S,
    made: RwLock<Arc<S::Made>>,
    times: Mutex<Times>,
    /// Held while the files are read.
    last: Mutex<Last>,
    /// Held by the one task that reads the files, so that a disk that does not answer blocks one
    /// thread only.
    reading: Arc<AsyncMutex<()>>,
}

#[derive(Clone, Copy)]
struct Times {
    /// When the last reading began.
    begun: Instant,
    /// When the last reading that finished had begun.
    begun_to_end: Instant,
}

/// What the files held when they were last read.
struct Last {
    /// The digest of the content, whether it can be used or not.
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
            reading: Arc::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The value that was made last. The files are not read.
    #[must_use]
    pub fn made(&self) -> Arc<S::Made> {
        self.inner.made()
    }

    /// Like [`Reread::current`], but reads the files only if the last reading began longer than
    /// `age` ago.
    pub async fn current_within(&self, age: Duration) -> Arc<S::Made> {
        if self.inner.times().begun.elapsed() < age {
            self.made()
        } else {
            self.current().await
        }
    }

    /// The value that the files make now, or made when they could last be used. The files are read
    /// after the call begins, once for all callers that wait.
    pub async fn current(&self) -> Arc<S::Made> {
        let called = Instant::now();
        let reading = async {
            let reading = Arc::clone(&self.inner.reading).lock_owned().await;
            // a caller that waited finds what the previous one has read
            if self.inner.times().begun_to_end > called {
                return;
            }
            let inner = Arc::clone(&self.inner);
            // logs of the thread belong to this caller
            let (span, log) = (Span::current(), dispatcher::get_default(Dispatch::clone));
            let read = spawn_blocking(move || {
                let _reading = reading;
                dispatcher::with_default(&log, || span.in_scope(|| inner.read().map_err(drop)))
            });
            // a panic is logged, and the previous value is kept
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

    /// Reads the files now, and returns why they cannot be used. This blocks.
    pub fn read(&self) -> Result<Arc<S::Made>, S::Error> {
        self.inner.read()?;
        Ok(self.made())
    }

    /// The source of the value.
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
        // held until the end, so that older content never replaces newer content
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
