//! Finds the addresses of a service's replicas.

use std::{fmt, io, net::SocketAddr, pin::Pin, sync::Arc};

type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Looks up all addresses of a name.
#[derive(Clone)]
pub struct Resolver(Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>);

impl Resolver {
    /// The system's resolver. It blocks a thread during each look-up, so there is one look-up at a
    /// time.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|host: String, port| async move {
            Ok(tokio::net::lookup_host((host, port)).await?.collect())
        })
    }

    /// A resolver of the caller.
    pub fn new<F>(resolve: impl Fn(String, u16) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |host, port| Box::pin(resolve(host, port))))
    }

    pub(super) fn resolve(&self, (host, port): (&str, u16)) -> Resolving {
        (self.0)(host.to_owned(), port)
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}
