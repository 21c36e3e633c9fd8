//! Work on the database that its caller does not end halfway.

use sea_orm::{DbErr, RuntimeErr};
use std::{io, sync::Arc, time::Duration};
use tracing::Instrument as _;

/// Runs the work in a task of its own, so that it comes to its end when the caller gives up.
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

/// Gives the work up after this time. Whether it took effect is not known then.
pub async fn within<T, E: From<DbErr>>(
    time: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(time, work)
        .await
        .unwrap_or_else(|elapsed| Err(connection_lost(elapsed.into()).into()))
}

/// What the driver says of an answer that does not come.
fn connection_lost(error: io::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error.into())))
}
