//! Which new connections of PostgreSQL a pool refuses: connections to a read-only server, and
//! connections without the settings that they were made with.
//!
//! sqlx 0.9 would log each refusal as an error, and make another connection within milliseconds. So
//! sqlx does not learn of the refusal. The attempt is dropped together with the connection. The
//! pool remembers the refusal, logs it once, and tries one connection a second until one can be
//! used.

use sqlx::{PgConnection, Row as _};
use std::{
    cell::Cell,
    future::{pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// A setting of each connection. PostgreSQL accepts any name with a dot in it.
pub(super) const MARK: (&str, &str) = ("ticketing.is_direct", "on");

/// What a standby or a deposed primary knows of a session may be outdated.
const READ_ONLY: &str = "the server is read-only";
/// PgBouncer can be configured to ignore the settings of a new connection. The limits on statements
/// and the guarantee that commits are on disk are then lost. In transaction mode, it also mixes
/// statements of several clients.
const NOT_DIRECT: &str = "the settings of the connection did not arrive: connect to PostgreSQL \
                          directly, not through a pooler";

/// How long a pool waits after a refusal before it makes another connection.
const PAUSE: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// Why the connection that this task is making was refused.
    static REFUSED: Cell<Option<&'static str>>;
}

/// What a pool remembers about refused connections.
#[derive(Clone, Debug)]
pub(super) struct Refusals {
    last: Arc<watch::Sender<Option<Refusal>>>,
    /// How long a caller waits for a connection.
    patience: Duration,
}

/// The last connection was refused.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    why: &'static str,
    /// When the next connection may be made.
    next: Instant,
}

impl Refusals {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            last: Arc::new(watch::Sender::new(None)),
            patience,
        }
    }

    /// Checks a new connection. If the connection must not be used, this never returns, and
    /// [`Refusals::run`] drops the attempt.
    pub(super) async fn check(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        match refusal(connection).await? {
            Some(why) => self.refuse(why).await,
            None => self.accept(),
        }
        Ok(())
    }

    async fn refuse(&self, why: &'static str) {
        let next = Instant::now() + PAUSE;
        let before = self.last.send_replace(Some(Refusal { why, next }));
        if before.is_none_or(|before| before.why != why) {
            tracing::error!(
                reason = why,
                "refusing connections to the database; trying one a second"
            );
        }
        // a caller that does not use `run` waits until its time is over
        let _ = REFUSED.try_with(|refused| refused.set(Some(why)));
        pending::<()>().await;
    }

    fn accept(&self) {
        if self.last.send_if_modified(|last| last.take().is_some()) {
            tracing::info!("connections to the database can be used again");
        }
    }

    /// Runs a statement, which takes a connection of the pool. While the pool refuses new
    /// connections, the statement waits until it may try one; with `has_idle` it does not wait,
    /// because it needs no new connection. `Err` says why there was no connection in time.
    pub(super) async fn run<F: Future>(
        &self,
        has_idle: bool,
        statement: impl Fn() -> F,
    ) -> Result<F::Output, &'static str> {
        let deadline = Instant::now() + self.patience;
        if !has_idle {
            self.may_connect(deadline).await?;
        }
        loop {
            match unless_refused(statement()).await {
                Some(outcome) => return Ok(outcome),
                None => self.may_connect(deadline).await?,
            }
        }
    }

    /// Waits until a connection may be made. If that is not before the deadline, says why.
    async fn may_connect(&self, deadline: Instant) -> Result<(), &'static str> {
        if self.last.borrow().is_none() {
            return Ok(());
        }
        let mut last = self.last.subscribe();
        loop {
            let mut is_refused = None;
            self.last.send_if_modified(|last| {
                let now = Instant::now();
                match last {
                    Some(refusal) if refusal.next > now => is_refused = Some(*refusal),
                    // later callers wait for this attempt
                    Some(refusal) => refusal.next = now + PAUSE,
                    None => {}
                }
                false
            });
            let Some(Refusal { why, next }) = is_refused else {
                return Ok(());
            };
            let is_accepted = last.wait_for(Option::is_none);
            let is_late = timeout_at(next.min(deadline), is_accepted).await.is_err();
            if is_late && deadline < next {
                return Err(why);
            }
        }
    }
}

/// The outcome of a statement; `None` if its connection was refused.
async fn unless_refused<F: Future>(statement: F) -> Option<F::Output> {
    let statement = async {
        let mut statement = pin!(statement);
        poll_fn(|context| match statement.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if REFUSED.with(Cell::get).is_some() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    };
    REFUSED.scope(Cell::new(None), statement).await
}

/// Why a connection must not be used. The statement is unnamed, so that a pooler cannot confuse it
/// with that of another client.
async fn refusal(connection: &mut PgConnection) -> Result<Option<&'static str>, sqlx::Error> {
    let (mark, value) = MARK;
    let question =
        format!("SELECT current_setting('{mark}', true), current_setting('transaction_read_only')");
    let row = sqlx::raw_sql(sqlx::AssertSqlSafe(question))
        .fetch_one(connection)
        .await?;
    let [mark, read_only]: [Option<String>; 2] = [row.try_get(0)?, row.try_get(1)?];
    Ok(if mark.as_deref() != Some(value) {
        Some(NOT_DIRECT)
    } else if read_only.as_deref() != Some("off") {
        Some(READ_ONLY)
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// What a pool of eight makes of connections.
    #[derive(Default)]
    struct Server {
        made: AtomicU32,
    }

    impl Server {
        async fn refuses(&self, refusals: &Refusals) {
            self.made.fetch_add(1, SeqCst);
            refusals.refuse(READ_ONLY).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_connections_are_refused_one_a_second_is_made() {
        const MINUTE: Duration = Duration::from_mins(1);
        let refusals = Refusals::new(Duration::from_secs(2));
        let server = Server::default();
        let end = Instant::now() + MINUTE;
        let caller = async || {
            while Instant::now() < end {
                let outcome = refusals.run(false, || server.refuses(&refusals)).await;
                assert_eq!(outcome, Err(READ_ONLY));
            }
        };
        tokio::join!(
            caller(),
            caller(),
            caller(),
            caller(),
            caller(),
            caller(),
            caller(),
            caller()
        );
        let made = server.made.into_inner();
        // each caller's first one, before the pool knew
        assert!((60..=60 + 8 + 2).contains(&made), "{made} in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_statement_runs_as_soon_as_a_connection_can_be_used() {
        let refusals = Refusals::new(Duration::from_secs(2));
        let refused = refusals.run(false, || refusals.refuse(READ_ONLY)).await;
        assert_eq!(refused, Err(READ_ONLY));
        let since = Instant::now();
        let accepted = async {
            tokio::time::sleep(PAUSE / 4).await;
            refusals.accept();
        };
        let (served, ()) = tokio::join!(refusals.run(false, async || 1), accepted);
        assert_eq!(served, Ok(1));
        assert!(since.elapsed() < PAUSE / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_statement_that_finds_an_idle_connection_does_not_wait() {
        let refusals = Refusals::new(Duration::from_secs(2));
        let refused = refusals.run(false, || refusals.refuse(READ_ONLY)).await;
        assert_eq!(refused, Err(READ_ONLY));
        let since = Instant::now();
        assert_eq!(refusals.run(true, async || 1).await, Ok(1));
        assert_eq!(since.elapsed(), Duration::ZERO);
    }
}
