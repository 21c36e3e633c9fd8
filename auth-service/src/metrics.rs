//! What is counted of sessions. Labels are enums, so that nobody from outside makes
//! a series; each series is there from the start, since the first increase of one
//! that was not is seen by no alert.

use crate::model::{EndReason, Refusal};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
};
use shared::serve::MetricsRegistry;
use std::fmt::{self, Write as _};

/// The counters of one service.
#[derive(Clone, Debug)]
pub struct Metrics {
    refreshes: Family<RefreshLabels, Counter>,
    sessions_created: Family<CreatedLabels, Counter>,
    sessions_ended: Family<EndedLabels, Counter>,
    log_ins_refused: Counter,
}

/// What became of a refresh: a cell of the refresh decision, or why there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshOutcome {
    /// A new pair, of the next generation.
    Turned,
    /// The pair in force, used for the first time.
    FirstUse,
    /// The pair in force again, less than an overlap after its first use.
    AgainYoung,
    /// The pair in force again, for the one before it.
    AgainOneBehind,
    /// Another refresh of the session won.
    Conflict,
    /// Refused; reuse, and a row that is behind its token, among the reasons.
    Refused(Refusal),
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
    outcome: RefreshOutcome,
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
        for outcome in RefreshOutcome::all() {
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

    /// Counts a refresh.
    pub fn refreshed(&self, outcome: RefreshOutcome) {
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

impl RefreshOutcome {
    fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::Turned,
            Self::FirstUse,
            Self::AgainYoung,
            Self::AgainOneBehind,
            Self::Conflict,
            Self::Unavailable,
            Self::Failed,
        ];
        others
            .into_iter()
            .chain(Refusal::ALL.into_iter().map(Self::Refused))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Turned => "turned",
            Self::FirstUse => "first_use",
            Self::AgainYoung => "again_young",
            Self::AgainOneBehind => "again_one_behind",
            Self::Conflict => "conflict",
            Self::Refused(refusal) => refusal.as_str(),
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

impl EncodeLabelValue for RefreshOutcome {
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
