//! `auth-service sessions`: commands for all sessions of a database.

use crate::{
    domain::{AuthError, BatchEnding, end_in_batches},
    model::{AuditEvent, AuditEventType, Client, EndReason, Scope},
    store::{Store, StoreError},
};
use clap::{Subcommand, ValueEnum};
use contract::time::Clock;
use database::{ConnectError, Database, DatabaseUrl, PoolLimits};

/// What to do with all sessions.
#[derive(Clone, Debug, Subcommand)]
pub enum SessionsCommand {
    /// Ends every session, including those of the old application, and prints how many sessions of
    /// this service were active. Run it after a database was restored from a back-up, before the
    /// services start again: sessions that were ended since the back-up are active in the restored
    /// rows. Sessions that begin during the command end as well.
    EndAll {
        /// The reason, which is stored with each session.
        #[arg(long, value_enum)]
        reason: EndAllReason,
        /// The database.
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: DatabaseUrl,
    },
}

/// Why all sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EndAllReason {
    /// The database was restored from a back-up.
    Restore,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is its source")]
pub enum SessionsError {
    #[error(transparent)]
    Database(#[from] ConnectError),
    #[error(transparent)]
    Sessions(#[from] AuthError),
    #[error("all sessions are ended, but this is not in the audit log")]
    Audit(#[from] StoreError),
}

/// Ends every session, and writes one audit event. Returns how many sessions of this service were
/// active.
pub async fn end_all(url: &DatabaseUrl, reason: EndAllReason) -> Result<u32, SessionsError> {
    let limits = PoolLimits {
        connections: 1,
        ..PoolLimits::default()
    };
    let store = Store::new(Database::open(url, limits, Clock::system()).await?);
    let reason = match reason {
        EndAllReason::Restore => EndReason::Restored,
    };
    let all = BatchEnding {
        scope: &Scope::All,
        last: None,
        reason,
        event: None,
    };
    let done = end_in_batches(&store, all, || true, |_| ()).await?;
    let event = AuditEvent {
        cause: Some(reason.cause()),
        ..AuditEvent::done(AuditEventType::EndAllSessions, &Client::default())
    };
    store.note(&event.ending(done.ended)).await?;
    tracing::info!(ended = done.ended, %reason, "all sessions ended");
    Ok(done.ended)
}
