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
/// that was begun meanwhile may lie behind the walk. `go_on` is asked before each
/// batch but the first. Each batch is committed before the next, with the event, if
/// one is given; where there is no batch, the event is written by itself.
pub async fn end_in_batches(
    store: &Store,
    scope: &Scope,
    reason: EndReason,
    event: Option<&AuditEvent>,
    go_on: impl Fn() -> bool,
) -> Result<Progress, AuthError> {
    let (mut ended, mut after, mut unnoted) = (0_u32, None, event);
    loop {
        match store
            .end_batch(scope, after.unwrap_or(i32::MIN), reason, event)
            .await?
        {
            Some(batch) => {
                unnoted = None;
                ended = ended.saturating_add(batch.ended);
                after = Some(batch.last);
            }
            None if after.is_none() => {
                if let Some(event) = unnoted {
                    store.note(&event.clone().ending(0)).await?;
                }
                return Ok(Progress { ended, more: false });
            }
            None => after = None,
        }
        if !go_on() {
            return Ok(Progress { ended, more: true });
        }
    }
}
