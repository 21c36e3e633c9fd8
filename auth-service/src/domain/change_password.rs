//! A new password, by whoever knows the one in force.

use super::{AuthError, Sessions};
use crate::{
    model::{AuditCause, AuditEvent, AuditEventType, Caller, Password, Refusal},
    passwords::{Owner, PasswordError},
    store::ChangeOutcome,
};

/// How often a password that changes under the call is verified anew.
const VERIFICATIONS: usize = 2;

impl Sessions {
    /// Changes the caller's password, and ends all of its sessions but this one. How
    /// many were live until then.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &Password,
        new: &Password,
    ) -> Result<u32, AuthError> {
        let event = AuditEvent::done(AuditEventType::ChangePassword, &caller.client)
            .by(caller.user)
            .of(caller.session);
        let changed = self.change_and_note(caller, current, new, &event).await;
        let cause = match &changed {
            Err(AuthError::CurrentPasswordWrong) => AuditCause::PasswordWrong,
            Err(AuthError::Refused(Refusal::SessionEnded)) => AuditCause::SessionEnded,
            Err(AuthError::Refused(_)) => AuditCause::UserInvalid,
            Err(AuthError::TooManyAttempts(_)) => AuditCause::Throttled,
            // noted with the change; or failed, or to be asked otherwise
            Ok(_) | Err(_) => return changed,
        };
        self.audit_log.note(event.refused_for(cause));
        changed
    }

    async fn change_and_note(
        &self,
        caller: &Caller,
        current: &Password,
        new: &Password,
        event: &AuditEvent,
    ) -> Result<u32, AuthError> {
        let Caller { user, session, .. } = *caller;
        let attempt = self.throttles.change_password(user).await?;
        let written = self.algorithm().await?;
        let gone = Refusal::SessionUserInvalid;
        let account = self.store.account(user).await?.ok_or(gone)?;
        let owner = Owner {
            name: &account.name,
            email: &account.email,
            phone: &account.phone,
        };
        let mut hash = account.password;
        self.warn_if_unverifiable(user, &hash);
        let mut made = None;
        for _ in 0..VERIFICATIONS {
            let verified = self.passwords.verify(current, Some(&hash)).await;
            if !self.throttles.unless_not_made(&attempt, verified).await? {
                break;
            }
            self.throttles.forget(&attempt).await;
            let new = match &made {
                Some(made) => made,
                None => made.insert(
                    self.passwords
                        .hash(written, new, owner)
                        .await
                        .map_err(rejected)?,
                ),
            };
            match self
                .store
                .change_password(user, session, &hash, new, event)
                .await?
            {
                ChangeOutcome::Changed(ended) => {
                    tracing::info!(%session, %user, ended, "password changed, other sessions ended");
                    return Ok(ended);
                }
                ChangeOutcome::UserGone => return Err(gone.into()),
                ChangeOutcome::SessionGone => return Err(Refusal::SessionEnded.into()),
                ChangeOutcome::PasswordChanged(now) => hash = now,
            }
        }
        tracing::info!(%session, %user, "password not changed: the current one is wrong");
        Err(AuthError::CurrentPasswordWrong)
    }
}

fn rejected(error: PasswordError) -> AuthError {
    match error {
        PasswordError::Rejected(rule) => AuthError::NewPasswordRejected(rule),
        other => other.into(),
    }
}
