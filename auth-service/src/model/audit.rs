//! What the audit log holds: who did what, to whom, by which session, from where,
//! how it ended and why. The texts are those of `ticketing_audit_events`.

use super::{Cause, Client, texts::texts};
use contract::{
    ids::{SessionId, UserId},
    page_tokens::Position,
    time::Timestamp,
};
use std::collections::BTreeSet;

texts! {
    /// What was done, or asked for: the RPC or the command.
    AuditEventType {
        /// A registration.
        Register = "register",
        /// A log-in.
        CreateSession = "create_session",
        /// A refresh.
        RefreshSession = "refresh_session",
        /// A log-out.
        RevokeSession = "revoke_session",
        /// The end of one's own session by its id.
        RevokeOwnSession = "revoke_own_session",
        /// The end of all of one's own sessions, or all but one.
        RevokeAllSessions = "revoke_all_sessions",
        /// A change of password.
        ChangePassword = "change_password",
        /// The end of others' sessions, by staff.
        RevokeUserSessions = "revoke_user_sessions",
        /// A validation that ended the session.
        ValidateSession = "validate_session",
        /// The end of all sessions there are, by an operator.
        EndAllSessions = "end_all_sessions",
    }
}

texts! {
    /// How it ended.
    AuditOutcome {
        /// As the caller wanted.
        Done = "done",
        /// Refused.
        Refused = "refused",
    }
}

/// An event about to be written. None of its fields holds a secret: an e-mail that
/// was typed at a log-in may be a password, so it has no place here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// What was done, or asked for.
    pub event_type: AuditEventType,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why it ended so.
    pub cause: Option<Cause>,
    /// Who did it, where that was proven.
    pub actor: Option<UserId>,
    /// Whose account or sessions it was about.
    pub subject: Option<UserId>,
    /// The session; of many that ended, the one that the call came by.
    pub session: Option<SessionId>,
    /// Where the call came from.
    pub client: Client,
    /// Staff's words, in at most 200 characters.
    pub reason: Option<String>,
    /// Of all users' sessions, those that began before this ended.
    pub created_before: Option<Timestamp>,
    /// How many sessions of ours, live until then, ended.
    pub ended_count: Option<u32>,
}

impl AuditEvent {
    /// What was done as the caller wanted.
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

    /// What was refused.
    #[must_use]
    pub fn refused(event_type: AuditEventType, cause: Cause, client: &Client) -> Self {
        Self::done(event_type, client).refused_for(cause)
    }

    /// The same, refused.
    #[must_use]
    pub fn refused_for(self, cause: Cause) -> Self {
        Self {
            outcome: AuditOutcome::Refused,
            cause: Some(cause),
            ..self
        }
    }

    /// What became of a refresh, by the holder of a token whose signature holds.
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

    /// The user did it, on its own behalf.
    #[must_use]
    pub fn by(self, user: UserId) -> Self {
        Self {
            actor: Some(user),
            subject: Some(user),
            ..self
        }
    }

    /// It was about this session, or came by it.
    #[must_use]
    pub fn of(self, session: SessionId) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }

    /// So many sessions ended.
    #[must_use]
    pub fn ending(self, ended_count: u32) -> Self {
        Self {
            ended_count: Some(ended_count),
            ..self
        }
    }
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Where it stands in the log.
    pub position: AuditPosition,
    /// What was done, or asked for; `None`: this build does not know it.
    pub event_type: Option<AuditEventType>,
    /// How it ended; `None`: this build does not know it.
    pub outcome: Option<AuditOutcome>,
    /// Why; `None`: there is none, or this build does not know it.
    pub cause: Option<Cause>,
    /// Who did it.
    pub actor: Option<UserId>,
    /// Whose account or sessions it was about.
    pub subject: Option<UserId>,
    /// The session's id.
    pub session: Option<String>,
    /// Where the call came from.
    pub client: Client,
    /// Staff's words.
    pub reason: Option<String>,
    /// Of all users' sessions, those that began before this ended.
    pub created_before: Option<Timestamp>,
    /// How many sessions ended.
    pub ended_count: Option<i32>,
}

/// An event's place in the log, newest first; its id is that of its row.
pub type AuditPosition = Position<Timestamp, i64>;

/// Which events are meant. Fields mean AND, the values of one mean OR; an empty one
/// asks for nothing. Filters that mean the same events are equal, in whatever words
/// they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuditFilter {
    /// About any of these users.
    pub subjects: BTreeSet<UserId>,
    /// By any of these users.
    pub actors: BTreeSet<UserId>,
    /// Of any of these sessions.
    pub sessions: BTreeSet<SessionId>,
    /// Any of these types.
    pub event_types: BTreeSet<AuditEventType>,
    /// Any of these causes.
    pub causes: BTreeSet<Cause>,
    /// This outcome.
    pub outcome: Option<AuditOutcome>,
    /// Not before this.
    pub start: Option<Timestamp>,
    /// Not after this.
    pub end: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
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
