//! Log-in and registration.

use super::{
    AuditLog, AuthError, IssuedPair, Issuer, StoredHashes, Throttles, active_user,
    throttle::Attempt,
};
use crate::{
    metrics::{CreatedBy, Metrics},
    model::{AuditEvent, AuditEventType, Cause, Client, Lifetimes, NewCustomer, Password, Refusal},
    passwords::Owner,
    store::{CreateOutcome, NewSession, Store, StoreError},
};
use contract::{deadline::Deadline, ids::SessionId, text::without_unseen};
use std::borrow::Cow;

/// How many times a password is verified again because it changed during the log-in.
const VERIFICATIONS: usize = 2;

/// Begins sessions.
#[derive(Clone, Debug)]
pub struct LogIns {
    pub(crate) store: Store,
    pub(crate) hashes: StoredHashes,
    pub(crate) throttles: Throttles,
    pub(crate) issuer: Issuer,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) audit_log: AuditLog,
    pub(crate) metrics: Metrics,
}

impl LogIns {
    /// Logs in. An unknown e-mail, a wrong password and a disabled user get the same answer after
    /// the same work.
    pub async fn log_in(
        &self,
        email: &str,
        password: &Password,
        client: Client,
        deadline: Deadline,
    ) -> Result<IssuedPair, AuthError> {
        let what = AuditEventType::CreateSession;
        let email = self.address(email).await?;
        let attempt = self.throttles.log_in(&email, &client, deadline).await;
        let mut attempt = self.audit_log.throttled(what, &client, attempt)?;
        let issued = self
            .try_log_in(&email, password, client, &mut attempt)
            .await;
        self.throttles.settle(attempt, &issued).await;
        issued
    }

    async fn try_log_in(
        &self,
        email: &str,
        password: &Password,
        client: Client,
        attempt: &mut Attempt,
    ) -> Result<IssuedPair, AuthError> {
        let found = self.store.find_log_in(email).await?;
        // the log contains the user if it is known, but never the text that was typed, because it
        // may be a password
        let subject = found.as_ref().map(|found| found.user_id);
        let mut cause = match &found {
            Some(found) if found.is_live => Cause::PasswordWrong,
            Some(_) => Cause::UserInvalid,
            None => Cause::EmailUnknown,
        };
        // a user who may not log in is treated like one that does not exist
        let found = found.filter(|found| found.is_live);
        let mut hash = found.as_ref().map(|found| found.password.clone());
        if let Some(found) = &found {
            self.hashes
                .warn_if_unverifiable(found.user_id, &found.password);
        }
        let session = self.new_session(client);
        for _ in 0..VERIFICATIONS {
            let matches = attempt
                .verify(self.hashes.passwords(), password, hash.as_ref())
                .await?;
            let (Some(found), Some(verified), true) = (&found, &hash, matches) else {
                break;
            };
            let stronger = self.hashes.stronger(password, verified).await?;
            match self
                .store
                .create_session(found.user_id, verified, stronger.as_ref(), &session)
                .await?
            {
                CreateOutcome::Created => {
                    tracing::info!(session = %session.id, user = %found.user_id, "session created");
                    self.metrics.session_created(CreatedBy::LogIn);
                    return self.issue_new(session.id).await;
                }
                CreateOutcome::UserGone => {
                    cause = Cause::UserInvalid;
                    break;
                }
                CreateOutcome::PasswordChanged(now) => hash = Some(now),
            }
        }
        tracing::info!(cause = cause.as_str(), "log-in refused");
        self.audit_log.note(AuditEvent {
            subject,
            ..AuditEvent::refused(AuditEventType::CreateSession, cause, &session.client)
        });
        self.metrics.log_in_refused();
        Err(AuthError::CredentialsInvalid)
    }

    /// The e-mail to look up. A pasted text may contain invisible characters. They are removed,
    /// unless an account was registered with exactly these; so each account is throttled under one
    /// address.
    async fn address<'a>(&self, typed: &'a str) -> Result<Cow<'a, str>, AuthError> {
        let seen = without_unseen(typed);
        if seen == typed || self.store.find_log_in(typed).await?.is_some() {
            return Ok(typed.into());
        }
        Ok(seen.into())
    }

    /// Registers a customer and logs in.
    pub async fn register(
        &self,
        new: &NewCustomer,
        password: &Password,
        client: Client,
        deadline: Deadline,
    ) -> Result<IssuedPair, AuthError> {
        let what = AuditEventType::Register;
        let attempt = self.throttles.register(&client, deadline).await;
        let mut attempt = self.audit_log.throttled(what, &client, attempt)?;
        let session = self.new_session(client);
        let registered = self
            .try_register(new, password, &session, &mut attempt)
            .await;
        self.throttles.settle(attempt, &registered).await;
        registered?;
        self.issue_new(session.id).await
    }

    async fn try_register(
        &self,
        new: &NewCustomer,
        password: &Password,
        session: &NewSession,
        attempt: &mut Attempt,
    ) -> Result<(), AuthError> {
        let owner = Owner {
            name: &new.name,
            email: &new.email,
            phone: &new.phone,
        };
        let written = self.hashes.algorithm().await?;
        let hash = attempt
            .hash(self.hashes.passwords(), written, password, owner)
            .await?;
        let user = match self.store.register(new, &hash, session).await {
            Err(StoreError::Exists(_)) => {
                let (what, cause) = (AuditEventType::Register, Cause::EmailTaken);
                self.audit_log
                    .note(AuditEvent::refused(what, cause, &session.client));
                return Err(AuthError::EmailTaken);
            }
            outcome => outcome?,
        };
        tracing::info!(session = %session.id, %user, "customer registered");
        self.metrics.session_created(CreatedBy::Registration);
        Ok(())
    }

    fn new_session(&self, client: Client) -> NewSession {
        NewSession {
            id: SessionId::random(),
            client,
            lifetimes: self.lifetimes,
        }
    }

    async fn issue_new(&self, id: SessionId) -> Result<IssuedPair, AuthError> {
        let record = self
            .store
            .load_one(id)
            .await?
            .ok_or(Refusal::SessionNotFound)?;
        let user = active_user(&record)?.clone();
        self.issuer.issue(&record, user)
    }
}
