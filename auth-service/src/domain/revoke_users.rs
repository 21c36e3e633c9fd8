//! The end of others' sessions, by staff.

use super::{AuthError, Progress, Sessions, end_in_batches};
use crate::model::{EndReason, Scope};
use shared::ids::UserId;

impl Sessions {
    /// How many sessions of a scope are live.
    pub async fn count(&self, scope: &Scope) -> Result<u32, AuthError> {
        Ok(self.store.count_live_in(scope).await?)
    }

    /// Ends the sessions of a scope for as long as `go_on` says, and notes who did
    /// and why.
    pub async fn revoke_users(
        &self,
        actor: UserId,
        scope: &Scope,
        why: &str,
        go_on: impl Fn() -> bool,
    ) -> Result<Progress, AuthError> {
        let reason = EndReason::RevokedByStaff;
        let done = end_in_batches(&self.store, scope, reason, go_on).await;
        // what was ended before a failure is ended
        tracing::info!(%actor, ?scope, why, %reason, ?done, "sessions ended by staff");
        done
    }
}
