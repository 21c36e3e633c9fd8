//! The end of any number of sessions, batch by batch: each is a transaction, and what it
//! ended stays ended.

use super::{AuthError, walk::Walk};
use crate::{
    model::{AuditEvent, EndReason, Scope},
    store::{Ended, Store},
};
use contract::ids::SessionId;

/// Which sessions end, why, and what the audit log says of it.
#[derive(Clone, Copy, Debug)]
pub struct BatchEnding<'a> {
    /// The sessions.
    pub scope: &'a Scope,
    /// A session of the scope's user that ends with the last batch, not before: the call came
    /// by it, and is to be repeated where time ran out.
    pub last: Option<SessionId>,
    /// Why they end.
    pub reason: EndReason,
    /// The event that each batch writes in its transaction, with the number of sessions that
    /// it ended. `None`: the caller writes one event for all of them.
    pub event: Option<&'a AuditEvent>,
}

/// What was done of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Sessions that were live until then, or would end.
    pub ended: u32,
    /// Whether some may be left, since time ran out.
    pub more: bool,
}

/// Ends the sessions of a scope, batch by batch, until none is left or `in_time` returns
/// false; the batch in hand is still ended then. `counted` is told how many each batch ended.
///
/// In a user's scope, only sessions that existed when it began are ended. In any other
/// scope, the walk is repeated until it finds nothing, since a session that began meanwhile
/// may lie behind the walk.
pub async fn end_in_batches(
    store: &Store,
    ending: BatchEnding<'_>,
    in_time: impl Fn() -> bool,
    counted: impl Fn(Ended),
) -> Result<Progress, AuthError> {
    let BatchEnding {
        scope,
        last,
        reason,
        event,
    } = ending;
    let last = match (scope, last) {
        (Scope::Of { user, .. }, Some(last)) => store.row_of(*user, last).await?,
        _ => None,
    };
    let mut walk = Walk::over(store, scope);
    let mut next = walk.next().await?;
    let mut ended = 0_u32;
    loop {
        let mut batch = next.unwrap_or_default();
        next = walk.next().await?;
        if next.is_none() {
            batch.extend(last);
        }
        let more_time = in_time();
        let in_batch = store.end_rows(&batch, reason, event).await?;
        ended = ended.saturating_add(in_batch.live);
        counted(in_batch);
        if next.is_none() && !batch.is_empty() {
            next = walk.begun_meanwhile().await?;
        }
        if next.is_none() || !more_time {
            let more = next.is_some();
            return Ok(Progress { ended, more });
        }
    }
}
