//! The audit log: who did what, to whom, with which session, from where, with which outcome, and
//! why. The texts are those of `ticketing_audit_events`.

use super::{Cause, Client, texts::texts};
use contract::{
    ids::{SessionId, UserId},
    page_tokens::Position,
    time::Timestamp,
};
use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
};

texts! {
    /// What was done or attempted: the RPC or the command.
    AuditEventType {
        /// A registration.
        Register = "register",
        /// A log-in.
        CreateSession = "create_session",
        /// A refresh.
        RefreshSession = "refresh_session",
        /// A log-out.
        RevokeSession = "revoke_session",
        /// A user ended one of their own sessions by its id.
        RevokeOwnSession = "revoke_own_session",
        /// A user ended all of their own sessions, or all but one.
        RevokeAllSessions = "revoke_all_sessions",
        /// A change of password.
        ChangePassword = "change_password",
        /// Staff ended sessions of users.
        RevokeUserSessions = "revoke_user_sessions",
        /// A validation that ended the session.
        ValidateSession = "validate_session",
        /// An operator ended all sessions of all users.
        EndAllSessions = "end_all_sessions",
    }
}

texts! {
    /// Whether an action was done or refused.
    AuditOutcome {
        /// The action was done.
        Done = "done",
        /// The action was refused.
        Refused = "refused",
    }
}

/// An event to be written. It contains no secrets. In particular it does not contain the e-mail of
/// a log-in, because a user may have typed a password there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// What was done or attempted.
    pub event_type: AuditEventType,
    /// Whether it was done or refused.
    pub outcome: AuditOutcome,
    /// The cause of the outcome.
    pub cause: Option<Cause>,
    /// The user who did it, if that was proven.
    pub actor: Option<UserId>,
    /// The user whose account or sessions it was about.
    pub subject: Option<UserId>,
    /// The session; if many ended, the one that the call was made with.
    pub session: Option<SessionId>,
    /// The client of the call.
    pub client: Client,
    /// The reason that staff entered, at most 200 characters.
    pub reason: Option<String>,
    /// For all users' sessions: those that began before this time ended.
    pub created_before: Option<Timestamp>,
    /// How many active sessions of this service ended.
    pub ended_count: Option<u32>,
}

impl AuditEvent {
    /// An action that was done.
    #[must_use]
    pub fn done(event_type: AuditEventType, client: &Client) -> Self {
        Self {
            event_type,
            outcome: AuditOutcome::Done,
            cause: None,
            actor: None,
            subject: None,
            session: None,
            client: client.clone(),
            reason: None,
            created_before: None,
            ended_count: None,
        }
    }

    /// An action that was refused.
    #[must_use]
    pub fn refused(event_type: AuditEventType, cause: Cause, client: &Client) -> Self {
        Self::done(event_type, client).refused_for(cause)
    }

    /// The same event, refused.
    #[must_use]
    pub fn refused_for(self, cause: Cause) -> Self {
        Self {
            outcome: AuditOutcome::Refused,
            cause: Some(cause),
            ..self
        }
    }

    /// The outcome of a refresh whose token was verified.
    #[must_use]
    pub fn refreshed(cause: Cause, user: UserId, session: SessionId, client: &Client) -> Self {
        Self {
            outcome: cause.of_refresh().unwrap_or(AuditOutcome::Refused),
            cause: Some(cause),
            ..Self::done(AuditEventType::RefreshSession, client)
        }
        .by(user)
        .of(session)
    }

    /// Sets the user as actor and subject.
    #[must_use]
    pub fn by(self, user: UserId) -> Self {
        Self {
            actor: Some(user),
            subject: Some(user),
            ..self
        }
    }

    /// Sets the session.
    #[must_use]
    pub fn of(self, session: SessionId) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }

    /// Sets how many sessions ended.
    #[must_use]
    pub fn ending(self, ended_count: u32) -> Self {
        Self {
            ended_count: Some(ended_count),
            ..self
        }
    }
}

/// An event that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its position in the log.
    pub position: AuditPosition,
    /// What was done or attempted; `None` if this build does not know it.
    pub event_type: Option<AuditEventType>,
    /// Whether it was done or refused; `None` if this build does not know it.
    pub outcome: Option<AuditOutcome>,
    /// The cause. It is `None` if the event has no cause, or has one that this build does not know.
    pub cause: Option<Cause>,
    /// The user who did it.
    pub actor: Option<UserId>,
    /// The user whose account or sessions it was about.
    pub subject: Option<UserId>,
    /// The session's id.
    pub session: Option<String>,
    /// The client of the call.
    pub client: Client,
    /// The reason that staff entered.
    pub reason: Option<String>,
    /// For all users' sessions: those that began before this time ended.
    pub created_before: Option<Timestamp>,
    /// How many sessions ended.
    pub ended_count: Option<i32>,
}

/// The position of an event in the log, newest first. The id is that of its row.
pub type AuditPosition = Position<Timestamp, i64>;

/// A filter of events. An event must match all fields, and one of the values of each field. An
/// empty field matches every event. Filters that match the same events are equal, however they were
/// written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The subject is one of these users.
    pub subjects: BTreeSet<UserId>,
    /// The actor is one of these users.
    pub actors: BTreeSet<UserId>,
    /// The session is one of these.
    pub sessions: BTreeSet<SessionId>,
    /// The type is one of these.
    pub event_types: BTreeSet<AuditEventType>,
    /// The cause is one of these.
    pub causes: BTreeSet<Cause>,
    /// The outcome is this.
    pub outcome: Option<AuditOutcome>,
    /// The earliest time.
    pub start: Option<Timestamp>,
    /// The latest time.
    pub end: Option<Timestamp>,
}

/// Page tokens contain this hash. A field that is added goes below the tuple, with its name, and
/// only if it is set.
impl Hash for AuditFilter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            subjects,
            actors,
            sessions,
            event_types,
            causes,
            outcome,
            start,
            end,
        } = self;
        (
            subjects,
            actors,
            sessions,
            event_types,
            causes,
            outcome,
            start,
            end,
        )
            .hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stored_text_is_read_again() {
        for value in AuditEventType::ALL {
            assert_eq!(AuditEventType::parse_stored(value.stored()), Some(*value));
        }
        for value in Cause::ALL {
            assert_eq!(Cause::parse_stored(value.stored()), Some(*value));
        }
        for value in AuditOutcome::ALL {
            assert_eq!(AuditOutcome::parse_stored(value.stored()), Some(*value));
        }
        assert_eq!(Cause::parse_stored("of a newer build"), None);
    }
}
