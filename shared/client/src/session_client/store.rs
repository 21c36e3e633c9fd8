//! Where the pair of a session is kept.

use super::Pair;
use contract::ids::SessionId;
use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

/// Keeps the pair of one session, for every client that shares it: clones of a
/// store, and where it says so other processes, see the same pair.
///
/// Each method is one step: of two at once, one comes first. What a method has
/// answered, later calls see, also after a crash if the store outlives the
/// process at all.
pub trait PairStore: Clone + Send + Sync + 'static {
    /// The pair that is kept.
    fn load(&self) -> impl Future<Output = Result<Option<Pair>, StoreError>> + Send;

    /// Keeps the first pair of a log-in, in place of whatever is there.
    fn begin(&self, pair: Pair) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps the pair of a refresh, if it may stand in the place of the one that
    /// is kept ([`Pair::succeeds`]): never over a higher generation, never over
    /// another session, never where there is none. Gives the pair that is kept
    /// afterwards.
    fn save(&self, pair: Pair) -> impl Future<Output = Result<Option<Pair>, StoreError>> + Send;

    /// Keeps no pair of this session any more; that of another stays.
    fn forget(&self, session: SessionId) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A store failed. The pair that it was to keep is not used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("the store of tokens: {0}")]
    Io(#[source] Arc<io::Error>),
    /// What is kept is not a pair.
    #[error("the store of tokens holds something else")]
    Content,
    /// Others than the owner may read it.
    #[error("the store of tokens is open to others; it must have mode 0600")]
    Exposed,
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// A store for the clients of one process; it ends with them.
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
