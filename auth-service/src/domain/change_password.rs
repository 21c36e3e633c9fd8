//! Changes of a password, by a user who knows the current one.

use super::{
    AuditLog, AuthError, Endings, RefusedSessions, StoredHashes, Throttles, throttle::Attempt,
    walk::PAGE,
};
use crate::{
    model::{AuditEvent, AuditEventType, Caller, Cause, EndReason, Password, Refusal},
    passwords::{Owner, PasswordError},
    store::{BATCH, ChangeOutcome, Store},
};
use contract::{deadline::Deadline, ids::UserId};

/// How many times a password is verified again because it changed during the call.
const VERIFICATIONS: usize = 2;

/// Changes passwords.
#[derive(Clone, Debug)]
pub struct PasswordChanges {
    pub(crate) store: Store,
    pub(crate) hashes: StoredHashes,
    pub(crate) throttles: Throttles,
    pub(crate) endings: Endings,
    pub(crate) refused: RefusedSessions,
    pub(crate) audit_log: AuditLog,
}

impl PasswordChanges {
    /// Changes the caller's password. From then on, all other sessions of the user are refused.
    /// Returns how many were active. If time runs out before the rows of the old application are
    /// ended, the password does not change.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &Password,
        new: &Password,
        deadline: Deadline,
        in_time: impl Fn() -> bool,
    ) -> Result<u32, AuthError> {
        let event = AuditEvent::done(AuditEventType::ChangePassword, &caller.client)
            .by(caller.user)
            .of(caller.session);
        let changed = self
            .change_and_note(caller, current, new, &event, deadline, in_time)
            .await;
        let cause = match &changed {
            Err(AuthError::CurrentPasswordWrong) => Cause::PasswordWrong,
            Err(AuthError::Refused(refusal)) => refusal.cause(),
            Err(AuthError::TooManyAttempts(_)) => Cause::Throttled,
            // the event is written with the change; or the call failed or was invalid
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
        deadline: Deadline,
        in_time: impl Fn() -> bool,
    ) -> Result<u32, AuthError> {
        let attempt = self.throttles.change_password(caller.user, deadline);
        let mut attempt = attempt.await?;
        let changed = self
            .try_to_change(caller, [current, new], event, &mut attempt, in_time)
            .await;
        self.throttles.settle(attempt, &changed).await;
        changed
    }

    async fn try_to_change(
        &self,
        caller: &Caller,
        [current, new]: [&Password; 2],
        event: &AuditEvent,
        attempt: &mut Attempt,
        in_time: impl Fn() -> bool,
    ) -> Result<u32, AuthError> {
        let Caller { user, session, .. } = *caller;
        let written = self.hashes.algorithm().await?;
        let gone = Refusal::UserInvalid;
        let account = self.store.account(user).await?.ok_or(gone)?;
        let owner = Owner {
            name: &account.name,
            email: &account.email,
            phone: &account.phone,
        };
        let mut hash = account.password;
        self.hashes.warn_if_unverifiable(user, &hash);
        let mut made = None;
        for _ in 0..VERIFICATIONS {
            let verified = attempt.verify(self.hashes.passwords(), current, Some(&hash));
            if !verified.await? {
                break;
            }
            let new = match &made {
                Some(made) => made,
                None => made.insert(
                    self.hashes
                        .passwords()
                        .hash(written, new, owner, || ())
                        .await
                        .map_err(rejected)?,
                ),
            };
            self.end_old_rows(user, &in_time).await?;
            let change = self.refused.begin_change(user);
            match self
                .store
                .change_password(user, session, &hash, new, event)
                .await?
            {
                ChangeOutcome::Changed(ended) => {
                    tracing::info!(%session, %user, ended, "password changed, other sessions refused");
                    change.made().await;
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

    /// Ends the rows of the old application in batches, until the rest is few enough for the change
    /// itself to end.
    async fn end_old_rows(
        &self,
        user: UserId,
        in_time: &impl Fn() -> bool,
    ) -> Result<(), AuthError> {
        let reason = EndReason::PasswordChanged;
        loop {
            let rows = self.store.other_rows_to_end(user, None, PAGE).await?;
            if rows.len() <= BATCH {
                return Ok(());
            }
            for batch in rows.chunks(BATCH) {
                let ended = self.store.end_rows(batch, reason, None).await?;
                self.endings.count(reason, ended);
                if !in_time() {
                    return Err(AuthError::SessionsLeft);
                }
            }
        }
    }
}

fn rejected(error: PasswordError) -> AuthError {
    match error {
        PasswordError::Rejected(rule) => AuthError::NewPasswordRejected(rule),
        other => other.into(),
    }
}
