//! Sessions that are refused since a change of the password. From the change on, no validation and
//! no refresh accepts them, whatever their rows contain. This module ends their rows, so that they
//! do not become valid again if something other than this service restores the old hash.
//!
//! The call that changes a password ends one batch, which for nearly every user is all.
//! Housekeeping ends the others. The call wakes it, and it also finds them by their rows if the
//! process that knew of them has ended.

use crate::{
    metrics::Metrics,
    model::{AuditEvent, AuditEventType, Cause, Client, EndReason},
    store::{BATCH, SessionPosition, Store, StoreError},
};
use contract::{errors::chain, ids::UserId};
use server::housekeeping::Chore;
use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// The largest number of users that are remembered. Others are found by their rows.
const MAX_USERS: usize = 10_000;
/// The time between two searches through all sessions.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// The number of rows that a search reads at once.
const PAGE: u32 = 1_000;

/// Ends the sessions that are refused since the password changed.
#[derive(Clone, Debug)]
pub struct RefusedSessions {
    store: Store,
    metrics: Metrics,
    known: Arc<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Users whose passwords changed, and who may have more sessions than one batch.
    users: Mutex<BTreeSet<UserId>>,
    wake: Notify,
    looked_at: Mutex<Option<Instant>>,
}

/// A password that is about to change. Dropping it wakes housekeeping, unless it is known that
/// nothing is left to do. This also covers a call that is given up halfway.
#[derive(Debug)]
pub(super) struct Change<'a> {
    refused: &'a RefusedSessions,
    user: UserId,
    may_be_left: bool,
}

impl RefusedSessions {
    /// No users are remembered yet.
    #[must_use]
    pub fn new(store: Store, metrics: Metrics) -> Self {
        Self {
            store,
            metrics,
            known: Arc::default(),
        }
    }

    /// Must be called before a password changes.
    pub(super) fn begin_change(&self, user: UserId) -> Change<'_> {
        Change {
            refused: self,
            user,
            may_be_left: true,
        }
    }

    /// Ends the next batch of a user's sessions. Returns where the rest begins, or `None` if there
    /// is no rest.
    async fn end_batch(
        &self,
        user: UserId,
        after: Option<SessionPosition>,
        event: Option<&AuditEvent>,
    ) -> Result<Option<SessionPosition>, StoreError> {
        let batch = self.store.refused_of(user, after, BATCH).await?;
        let rows: Vec<i32> = batch.iter().map(|session| session.id).collect();
        if !rows.is_empty() {
            let reason = EndReason::PasswordChanged;
            let ended = self.store.end_refused(user, &rows, event).await?;
            self.metrics.sessions_ended(reason, ended);
            tracing::info!(%user, ended, %reason, "sessions ended");
        }
        Ok(batch.last().copied().filter(|_| batch.len() == BATCH))
    }

    async fn end_all(&self, user: UserId, event: Option<&AuditEvent>) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            after = self.end_batch(user, after, event).await?;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn end_known(&self) {
        let users = mem::take(&mut *self.users());
        for user in users {
            if let Err(error) = self.end_all(user, None).await {
                tracing::warn!(%user, cause = chain(&error), "sessions not ended yet");
                self.remember(user);
            }
        }
    }

    /// Searches all sessions, page by page. Sessions whose password was changed by something else
    /// are noted in the audit log, because no call did it.
    async fn look(&self) -> Result<(), StoreError> {
        let mut next = Some(i32::MIN);
        while let Some(after) = next {
            let page = self.store.users_refused_after(after, PAGE).await?;
            for user in page.users {
                let event = AuditEvent {
                    subject: Some(user),
                    cause: Some(Cause::PasswordChanged),
                    ..AuditEvent::done(AuditEventType::ChangePassword, &Client::default())
                };
                self.end_all(user, Some(&event)).await?;
            }
            self.end_known().await;
            next = page.last;
        }
        Ok(())
    }

    fn remember(&self, user: UserId) {
        let mut users = self.users();
        if users.len() < MAX_USERS {
            users.insert(user);
        }
    }

    fn users(&self) -> MutexGuard<'_, BTreeSet<UserId>> {
        let users = self.known.users.lock();
        users.unwrap_or_else(PoisonError::into_inner)
    }

    fn looked_at(&self) -> MutexGuard<'_, Option<Instant>> {
        let looked_at = self.known.looked_at.lock();
        looked_at.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chore for RefusedSessions {
    async fn woken(&self) {
        self.known.wake.notified().await;
    }

    async fn round(&self) {
        self.end_known().await;
        let is_due = self.looked_at().is_none_or(|at| at.elapsed() >= LOOK_EVERY);
        if !is_due {
            return;
        }
        match self.look().await {
            Ok(()) => *self.looked_at() = Some(Instant::now()),
            Err(error) => {
                tracing::warn!(cause = chain(&error), "refused sessions not looked for");
            }
        }
    }
}

impl Change<'_> {
    /// The password has changed: ends a batch of the sessions that are refused now. If this fails,
    /// the call still succeeds.
    pub(super) async fn made(mut self) {
        match self.refused.end_batch(self.user, None, None).await {
            Ok(rest) => self.may_be_left = rest.is_some(),
            Err(error) => {
                let user = self.user;
                tracing::warn!(%user, cause = chain(&error), "sessions not ended yet");
            }
        }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.may_be_left {
            self.refused.remember(self.user);
            self.refused.known.wake.notify_one();
        }
    }
}
