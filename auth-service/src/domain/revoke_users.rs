//! The end of others' sessions, by staff.

use super::{AuthError, Progress, Sessions, end_in_batches};
use crate::model::{EndReason, Scope};
use shared::ids::UserId;

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose sessions.
    pub scope: Scope,
    /// Why, in the words of whoever asks.
    pub why: String,
    /// To count them, and to end none.
    pub validate_only: bool,
}

impl Sessions {
    /// Ends sessions for as long as `go_on` says, and notes who did and why; or
    /// counts those that are live.
    pub async fn revoke_users(
        &self,
        actor: UserId,
        revocation: &Revocation,
        go_on: impl Fn() -> bool,
    ) -> Result<Progress, AuthError> {
        let Revocation {
            scope,
            why,
            validate_only,
        } = revocation;
        if *validate_only {
            let ended = self.store.count_live_in(scope).await?;
            return Ok(Progress { ended, more: false });
        }
        let reason = EndReason::RevokedByStaff;
        let counted = |ended| {
            self.metrics.sessions_ended(reason, ended);
            go_on()
        };
        let done = end_in_batches(&self.store, scope, reason, counted).await;
        // what was ended before a failure is ended
        tracing::info!(%actor, ?scope, why, %reason, ?done, "sessions ended by staff");
        done
    }
}
