//! Refresh: carries out the decision with a compare-and-set.

use super::{
    AuditLog, AuthError, Decision, Ending, Endings, InForce, IssuedPair, Issuer, active_user,
    decide, slide,
};
use crate::{
    metrics::Metrics,
    model::{AuditEvent, AuditOutcome, Cause, Client, Lifetimes, Refusal, SessionRecord, User},
    store::{Refreshed, Store},
    tokens::{Claims, TokenKind, Tokens},
};
use contract::bearer::BearerToken;
use std::sync::Arc;

/// How many times a refresh reads the row, because its compare-and-set failed.
const ATTEMPTS: usize = 4;

/// A verified refresh token, and the client that presented it.
struct PresentedToken {
    claims: Claims,
    client: Client,
}

impl PresentedToken {
    fn event(&self, cause: Cause) -> AuditEvent {
        let Claims {
            user_id,
            session_id,
            ..
        } = self.claims;
        AuditEvent::refreshed(cause, user_id, session_id, &self.client)
    }
}

/// Whether the audit log already contains the event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// The event was written together with the change of the row.
    WithTheRow,
    /// No row was changed, so the event must still be written.
    NotYet,
}

/// Refreshes sessions.
#[derive(Clone, Debug)]
pub struct Refreshes {
    pub(crate) store: Store,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) issuer: Issuer,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) endings: Endings,
    pub(crate) audit_log: AuditLog,
    pub(crate) metrics: Metrics,
}

impl Refreshes {
    /// Begins the next generation of a session, or reissues the current pair.
    pub async fn refresh(
        &self,
        token: &BearerToken,
        client: Client,
    ) -> Result<IssuedPair, AuthError> {
        let answer = self.try_refresh(token, client).await;
        match &answer {
            Err(AuthError::Unavailable(_)) => self.metrics.refreshed(Cause::Unavailable),
            Err(AuthError::Internal(_)) => self.metrics.refreshed(Cause::Failed),
            // already counted with its cause
            Ok(_) | Err(_) => {}
        }
        answer
    }

    async fn try_refresh(
        &self,
        token: &BearerToken,
        client: Client,
    ) -> Result<IssuedPair, AuthError> {
        let claims = self.tokens.verify(TokenKind::Refresh, token).await;
        let claims = self.count_refused_token(claims)?;
        let presented = PresentedToken { claims, client };
        let mut lost = false;
        for _ in 0..ATTEMPTS {
            let mut record = self.load_for(&presented).await?;
            // before the session is looked at, because an expired token must not change anything
            self.count_refused_token(presented.claims.check_expiry(record.now))?;
            let user = self.active_user_or_refuse(&presented, &record).await?;
            let row = InForce {
                generation: record.session.generation,
                used_at: record.session.used_at,
            };
            let now = record.now;
            let decision = decide(
                row,
                presented.claims.generation,
                now,
                self.lifetimes.overlap,
            );
            let cause = decision.cause();
            let event = presented.event(cause);
            let end = slide(&record.session, now, self.lifetimes);
            let changed = match decision {
                Decision::Reissue(_) => {
                    self.conclude(&presented, cause, Noted::NotYet);
                    return self.issuer.issue(&record, user);
                }
                Decision::End(Ending::ReuseDetected) if lost => break,
                Decision::End(ending) => {
                    return Err(self.refuse(&presented, ending.refusal()).await);
                }
                Decision::FirstUse => self.store.use_first(&record.session, end, &event).await?,
                Decision::Rotate { used_at } => {
                    let read = &record.session;
                    self.store.rotate(read, used_at, end, &event).await?
                }
            };
            match changed {
                Some(refreshed) => {
                    apply(&mut record, refreshed);
                    self.conclude(&presented, cause, Noted::WithTheRow);
                    return self.issuer.issue(&record, user);
                }
                None => lost = true,
            }
        }
        self.conclude(&presented, Cause::Conflict, Noted::NotYet);
        Err(AuthError::RefreshConflict)
    }

    fn count_refused_token<T>(&self, checked: Result<T, Refusal>) -> Result<T, Refusal> {
        checked.inspect_err(|refusal| self.metrics.refreshed(refusal.cause()))
    }

    async fn load_for(&self, presented: &PresentedToken) -> Result<SessionRecord, AuthError> {
        let claims = &presented.claims;
        let record = self.store.load_one(claims.session_id).await?;
        let record = record.filter(|record| record.session.user_id == claims.user_id);
        record.ok_or_else(|| {
            self.conclude(presented, Cause::SessionNotFound, Noted::NotYet);
            Refusal::SessionNotFound.into()
        })
    }

    async fn active_user_or_refuse(
        &self,
        presented: &PresentedToken,
        record: &SessionRecord,
    ) -> Result<User, AuthError> {
        match active_user(record) {
            Ok(user) => Ok(user.clone()),
            Err(refusal) => Err(self.refuse(presented, refusal).await),
        }
    }

    /// Refuses the refresh, and ends the session if the refusal is a reason for it. The refresh is
    /// refused even if the session has been ended meanwhile.
    async fn refuse(&self, presented: &PresentedToken, refusal: Refusal) -> AuthError {
        let cause = refusal.cause();
        let mut noted = Noted::NotYet;
        if let Some(reason) = refusal.end_reason() {
            let event = presented.event(cause);
            let id = presented.claims.session_id;
            match self.endings.end(id, reason, &event).await {
                Ok(true) => noted = Noted::WithTheRow,
                Ok(false) => {}
                Err(error) => return error,
            }
        }
        self.conclude(presented, cause, noted);
        refusal.into()
    }

    /// Logs and counts each refresh with a verified token, once, when its cause is known. The cause
    /// distinguishes theft from clients that lost an answer.
    fn conclude(&self, presented: &PresentedToken, cause: Cause, noted: Noted) {
        let Claims {
            session_id,
            generation,
            ..
        } = &presented.claims;
        let presented_generation = generation.0;
        let event = presented.event(cause);
        self.metrics.refreshed(cause);
        let cause = cause.as_str();
        match event.outcome {
            AuditOutcome::Done => {
                tracing::info!(session = %session_id, presented_generation, cause, "session refreshed");
            }
            AuditOutcome::Refused => {
                tracing::info!(session = %session_id, presented_generation, cause, "refresh refused");
            }
        }
        if noted == Noted::NotYet {
            self.audit_log.note(event);
        }
    }
}

fn apply(record: &mut SessionRecord, refreshed: Refreshed) {
    let session = &mut record.session;
    session.generation = refreshed.generation;
    session.rotated_at = refreshed.rotated_at;
    session.used_at = refreshed.used_at;
    session.expires_at = refreshed.expires_at;
}
