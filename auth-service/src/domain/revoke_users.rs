//! Revocation of users' sessions by staff.

use super::{AuthError, BatchEnding, Progress, Revocations, end_in_batches};
use crate::model::{AuditEvent, AuditEventType, Caller, EndReason, Scope};
use contract::errors::chain;

/// A revocation by staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The sessions to end.
    pub scope: Scope,
    /// The reason that staff entered.
    pub why: String,
    /// Whether to count the sessions only.
    pub validate_only: bool,
}

impl Revocations {
    /// Ends sessions while there is time, and writes an audit event with each batch; or counts
    /// active sessions. If the scope includes the caller's session, it ends last.
    pub async fn revoke_users(
        &self,
        caller: &Caller,
        revocation: &Revocation,
        in_time: impl Fn() -> bool,
    ) -> Result<Progress, AuthError> {
        let Revocation {
            scope,
            why,
            validate_only,
        } = revocation;
        if *validate_only {
            let ended = self.endings.store().count_live_in(scope).await?;
            return Ok(Progress { ended, more: false });
        }
        let reason = EndReason::RevokedByStaff;
        let (scope, subject, created_before) = match *scope {
            Scope::All => (Scope::All, None, None),
            Scope::Of { user, .. } => {
                let but = Some(caller.session);
                (Scope::Of { user, but }, Some(user), None)
            }
            Scope::CreatedBefore { time, .. } => (*scope, None, Some(time)),
        };
        let event = AuditEvent {
            subject,
            reason: Some(why.clone()),
            created_before,
            ..AuditEvent::done(AuditEventType::RevokeUserSessions, &caller.client)
                .by(caller.user)
                .of(caller.session)
        };
        let ending = BatchEnding {
            scope: &scope,
            last: Some(caller.session),
            reason,
            event: Some(&event),
        };
        let counted = |ended| self.endings.count(reason, ended);
        let done = end_in_batches(self.endings.store(), ending, in_time, counted).await;
        let actor = caller.user;
        match &done {
            Ok(Progress { ended, more }) => {
                tracing::info!(%actor, ?scope, why, %reason, ended, more, "sessions ended by staff");
            }
            Err(error) => {
                let cause = chain(error);
                tracing::info!(
                    %actor, ?scope, why, %reason, cause,
                    "ending the sessions by staff failed halfway; some are ended"
                );
            }
        }
        done
    }
}
