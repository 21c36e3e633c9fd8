//! Refresh: the decision, and the compare-and-set that carries it out.

use super::{
    Again, AuthError, Decision, Ending, Grant, InForce, Sessions, decide, slide, standing,
};
use crate::{
    metrics::RefreshOutcome,
    model::{EndReason, Refusal, SessionRecord, User},
    store::Turned,
    tokens::{Claims, TokenKind},
};
use shared::session_layer::BearerToken;

/// A refresh that loses its compare-and-set reads the row again, so often.
const ATTEMPTS: usize = 4;

impl Sessions {
    /// Turns a session, or gives the pair in force again.
    pub async fn refresh(&self, token: &BearerToken) -> Result<Grant, AuthError> {
        let answer = self.try_refresh(token).await;
        self.metrics.refreshed(match &answer {
            Ok((outcome, _)) => *outcome,
            Err(error) => outcome_of(error),
        });
        answer.map(|(_, grant)| grant)
    }

    async fn try_refresh(&self, token: &BearerToken) -> Result<(RefreshOutcome, Grant), AuthError> {
        let claims = self.tokens.verify(TokenKind::Refresh, token)?;
        let mut lost = false;
        for _ in 0..ATTEMPTS {
            let mut record = self.load_for(&claims).await?;
            let user = self.standing_or_end(&record).await?;
            let row = InForce {
                generation: record.session.generation,
                used_at: record.session.used_at,
            };
            let decision = decide(row, claims.generation, record.now, self.lives.overlap);
            let end = slide(&record.session, record.now, self.lives);
            let (outcome, changed) = match decision {
                Decision::Again(again) => {
                    log(&record, decision);
                    let outcome = match again {
                        Again::Young => RefreshOutcome::AgainYoung,
                        Again::OneBehind => RefreshOutcome::AgainOneBehind,
                    };
                    return Ok((outcome, self.grant(&record, user)?));
                }
                Decision::End(Ending::ReuseDetected) if lost => break,
                Decision::End(ending) => return Err(self.end_at_refresh(&record, ending).await?),
                Decision::UseFirst => (
                    RefreshOutcome::FirstUse,
                    self.store.use_first(&record.session, end).await?,
                ),
                Decision::Turn { used_at } => (
                    RefreshOutcome::Turned,
                    self.store.turn(&record.session, used_at, end).await?,
                ),
            };
            match changed {
                Some(turned) => {
                    apply(&mut record, turned);
                    log(&record, decision);
                    return Ok((outcome, self.grant(&record, user)?));
                }
                None => lost = true,
            }
        }
        Err(AuthError::RefreshConflict)
    }

    async fn load_for(&self, claims: &Claims) -> Result<SessionRecord, AuthError> {
        let record = self.store.load_one(claims.session_id).await?;
        let record = record.filter(|record| record.session.user_id == claims.user_id);
        Ok(record.ok_or(Refusal::SessionNotFound)?)
    }

    async fn standing_or_end(&self, record: &SessionRecord) -> Result<User, AuthError> {
        match standing(record) {
            Ok(user) => Ok(user.clone()),
            Err(dead) => {
                if let Some(reason) = dead.end {
                    self.end(record.session.id, reason).await?;
                }
                Err(dead.refusal.into())
            }
        }
    }

    async fn end_at_refresh(
        &self,
        record: &SessionRecord,
        ending: Ending,
    ) -> Result<AuthError, AuthError> {
        let (reason, refusal) = match ending {
            Ending::ReuseDetected => (EndReason::ReuseDetected, Refusal::ReuseDetected),
            Ending::RowBehind => (EndReason::RowBehind, Refusal::SessionRowBehind),
        };
        self.end(record.session.id, reason).await?;
        Ok(refusal.into())
    }
}

fn outcome_of(error: &AuthError) -> RefreshOutcome {
    match error {
        AuthError::Refused(refusal) => RefreshOutcome::Refused(*refusal),
        AuthError::RefreshConflict => RefreshOutcome::Conflict,
        AuthError::Unavailable(_) => RefreshOutcome::Unavailable,
        // no refresh ends with the others
        AuthError::Internal(_)
        | AuthError::PasswordRejected(_)
        | AuthError::NewPasswordRejected(_)
        | AuthError::CurrentPasswordWrong
        | AuthError::EmailTaken
        | AuthError::OwnSessionNotFound
        | AuthError::Overloaded
        | AuthError::TooManyAttempts(_) => RefreshOutcome::Failed,
    }
}

fn apply(record: &mut SessionRecord, turned: Turned) {
    let session = &mut record.session;
    session.generation = turned.generation;
    session.rotated_at = turned.rotated_at;
    session.used_at = turned.used_at;
    session.expires_at = turned.expires_at;
}

/// By cause, since only that tells theft from sleepy laptops.
fn log(record: &SessionRecord, decision: Decision) {
    let session = &record.session;
    tracing::info!(session = %session.id, generation = session.generation.0, ?decision, "refreshed");
}
