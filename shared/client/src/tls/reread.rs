//! A configuration made from files, and made anew when what they hold has changed.

use super::InvalidTls;
use aws_lc_rs::digest::{self, Digest};
use secrecy::{ExposeSecret as _, SecretSlice};
use std::{
    fmt, fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// What is made from files.
pub(super) trait Source {
    /// What is made.
    type Made;

    /// Which files.
    fn paths(&self) -> Vec<&Path>;

    /// Makes it from what the files hold, in the same order.
    fn make(&self, contents: &[&[u8]]) -> Result<Self::Made, InvalidTls>;
}

/// Reads its files each time that it is asked: three small ones, beside a handshake
/// that computes for ten times as long. So there is no time in which a change is not
/// seen, and nothing to wait for.
pub(super) struct Reread<S: Source> {
    /// For the log.
    name: String,
    source: S,
    state: Mutex<State<S::Made>>,
}

struct State<T> {
    /// Of what the files held when they were last read, good or not, so that what is
    /// not good is said once.
    seen: Digest,
    made: Arc<T>,
}

impl<S: Source> Reread<S> {
    pub(super) fn open(name: impl Into<String>, source: S) -> Result<Self, InvalidTls> {
        let contents = read(&source);
        let seen = digest_of(&contents);
        let made = Arc::new(make(&source, contents)?);
        Ok(Self {
            name: name.into(),
            source,
            state: Mutex::new(State { seen, made }),
        })
    }

    /// What the files make now, or else what they made when they were last good.
    pub(super) fn current(&self) -> Arc<S::Made> {
        let contents = read(&self.source);
        let seen = digest_of(&contents);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.seen.as_ref() != seen.as_ref() {
            state.seen = seen;
            match make(&self.source, contents) {
                Ok(made) => {
                    tracing::info!(of = self.name, "certificates were read again");
                    state.made = Arc::new(made);
                }
                Err(error) => {
                    tracing::warn!(of = self.name, %error, "certificates stay as they were");
                }
            }
        }
        Arc::clone(&state.made)
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }
}

type Contents = Vec<Result<SecretSlice<u8>, InvalidTls>>;

fn read(source: &impl Source) -> Contents {
    let read = |path: &Path| match fs::read(path) {
        Ok(bytes) => Ok(SecretSlice::from(bytes)),
        Err(source) => Err(InvalidTls::Unreadable {
            path: path.to_owned(),
            source,
        }),
    };
    source.paths().into_iter().map(read).collect()
}

fn make<S: Source>(source: &S, contents: Contents) -> Result<S::Made, InvalidTls> {
    let contents = contents.into_iter().collect::<Result<Vec<_>, _>>()?;
    let contents: Vec<&[u8]> = contents.iter().map(SecretSlice::expose_secret).collect();
    source.make(&contents)
}

fn digest_of(contents: &Contents) -> Digest {
    let mut digest = digest::Context::new(&digest::SHA256);
    for file in contents {
        match file {
            Ok(bytes) => {
                let bytes = bytes.expose_secret();
                digest.update(&bytes.len().to_be_bytes());
                digest.update(bytes);
            }
            Err(error) => digest.update(error.to_string().as_bytes()),
        }
    }
    digest.finish()
}

impl<S: Source + fmt::Debug> fmt::Debug for Reread<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reread")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
