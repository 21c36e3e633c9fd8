//! Channels to other services, with TLS or without: over one connection ([`connect`]), or to all
//! replicas of a service ([`Balanced`]).
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

/// A silent connection is probed this often, and given up after the same time again, so that a call
/// does not hang with its peer.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A channel over one connection, which is made at the first call and again whenever it is lost.
#[must_use]
pub fn connect(target: Target) -> Channel {
    endpoint(&target).connect_with_connector_lazy(Connector::to_name(target))
}

/// A channel to a server that is not one of these services. Each call has a timeout, and a silent
/// connection is not probed, because other servers may take probes for an attack.
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
    // the connector speaks TLS, so tonic sees a plain transport, while calls have the real scheme
    Endpoint::from(target.transport()).origin(target.origin())
}
