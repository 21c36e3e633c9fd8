//! Where a session's pair of tokens is saved.

use super::Pair;
use contract::ids::SessionId;
use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

/// Saves the pair of one session for every client that shares the store. Clones of a store see the
/// same pair; so do other processes, if the store says so.
///
/// Each method is atomic. After a method has returned, later calls see its effect, even after a
/// crash if the store outlives the process.
pub trait PairStore: Clone + Send + Sync + 'static {
    /// Returns the saved pair.
    fn load(&self) -> impl Future<Output = Result<Option<Pair>, StoreError>> + Send;

    /// Saves the first pair of a log-in, over any other pair.
    fn begin(&self, pair: Pair) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Saves the pair of a refresh, if it may replace the saved pair ([`Pair::succeeds`]): never
    /// over a higher generation, never over another session, and never into an empty store. Returns
    /// the pair that is saved afterwards.
    fn save(&self, pair: Pair) -> impl Future<Output = Result<Option<Pair>, StoreError>> + Send;

    /// Removes the pair of this session. The pair of another session stays.
    fn forget(&self, session: SessionId) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Why a store failed. The pair that it was to save is not used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("the store of tokens: {0}")]
    Io(#[source] Arc<io::Error>),
    /// The content is not a pair.
    #[error("the store of tokens holds something else")]
    Content,
    /// Other users may read it.
    #[error("the store of tokens is open to others; it must have mode 0600")]
    Exposed,
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// A store for the clients of one process. It ends with the process.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Option<Pair>>>);

impl MemoryStore {
    fn with<T>(&self, step: impl FnOnce(&mut Option<Pair>) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PairStore for MemoryStore {
    async fn load(&self) -> Result<Option<Pair>, StoreError> {
        Ok(self.with(|held| held.clone()))
    }

    async fn begin(&self, pair: Pair) -> Result<(), StoreError> {
        self.with(|held| *held = Some(pair));
        Ok(())
    }

    async fn save(&self, pair: Pair) -> Result<Option<Pair>, StoreError> {
        Ok(self.with(|held| {
            if pair.succeeds(held.as_ref()) {
                *held = Some(pair);
            }
            held.clone()
        }))
    }

    async fn forget(&self, session: SessionId) -> Result<(), StoreError> {
        self.with(|held| held.take_if(|held| held.session_id == session));
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
