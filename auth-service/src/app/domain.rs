//! The parts of the domain, each with what it depends on.

use crate::{
    domain::{
        AuditLog, Endings, FirstUses, Issuer, Lists, LogIns, Lookups, PasswordChanges, Refreshes,
        RefusedSessions, Revocations, StoredHashes, TakeBacks, Throttles, Validations,
    },
    grpc::AuthHandlers,
    metrics::{LookupMetrics, Metrics},
    model::{Lifetimes, ThrottleLimits},
    passwords::{Passwords, Scheme},
    store::{SessionReader, Store},
    tokens::Tokens,
};
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the domain depends on.
pub(super) struct Dependencies {
    pub(super) store: Store,
    /// For validations alone.
    pub(super) validating: SessionReader,
    pub(super) tokens: Arc<Tokens>,
    pub(super) passwords: Passwords,
    pub(super) metrics: Metrics,
    /// Ends the tasks.
    pub(super) stop: CancellationToken,
}

/// What the operator configured.
pub(super) struct Settings {
    pub(super) lifetimes: Lifetimes,
    pub(super) scheme: Scheme,
    pub(super) throttle: ThrottleLimits,
    pub(super) ending_share: f64,
}

/// The parts of the domain, with their tasks running.
pub(super) struct Domain {
    pub(super) handlers: AuthHandlers,
    pub(super) validations: Validations,
    pub(super) refused: RefusedSessions,
    pub(super) look_ups: LookupMetrics,
    pub(super) audit_events_dropped: Counter,
    /// These tasks write the last first uses, audit events and attempts to take back, and then end.
    pub(super) writing: [JoinHandle<()>; 3],
}

impl Domain {
    /// Starts the tasks and connects the parts.
    pub(super) fn start(dependencies: Dependencies, settings: &Settings) -> Self {
        let Dependencies {
            store,
            validating,
            tokens,
            passwords,
            metrics,
            stop,
        } = dependencies;
        let lifetimes = settings.lifetimes;
        let (first_uses, writing_first_uses) = FirstUses::start(store.clone(), stop.clone());
        let (audit_log, writing_events) = AuditLog::start(store.clone(), stop.clone());
        let (take_backs, taking_back) = TakeBacks::start(store.clone(), stop.clone());
        let lookups = Lookups::start(validating, stop);
        let look_ups = lookups.metrics().clone();
        let audit_events_dropped = audit_log.dropped().clone();
        let throttles = Throttles::new(store.clone(), settings.throttle, take_backs);
        let hashes = StoredHashes::new(store.clone(), passwords, settings.scheme);
        let endings = Endings::new(store.clone(), metrics.clone());
        let refused = RefusedSessions::new(store.clone(), metrics.clone());
        let issuer = Issuer::new(Arc::clone(&tokens), lifetimes);
        let validations = Validations {
            tokens: Arc::clone(&tokens),
            lookups,
            first_uses,
            endings: endings.clone(),
        };
        let refreshes = Refreshes {
            store: store.clone(),
            tokens: Arc::clone(&tokens),
            issuer: issuer.clone(),
            lifetimes,
            endings: endings.clone(),
            audit_log: audit_log.clone(),
            metrics: metrics.clone(),
        };
        let password_changes = PasswordChanges {
            store: store.clone(),
            hashes: hashes.clone(),
            throttles: throttles.clone(),
            endings: endings.clone(),
            refused: refused.clone(),
            audit_log: audit_log.clone(),
        };
        let handlers = AuthHandlers {
            refreshes,
            revocations: Revocations::new(Arc::clone(&tokens), endings),
            password_changes,
            lists: Lists::new(store.clone()),
            tokens,
            log_ins: LogIns {
                store,
                hashes,
                throttles,
                issuer,
                lifetimes,
                audit_log,
                metrics,
            },
            ending_share: settings.ending_share,
        };
        Self {
            handlers,
            validations,
            refused,
            look_ups,
            audit_events_dropped,
            writing: [writing_first_uses, writing_events, taking_back],
        }
    }
}
