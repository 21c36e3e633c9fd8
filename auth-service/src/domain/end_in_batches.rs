//! Ends any number of sessions in batches. Each batch is a transaction, so what it ended stays
//! ended.

use super::{AuthError, walk::Walk};
use crate::{
    model::{AuditEvent, EndReason, Scope},
    store::{Ended, Store},
};
use contract::ids::SessionId;

/// Which sessions to end, why, and the audit event.
#[derive(Clone, Copy, Debug)]
pub struct BatchEnding<'a> {
    /// The sessions.
    pub scope: &'a Scope,
    /// The session that the call is made with. It ends with the last batch, because the call must
    /// be repeated with it if time runs out.
    pub last: Option<SessionId>,
    /// Why they end.
    pub reason: EndReason,
    /// The event that each batch writes in its transaction, with the number of sessions that it
    /// ended. `None` if the caller writes one event for all batches.
    pub event: Option<&'a AuditEvent>,
}

/// The result of ending sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many sessions were active until then, or would end.
    pub ended: u32,
    /// Whether sessions may be left, because time ran out.
    pub more: bool,
}

/// Ends the sessions of a scope in batches, until all have ended or `in_time` returns false. In the
/// second case, the current batch is still ended. `counted` receives how many sessions each batch
/// ended.
///
/// If the scope is a user, only sessions that existed at the beginning are ended. Otherwise the
/// walk is repeated until it finds nothing, because a session that began meanwhile may be behind
/// the current position.
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
