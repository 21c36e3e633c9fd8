//! Which rows of auth-service's tables go, and when.

use database::Retention;
use std::time::Duration;

/// All of them. A session goes so long after it expired, ended or not: no token of it
/// is good by then, so that it changes no answer. The old application's rows stay.
/// Throttles go once their attempts count no more.
#[must_use]
pub fn retentions(session_retention: Duration) -> Vec<Retention> {
    vec![
        Retention {
            table: "user_sessions",
            over: "expires_at",
            ours: Some("generation"),
            kept: session_retention,
        },
        Retention {
            table: "ticketing_throttles",
            over: "forgotten_at",
            ours: None,
            kept: Duration::ZERO,
        },
    ]
}
