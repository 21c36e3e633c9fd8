//! The end of any number of sessions, batch by batch.

use super::AuthError;
use crate::{
    model::{AuditEvent, EndReason, Scope},
    store::Store,
};

/// What was done of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Sessions that were live until then, or would end.
    pub ended: u32,
    /// Whether some may be left, since time ran out.
    pub more: bool,
}

/// Ends the sessions of a scope until a walk from the first row finds none: one
/// that was begun meanwhile may lie behind the walk. Each batch is committed before
/// the next, with the event, if one is given; where there is no batch, the event is
/// written by itself. `go_on` is told how many a batch ended, and asked whether there
/// is time for the next.
pub async fn end_in_batches(
    store: &Store,
    scope: &Scope,
    reason: EndReason,
    event: Option<&AuditEvent>,
    go_on: impl Fn(u32) -> bool,
) -> Result<Progress, AuthError> {
    let (mut ended, mut after, mut unnoted) = (0_u32, None, event);
    loop {
        let batch = store
            .end_batch(scope, after.unwrap_or(i32::MIN), reason, event)
            .await?;
        if batch.is_some() {
            unnoted = None;
        } else if after.is_none() {
            if let Some(event) = unnoted {
                store.note(&event.clone().ending(0)).await?;
            }
            return Ok(Progress { ended, more: false });
        }
        let in_batch = batch.map_or(0, |batch| batch.ended);
        ended = ended.saturating_add(in_batch);
        after = batch.map(|batch| batch.last);
        if !go_on(in_batch) {
            return Ok(Progress { ended, more: true });
        }
    }
}
