//! How long auth-service keeps the rows of its tables.

use database::Retention;
use std::time::Duration;

/// The retention of each table. A session is deleted this long after it expired, whether it was
/// ended or not. None of its tokens is valid by then, so the deletion changes no answer. The old
/// application's rows are never deleted. Throttles are deleted when their attempts no longer count.
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
