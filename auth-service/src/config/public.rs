//! Whom the public listener serves, and how many at once.

use clap::Args;
use contract::config::Problems;
use server::serve::PublicAccess;

/// The flags of the public listener.
#[derive(Clone, Debug, Args)]
pub struct PublicArguments {
    /// Calls at once; more are refused by RESOURCE_EXHAUSTED (OVERLOADED).
    #[arg(long, env = "AUTH_CALLS_IN_FLIGHT", default_value = "512")]
    pub calls_in_flight: String,
    /// Proxies before the public listener, each of which appends the address that
    /// called it to `x-forwarded-for`. The client's address is what the first of
    /// them saw: of so many entries, counted from the right. 0: the header is
    /// ignored.
    #[arg(long, env = "AUTH_TRUSTED_PROXIES", default_value = "0")]
    pub trusted_proxies: String,
    /// Origins whose pages may call by gRPC-Web, by commas: https://host. None:
    /// browsers are not served.
    #[arg(long, env = "AUTH_WEB_ORIGINS")]
    pub web_origins: Option<String>,
}

pub(super) fn read(problems: &mut Problems, arguments: &PublicArguments) -> Option<PublicAccess> {
    PublicAccess::read(
        problems,
        [
            ("AUTH_CALLS_IN_FLIGHT", &arguments.calls_in_flight),
            ("AUTH_TRUSTED_PROXIES", &arguments.trusted_proxies),
            (
                "AUTH_WEB_ORIGINS",
                arguments.web_origins.as_deref().unwrap_or_default(),
            ),
        ],
    )
}
