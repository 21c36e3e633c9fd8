//! Metrics of sessions. Labels are enums, so that callers cannot create series. Every series exists
//! from the start, because an alert does not notice the first increase of a series that did not
//! exist.

mod work;

pub use work::{HashingMetrics, LookupMetrics, SignatureMetrics};

use crate::model::{Cause, EndReason};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
};
use server::serve::MetricsRegistry;
use std::fmt::{self, Write as _};

/// The counters of the service.
#[derive(Clone, Debug)]
pub struct Metrics {
    refreshes: Family<RefreshLabels, Counter>,
    sessions_created: Family<CreatedLabels, Counter>,
    sessions_ended: Family<EndedLabels, Counter>,
    log_ins_refused: Counter,
}

/// What a session was created by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CreatedBy {
    /// A log-in with e-mail and password.
    LogIn,
    /// A registration.
    Registration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefreshLabels {
    outcome: Label,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CreatedLabels {
    by: CreatedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndedLabels {
    reason: Label,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Label(Cause);

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
        let of_refresh = |cause: &&Cause| cause.of_refresh().is_some();
        for cause in Cause::ALL.iter().filter(of_refresh) {
            let outcome = Label(*cause);
            let _at_zero = metrics.refreshes.get_or_create(&RefreshLabels { outcome });
        }
        for by in [CreatedBy::LogIn, CreatedBy::Registration] {
            let _at_zero = metrics
                .sessions_created
                .get_or_create(&CreatedLabels { by });
        }
        for reason in EndReason::ALL {
            let reason = Label(reason.cause());
            let _at_zero = metrics
                .sessions_ended
                .get_or_create(&EndedLabels { reason });
        }
        registry.register(
            "refreshes",
            "Calls of RefreshSession, by cause",
            metrics.refreshes.clone(),
        );
        registry.register(
            "sessions_created",
            "Sessions that began, by log-in or registration",
            metrics.sessions_created.clone(),
        );
        registry.register(
            "sessions_ended",
            "Sessions that were ended, by reason; expired sessions do not count",
            metrics.sessions_ended.clone(),
        );
        registry.register(
            "log_ins_refused",
            "Log-ins whose e-mail and password were refused",
            metrics.log_ins_refused.clone(),
        );
        metrics
    }

    /// Registers the metrics of the parts.
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

    /// Counts a refresh by its cause.
    pub fn refreshed(&self, cause: Cause) {
        let outcome = Label(cause);
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
        let reason = Label(reason.cause());
        self.sessions_ended
            .get_or_create(&EndedLabels { reason })
            .inc_by(sessions.into());
    }

    /// Counts a log-in that was refused.
    pub fn log_in_refused(&self) {
        self.log_ins_refused.inc();
    }
}

impl EncodeLabelValue for Label {
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
