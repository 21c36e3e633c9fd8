//! How long things live.

use std::time::Duration;

/// The lives of tokens and sessions. Configuration checks that they fit
/// together: the overlap is at least four refreshes' time, an access token
/// lives at least four overlaps, a refresh token at least as long as an access
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lives {
    /// An access token.
    pub access_token: Duration,
    /// A refresh token; it slides the session's end by so much.
    pub refresh_token: Duration,
    /// A session, however often it is refreshed.
    pub session: Duration,
    /// How long after a generation's first use its predecessor may still be
    /// presented.
    pub overlap: Duration,
}

impl Default for Lives {
    fn default() -> Self {
        Self {
            access_token: Duration::from_mins(15),
            refresh_token: Duration::from_hours(7 * 24),
            session: Duration::from_hours(30 * 24),
            overlap: Duration::from_mins(1),
        }
    }
}
