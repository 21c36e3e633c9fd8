//! How long tokens and sessions live.

use super::{Arguments, MAX_SECONDS};
use crate::model::Lives;
use contract::config::Problems;
use std::time::Duration;

/// A refresh may take so many seconds at the server; the overlap must hold four.
const REFRESH_TIME: u64 = 10;

/// The lives of tokens and sessions, if they fit together.
pub(super) fn read(problems: &mut Problems, arguments: &Arguments) -> Option<Lives> {
    const OVERLAP: &str = "AUTH_REFRESH_OVERLAP_SECONDS";
    const ACCESS: &str = "AUTH_ACCESS_TOKEN_SECONDS";
    const REFRESH: &str = "AUTH_REFRESH_TOKEN_SECONDS";
    const SESSION: &str = "AUTH_SESSION_SECONDS";
    let mut read = |variable, text| problems.within(variable, text, 1, MAX_SECONDS);
    let overlap = read(OVERLAP, &arguments.refresh_overlap_seconds);
    let access = read(ACCESS, &arguments.access_token_seconds);
    let refresh = read(REFRESH, &arguments.refresh_token_seconds);
    let session = read(SESSION, &arguments.session_seconds);
    let (overlap, access, refresh, session) = (overlap?, access?, refresh?, session?);
    let mut fits = true;
    for (variable, value, least, why) in [
        (
            OVERLAP,
            overlap,
            4 * REFRESH_TIME,
            "four times what a refresh may take",
        ),
        (ACCESS, access, 4 * overlap, "four overlaps"),
        (REFRESH, refresh, access, "an access token's life"),
        (SESSION, session, refresh, "a refresh token's life"),
    ] {
        if value < least {
            problems.note(variable, format_args!("must be at least {least}, {why}"));
            fits = false;
        }
    }
    fits.then(|| Lives {
        access_token: Duration::from_secs(access),
        refresh_token: Duration::from_secs(refresh),
        session: Duration::from_secs(session),
        overlap: Duration::from_secs(overlap),
    })
}
