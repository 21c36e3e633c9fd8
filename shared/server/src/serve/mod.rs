//! Listeners with their limits, health, reflection and metrics, and a stop that lets the calls in
//! flight finish.

mod calls;
mod clocks;
mod connect;
mod connections;
mod discard;
mod http_check;
mod http_paths;
mod listener;
mod load_shed;
mod message;
mod metrics;
mod origins;
mod peer;
mod public;
mod readiness;
mod reasons;
mod reflection;
mod watching;
mod web;

pub use calls::{Calls, Observed};
pub use connect::{InvalidDescriptors, json_refusal};
pub use http_paths::{add_path, json_answer, read_body};
pub use listener::{BindError, Listener, ServeError};
pub use load_shed::{LoadShed, LoadShedLayer, Priority};
pub(crate) use load_shed::{Permit, overloaded};
pub use metrics::{MetricsRegistry, metrics_registry, ops};
pub use peer::Peer;
pub use public::{CALLS_IN_FLIGHT, TRUSTED_PROXIES};
pub use readiness::{LIVENESS, Readiness};
pub(crate) use reasons::{late, method_unknown};
pub use reflection::{ReflectionError, with_reflection};
pub use web::{InvalidOrigins, WebOrigins};

use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// How long a service that stops still accepts calls after its health says NOT_SERVING, so that
/// balancers have time to notice.
const NOTICE: Duration = Duration::from_secs(3);

/// Whether a call is for health or reflection. Such calls are neither shed nor counted.
fn asks_about_the_server(path: &str) -> bool {
    path.starts_with("/grpc.")
}

/// Serves listeners until `stop`. Then health says NOT_SERVING first. After a short wait, the calls
/// in flight finish within a bounded time. A listener that fails stops the others.
pub async fn run(
    listeners: impl IntoIterator<Item = (Listener, Routes)>,
    readiness: Readiness,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let drain = CancellationToken::new();
    let mut serving = tokio::task::JoinSet::new();
    for (listener, routes) in listeners {
        serving.spawn(listener.serve(routes, drain.clone()));
    }
    let watching = {
        let (stop, drain) = (stop.clone(), drain.clone());
        async move {
            readiness.watch_until(stop).await;
            readiness.withdraw().await;
            tracing::info!("stopping");
            drain.run_until_cancelled(tokio::time::sleep(NOTICE)).await;
            drain.cancel();
        }
    };
    let watching = tokio::spawn(watching);
    let mut outcome = Ok(());
    while let Some(served) = serving.join_next().await {
        if let Err(error) = served.map_err(ServeError::from).flatten() {
            outcome = Err(error);
        }
        // a listener that ends early stops the others
        stop.cancel();
        drain.cancel();
    }
    watching.abort();
    outcome
}
