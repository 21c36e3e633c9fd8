//! Work on the database that runs to its end even if its caller gives up.

use sea_orm::{DbErr, RuntimeErr};
use std::{io, sync::Arc, time::Duration};
use tracing::Instrument as _;

/// Runs the work in a task of its own, so that it ends even if the caller gives up.
pub async fn run_to_end<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbErr> + Send + 'static,
{
    let task = tokio::spawn(work.in_current_span());
    task.await
        .unwrap_or_else(|stopped| Err(connection_lost(io::Error::other(stopped)).into()))
}

/// Gives up the work after this time. Then it is not known whether it took effect.
pub async fn within<T, E: From<DbErr>>(
    time: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(time, work)
        .await
        .unwrap_or_else(|elapsed| Err(connection_lost(elapsed.into()).into()))
}

/// The driver's error for an answer that does not come.
fn connection_lost(error: io::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error.into())))
}
