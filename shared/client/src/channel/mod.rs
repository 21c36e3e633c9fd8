//! Channels to other services of this back end, with TLS or without: over one
//! connection ([`connect`]), or over all replicas of a service ([`Balanced`]).
//!
//! ```no_run
//! # use client::{channel::{self, Target}, tls::{ClientTls, ClientTlsFiles}};
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let files = ClientTlsFiles { authority: "/etc/ticketing/authority.pem".into(), own: None };
//! let tls = ClientTls::open(files)?;
//! let target = Target::new(&"https://auth.example:50051".parse()?, Some(tls))?;
//! let channel = channel::connect(target);
//! # Ok(()) }
//! ```

mod balanced;
mod call_failure;
mod connector;
mod replica;
mod resolver;
mod retry;
mod target;
mod throttle;

pub use balanced::Balanced;
pub use call_failure::CallError;
pub use replica::Replica;
pub use resolver::Resolver;
pub use target::{InvalidTarget, Target};

pub(crate) use call_failure::CallFailure;
pub(crate) use retry::{AttemptFailure, GaveUp, Policy};
pub(crate) use throttle::RetryThrottle;

use connector::Connector;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// A silent connection is probed this often, and given up after as long again,
/// so that a hanging peer is left without a restart.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A channel. The connection is made at the first call, and again whenever it is
/// lost.
#[must_use]
pub fn connect(target: Target) -> Channel {
    endpoint(&target).connect_with_connector_lazy(Connector::to_name(target))
}

/// A channel to a server that is not of this back end: each call ends in time, and a
/// silent connection is not probed, which others take for an attack.
pub fn connect_within(target: Target, timeout: Duration) -> Channel {
    let endpoint = unprobed(&target).timeout(timeout);
    endpoint.connect_with_connector_lazy(Connector::to_name(target))
}

fn endpoint(target: &Target) -> Endpoint {
    unprobed(target)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true)
}

fn unprobed(target: &Target) -> Endpoint {
    // TLS is the connector's: tonic is to see a plain transport, and calls the scheme
    // that they go by
    Endpoint::from(target.transport()).origin(target.origin())
}
