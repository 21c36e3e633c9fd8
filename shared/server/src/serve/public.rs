//! What a public listener takes in, as it is configured.

use super::WebOrigins;
use contract::config::Problems;

/// A chain of proxies that is longer is a mistake.
const MAX_PROXIES: usize = 16;
/// Fewer leave no room for who comes last.
const LEAST_CALLS: usize = 8;
const MOST_CALLS: usize = 100_000;

/// Whom a service's public listener serves, and how many at once.
#[derive(Clone, Debug)]
pub struct PublicAccess {
    /// Calls at once, of all listeners of the service; more are refused.
    pub calls_in_flight: usize,
    /// Proxies before the listener, each of which appends the address that called it
    /// to `x-forwarded-for`.
    pub trusted_proxies: usize,
    /// Origins whose pages may call by gRPC-Web.
    pub web_origins: WebOrigins,
}

impl Default for PublicAccess {
    fn default() -> Self {
        Self {
            calls_in_flight: 512,
            trusted_proxies: 0,
            web_origins: WebOrigins::default(),
        }
    }
}

impl PublicAccess {
    /// From texts, each with its variable's name, in the order of the fields.
    pub fn read(problems: &mut Problems, variables: [(&'static str, &str); 3]) -> Option<Self> {
        let [calls, proxies, origins] = variables;
        let calls = problems.within(calls.0, calls.1, LEAST_CALLS, MOST_CALLS);
        let proxies = problems.within(proxies.0, proxies.1, 0, MAX_PROXIES);
        let origins = problems.parse(origins.0, origins.1);
        Some(Self {
            calls_in_flight: calls?,
            trusted_proxies: proxies?,
            web_origins: origins?,
        })
    }
}
