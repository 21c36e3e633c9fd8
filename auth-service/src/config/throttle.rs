//! How many attempts are let through without a delay.

use crate::model::ThrottleLimits;
use clap::Args;
use contract::config::Problems;

/// The flags of throttling.
#[derive(Clone, Debug, Args)]
pub struct ThrottleArguments {
    /// Failed log-ins of one account from one network (IPv4: /24, IPv6: /48)
    /// before the next has to wait; ten times as many of the account from
    /// wherever. The same for guesses of the current password in ChangePassword.
    #[arg(long, env = "AUTH_THROTTLE_LOG_INS", default_value = "5")]
    pub throttle_log_ins: String,
    /// Registrations from one network within an hour. Clients behind a proxy that
    /// `AUTH_TRUSTED_PROXIES` does not count are one network.
    #[arg(long, env = "AUTH_THROTTLE_REGISTRATIONS", default_value = "100")]
    pub throttle_registrations: String,
}

/// Both limits, if they are numbers within their bounds.
pub(super) fn read(
    problems: &mut Problems,
    arguments: &ThrottleArguments,
) -> Option<ThrottleLimits> {
    let log_ins = problems.within(
        "AUTH_THROTTLE_LOG_INS",
        &arguments.throttle_log_ins,
        1,
        1_000,
    );
    let registrations = problems.within(
        "AUTH_THROTTLE_REGISTRATIONS",
        &arguments.throttle_registrations,
        1,
        1_000_000,
    );
    Some(ThrottleLimits {
        log_ins: log_ins?,
        registrations: registrations?,
    })
}
