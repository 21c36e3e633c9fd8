//! Refresh: the decision, and the compare-and-set that carries it out.

use super::{AuthError, Decision, Ending, Grant, InForce, Sessions, decide, slide, standing};
use crate::{
    metrics::CountedRefresh,
    model::{
        AuditEvent, AuditOutcome, Client, EndReason, RefreshOutcome, Refusal, SessionRecord, User,
    },
    store::Turned,
    tokens::{Claims, TokenKind},
};
use contract::bearer::BearerToken;

/// A refresh that loses its compare-and-set reads the row again, so often.
const ATTEMPTS: usize = 4;

/// A token that holds, and where it comes from.
struct Presented {
    claims: Claims,
    client: Client,
}

impl Presented {
    fn event(&self, outcome: RefreshOutcome) -> AuditEvent {
        let Claims {
            user_id,
            session_id,
            ..
        } = self.claims;
        AuditEvent::refreshed(outcome, user_id, session_id, &self.client)
    }
}

/// Whether the outcome stands in the audit log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// It was written with the row's change.
    WithTheRow,
    /// It changed no row.
    NotYet,
}

impl Sessions {
    /// Turns a session, or gives the pair in force again.
    pub async fn refresh(&self, token: &BearerToken, client: Client) -> Result<Grant, AuthError> {
        let answer = self.try_refresh(token, client).await;
        match &answer {
            Err(AuthError::Unavailable(_)) => self.metrics.refreshed(CountedRefresh::Unavailable),
            Err(AuthError::Internal(_)) => self.metrics.refreshed(CountedRefresh::Failed),
            // counted where its outcome stands
            Ok(_) | Err(_) => {}
        }
        answer
    }

    async fn try_refresh(&self, token: &BearerToken, client: Client) -> Result<Grant, AuthError> {
        let claims = self.tokens.verify(TokenKind::Refresh, token);
        let claims = self.count_refused_token(claims)?;
        let presented = Presented { claims, client };
        let mut lost = false;
        for _ in 0..ATTEMPTS {
            let mut record = self.load_for(&presented).await?;
            // before the session is looked at: an expired token ends and changes nothing
            self.count_refused_token(presented.claims.check_expiry(record.now))?;
            let user = self.standing_or_end(&presented, &record).await?;
            let row = InForce {
                generation: record.session.generation,
                used_at: record.session.used_at,
            };
            let now = record.now;
            let decision = decide(row, presented.claims.generation, now, self.lives.overlap);
            let outcome = decision.outcome();
            let event = presented.event(outcome);
            let end = slide(&record.session, now, self.lives);
            let changed = match decision {
                Decision::Again(_) => {
                    self.conclude(&presented, outcome, Noted::NotYet);
                    return self.grant(&record, user);
                }
                Decision::End(Ending::ReuseDetected) if lost => break,
                Decision::End(ending) => {
                    let (reason, refusal) = match ending {
                        Ending::ReuseDetected => (EndReason::ReuseDetected, Refusal::ReuseDetected),
                        Ending::RowBehind => (EndReason::RowBehind, Refusal::SessionRowBehind),
                    };
                    self.end_at_refresh(&presented, outcome, reason).await?;
                    return Err(refusal.into());
                }
                Decision::UseFirst => self.store.use_first(&record.session, end, &event).await?,
                Decision::Turn { used_at } => {
                    let read = &record.session;
                    self.store.turn(read, used_at, end, &event).await?
                }
            };
            match changed {
                Some(turned) => {
                    apply(&mut record, turned);
                    self.conclude(&presented, outcome, Noted::WithTheRow);
                    return self.grant(&record, user);
                }
                None => lost = true,
            }
        }
        self.conclude(&presented, RefreshOutcome::Conflict, Noted::NotYet);
        Err(AuthError::RefreshConflict)
    }

    fn count_refused_token<T>(&self, checked: Result<T, Refusal>) -> Result<T, Refusal> {
        checked.inspect_err(|refusal| self.metrics.refreshed(CountedRefresh::Token(*refusal)))
    }

    async fn load_for(&self, presented: &Presented) -> Result<SessionRecord, AuthError> {
        let claims = &presented.claims;
        let record = self.store.load_one(claims.session_id).await?;
        let record = record.filter(|record| record.session.user_id == claims.user_id);
        record.ok_or_else(|| {
            self.conclude(presented, RefreshOutcome::SessionNotFound, Noted::NotYet);
            Refusal::SessionNotFound.into()
        })
    }

    async fn standing_or_end(
        &self,
        presented: &Presented,
        record: &SessionRecord,
    ) -> Result<User, AuthError> {
        let dead = match standing(record) {
            Ok(user) => return Ok(user.clone()),
            Err(dead) => dead,
        };
        let outcome = dead.refresh_outcome();
        match dead.end() {
            Some(reason) => self.end_at_refresh(presented, outcome, reason).await?,
            None => self.conclude(presented, outcome, Noted::NotYet),
        }
        Err(dead.refusal().into())
    }

    /// Ends the session. One that somebody else has ended meanwhile is refused all
    /// the same.
    async fn end_at_refresh(
        &self,
        presented: &Presented,
        outcome: RefreshOutcome,
        reason: EndReason,
    ) -> Result<(), AuthError> {
        let event = presented.event(outcome);
        let ended = self
            .end(presented.claims.session_id, reason, &event)
            .await?;
        let noted = if ended {
            Noted::WithTheRow
        } else {
            Noted::NotYet
        };
        self.conclude(presented, outcome, noted);
        Ok(())
    }

    /// Each refresh whose token holds comes by here once, when its outcome stands:
    /// by cause, since only that tells theft from sleepy laptops.
    fn conclude(&self, presented: &Presented, outcome: RefreshOutcome, noted: Noted) {
        let Claims {
            session_id,
            generation,
            ..
        } = &presented.claims;
        let (presented_generation, cause) = (generation.0, outcome.as_str());
        self.metrics.refreshed(CountedRefresh::Outcome(outcome));
        match outcome.audited() {
            AuditOutcome::Done => {
                tracing::info!(session = %session_id, presented_generation, cause, "session refreshed");
            }
            AuditOutcome::Refused => {
                tracing::info!(session = %session_id, presented_generation, cause, "refresh refused");
            }
        }
        if noted == Noted::NotYet {
            self.audit_log.note(presented.event(outcome));
        }
    }
}

fn apply(record: &mut SessionRecord, turned: Turned) {
    let session = &mut record.session;
    session.generation = turned.generation;
    session.rotated_at = turned.rotated_at;
    session.used_at = turned.used_at;
    session.expires_at = turned.expires_at;
}
