//! What is counted of sessions. Labels are enums, so that nobody from outside makes
//! a series; each series is there from the start, since the first increase of one
//! that was not is seen by no alert.

mod work;

pub use work::{HashingMetrics, LookupMetrics, SignatureMetrics};

use crate::model::{EndReason, RefreshOutcome, Refusal};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
};
use server::serve::MetricsRegistry;
use std::fmt::{self, Write as _};

/// The counters of one service.
#[derive(Clone, Debug)]
pub struct Metrics {
    refreshes: Family<RefreshLabels, Counter>,
    sessions_created: Family<CreatedLabels, Counter>,
    sessions_ended: Family<EndedLabels, Counter>,
    log_ins_refused: Counter,
}

/// What is counted of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CountedRefresh {
    /// The token holds, and this became of it.
    Outcome(RefreshOutcome),
    /// The token does not hold.
    Token(Refusal),
    /// The database did not answer.
    Unavailable,
    /// A fault of ours.
    Failed,
}

/// What a session began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CreatedBy {
    /// E-mail and password.
    LogIn,
    /// A new account.
    Registration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefreshLabels {
    outcome: CountedRefresh,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CreatedLabels {
    by: CreatedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndedLabels {
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Reason(EndReason);

impl Metrics {
    /// Registers all of them, at zero.
    #[must_use]
    pub fn register(registry: &mut MetricsRegistry) -> Self {
        let metrics = Self {
            refreshes: Family::default(),
            sessions_created: Family::default(),
            sessions_ended: Family::default(),
            log_ins_refused: Counter::default(),
        };
        for outcome in CountedRefresh::all() {
            let _at_zero = metrics.refreshes.get_or_create(&RefreshLabels { outcome });
        }
        for by in [CreatedBy::LogIn, CreatedBy::Registration] {
            let _at_zero = metrics
                .sessions_created
                .get_or_create(&CreatedLabels { by });
        }
        for reason in EndReason::ALL.map(Reason) {
            let _at_zero = metrics
                .sessions_ended
                .get_or_create(&EndedLabels { reason });
        }
        registry.register(
            "refreshes",
            "Calls of RefreshSession, by what became of them",
            metrics.refreshes.clone(),
        );
        registry.register(
            "sessions_created",
            "Sessions that began, by what they began with",
            metrics.sessions_created.clone(),
        );
        registry.register(
            "sessions_ended",
            "Sessions that were ended, by why; expiry is no end",
            metrics.sessions_ended.clone(),
        );
        registry.register(
            "log_ins_refused",
            "Log-ins whose e-mail and password were refused",
            metrics.log_ins_refused.clone(),
        );
        metrics
    }

    /// Registers what the parts count that do the work.
    pub fn register_parts(
        registry: &mut MetricsRegistry,
        lookups: &LookupMetrics,
        hashing: &HashingMetrics,
        signatures: &SignatureMetrics,
        keys_seen_late: &Counter,
        audit_events_dropped: &Counter,
    ) {
        lookups.register(registry);
        hashing.register(registry);
        signatures.register(registry);
        registry.register(
            "keys_seen_late",
            "Signing keys that were first seen after their time",
            keys_seen_late.clone(),
        );
        registry.register(
            "audit_events_dropped",
            "Audit events that were not written: the queue was full, or the database refused them",
            audit_events_dropped.clone(),
        );
    }

    /// Counts a refresh.
    pub fn refreshed(&self, outcome: CountedRefresh) {
        self.refreshes
            .get_or_create(&RefreshLabels { outcome })
            .inc();
    }

    /// Counts a session that began.
    pub fn session_created(&self, by: CreatedBy) {
        self.sessions_created
            .get_or_create(&CreatedLabels { by })
            .inc();
    }

    /// Counts sessions that were ended.
    pub fn sessions_ended(&self, reason: EndReason, sessions: u32) {
        let reason = Reason(reason);
        self.sessions_ended
            .get_or_create(&EndedLabels { reason })
            .inc_by(sessions.into());
    }

    /// Counts a log-in that was refused.
    pub fn log_in_refused(&self) {
        self.log_ins_refused.inc();
    }
}

impl CountedRefresh {
    fn all() -> impl Iterator<Item = Self> {
        let outcomes = RefreshOutcome::ALL.into_iter().map(Self::Outcome);
        let tokens = Refusal::OF_TOKENS.into_iter();
        outcomes
            .chain(tokens.map(Self::Token))
            .chain([Self::Unavailable, Self::Failed])
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Outcome(outcome) => outcome.as_str(),
            Self::Token(refusal) => refusal.as_str(),
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

impl EncodeLabelValue for CountedRefresh {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(self.as_str())
    }
}

impl EncodeLabelValue for Reason {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(self.0.as_str())
    }
}

impl EncodeLabelValue for CreatedBy {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(match self {
            Self::LogIn => "log_in",
            Self::Registration => "registration",
        })
    }
}
