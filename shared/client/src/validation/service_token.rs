//! The credential of a service towards ValidateSession.

use aws_lc_rs::{constant_time, digest};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::time::Instant;

/// A service token is at least this long, so that it cannot be guessed.
const MIN_LENGTH: usize = 32;
/// Tokens in one file: the one in use and, during a rotation, the next.
const MAX_TOKENS: usize = 2;
/// How often the file is looked at again.
const REREAD_AFTER: Duration = Duration::from_secs(10);

/// The service tokens in a file, a line each, at most two: a service sends the
/// first and accepts both, so that a rotation is: add the new one as the second
/// line everywhere, swap the lines everywhere, drop the old one.
///
/// The file is read again at most every ten seconds; while it cannot be read,
/// what was read last stays in force.
#[derive(Clone)]
pub struct ServiceTokens {
    path: PathBuf,
    state: Arc<RwLock<State>>,
}

struct State {
    tokens: Vec<SecretString>,
    read_at: Instant,
}

impl ServiceTokens {
    /// Reads the file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, InvalidServiceTokens> {
        let path = path.into();
        let state = State {
            tokens: read(&path)?,
            read_at: Instant::now(),
        };
        Ok(Self {
            path,
            state: Arc::new(RwLock::new(state)),
        })
    }

    /// The token to send.
    #[must_use]
    pub fn current(&self) -> Option<SecretString> {
        self.reread_if_due();
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .tokens
            .first()
            .cloned()
    }

    /// Whether a presented token is one of these. Digests are compared, in
    /// constant time, so that neither a prefix nor a length can be felt out.
    #[must_use]
    pub fn accept(&self, presented: &str) -> bool {
        self.reread_if_due();
        let presented = digest::digest(&digest::SHA256, presented.as_bytes());
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.tokens.iter().fold(false, |accepted, token| {
            let token = digest::digest(&digest::SHA256, token.expose_secret().as_bytes());
            let equal =
                constant_time::verify_slices_are_equal(token.as_ref(), presented.as_ref()).is_ok();
            accepted | equal
        })
    }

    fn reread_if_due(&self) {
        let due = |state: &State| state.read_at.elapsed() >= REREAD_AFTER;
        if !due(&self.state.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if due(&state) {
            state.read_at = Instant::now();
            match read(&self.path) {
                Ok(tokens) => state.tokens = tokens,
                Err(error) => tracing::warn!(%error, "service tokens stay as they were"),
            }
        }
    }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTokens")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Vec<SecretString>, InvalidServiceTokens> {
    let text = fs::read_to_string(path).map_err(|source| InvalidServiceTokens::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let tokens: Vec<SecretString> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(SecretString::from)
        .collect();
    let long_enough = tokens
        .iter()
        .all(|token| token.expose_secret().len() >= MIN_LENGTH);
    if (1..=MAX_TOKENS).contains(&tokens.len()) && long_enough {
        Ok(tokens)
    } else {
        Err(InvalidServiceTokens::Content(path.to_owned()))
    }
}

/// The file of service tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidServiceTokens {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}: must hold one or two tokens, a line each, of at least 32 characters", .0.display())]
    Content(PathBuf),
}
