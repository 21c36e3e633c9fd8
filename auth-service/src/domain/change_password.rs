//! A new password, by whoever knows the one in force.

use super::{AuthError, Sessions};
use crate::{
    model::{Password, Refusal},
    passwords::PasswordError,
    store::ChangeOutcome,
};
use shared::ids::{SessionId, UserId};

/// How often a password that changes under the call is verified anew.
const VERIFICATIONS: usize = 2;

impl Sessions {
    /// Changes a user's password, and ends all of its sessions but this one. How
    /// many were live until then.
    pub async fn change_password(
        &self,
        user: UserId,
        session: SessionId,
        current: &Password,
        new: &Password,
    ) -> Result<u32, AuthError> {
        let attempt = self.throttles.change_password(user).await?;
        let written = self.algorithm().await?;
        let gone = Refusal::SessionUserInvalid;
        let mut hash = self.store.password_of(user).await?.ok_or(gone)?;
        let mut made = None;
        for _ in 0..VERIFICATIONS {
            let verified = self.passwords.verify(current, Some(&hash)).await;
            if !self.throttles.unless_not_made(&attempt, verified).await? {
                break;
            }
            self.throttles.forget(&attempt).await;
            let new = match &made {
                Some(made) => made,
                None => made.insert(self.passwords.hash(written, new).await.map_err(rejected)?),
            };
            match self
                .store
                .change_password(user, session, &hash, new)
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
