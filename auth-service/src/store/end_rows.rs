//! Ends many sessions, in transactions of limited size. Rows are locked in the order of their
//! session ids, so that two such transactions cannot deadlock. The old application's rows end as
//! well, because they are log-ins of the same user.

use super::{
    Store, StoreError,
    entity::{
        user,
        user_session::{Column, Entity},
    },
    retried,
};
use crate::model::{AuditEvent, EndReason, PasswordHash};
use contract::time::Timestamp;
use database::Transaction;
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, JoinType, LockType, Order, Query},
};

/// The largest number of sessions in one transaction.
pub const BATCH: usize = 500;

/// How many sessions of this service a batch ended, without expired ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Sessions that were active.
    pub live: u32,
    /// Sessions that were already refused, because the password had changed. Whoever ends them,
    /// this is their end reason.
    pub refused: u32,
}

/// A row that was not ended when the transaction locked it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locked {
    pub(super) id: i32,
    pub(super) status: LockedStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockedStatus {
    Live,
    Expired,
    /// The user's password has changed since the log-in.
    Refused,
    /// A row of the old application.
    OldApplications,
}

impl Store {
    /// Ends rows that are not ended yet. An event, if given, is written in the same transaction,
    /// with the number of active sessions.
    pub async fn end_rows(
        &self,
        rows: &[i32],
        reason: EndReason,
        event: Option<&AuditEvent>,
    ) -> Result<Ended, StoreError> {
        retried(|| async {
            let transaction = self.database.begin().await?;
            let locked = self.lock_rows(&transaction, self.are_in(rows)).await?;
            let ended = self.end_locked(&transaction, &locked, reason).await?;
            if let Some(event) = event {
                let event = event.clone().ending(ended.live);
                self.note_on(&transaction, &event).await?;
            }
            transaction.commit().await?;
            Ok(ended)
        })
        .await
    }

    /// A condition for these rows.
    pub(super) fn are_in(&self, rows: &[i32]) -> Expr {
        let id = Expr::col((Entity, Column::Id));
        self.database.dialect().one_of(id, rows.iter().copied())
    }

    /// Locks those of the rows that are not ended, and then reads them.
    ///
    /// The statement that locks may have to wait. PostgreSQL then reads the locked row again, but
    /// not the user's row that is joined to it. Therefore a second statement reads both under the
    /// lock.
    pub(super) async fn lock_rows(
        &self,
        on: &Transaction,
        which: Expr,
    ) -> Result<Vec<Locked>, StoreError> {
        let lock = Query::select()
            .column((Entity, Column::Id))
            .from(Entity)
            .and_where(which)
            .and_where(not_ended())
            .order_by((Entity, Column::SessionId), Order::Asc)
            .lock(LockType::NoKeyUpdate)
            .take();
        let locked = on.query_all(&lock).await?;
        let ids = locked.iter().map(|row| row.try_get("", "id"));
        let ids: Vec<i32> = ids.collect::<Result<_, _>>()?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let of_user = Expr::col((user::Entity, user::Column::Id)).equals((Entity, Column::UserId));
        let query = Query::select()
            .columns([
                (Entity, Column::Id),
                (Entity, Column::Generation),
                (Entity, Column::ExpiresAt),
                (Entity, Column::PasswordDigest),
            ])
            .column((user::Entity, user::Unmodelled::Password))
            .expr_as(self.database.now(), "now")
            .from(Entity)
            .join(JoinType::LeftJoin, user::Entity, of_user)
            .and_where(self.are_in(&ids))
            .take();
        let rows = on.query_all(&query).await?;
        rows.iter().map(read).collect()
    }

    /// Ends rows that the transaction has locked.
    pub(super) async fn end_locked(
        &self,
        on: &Transaction,
        rows: &[Locked],
        reason: EndReason,
    ) -> Result<Ended, StoreError> {
        let (refused, others): (Vec<&Locked>, Vec<_>) = rows
            .iter()
            .partition(|row| row.status == LockedStatus::Refused);
        let live = others.iter().filter(|row| row.status == LockedStatus::Live);
        let ended = Ended {
            live: count(live.count()),
            refused: count(refused.len()),
        };
        for (rows, reason) in [(others, reason), (refused, EndReason::PasswordChanged)] {
            if !rows.is_empty() {
                self.write_end(on, &rows, reason).await?;
            }
        }
        Ok(ended)
    }

    async fn write_end(
        &self,
        on: &Transaction,
        rows: &[&Locked],
        reason: EndReason,
    ) -> Result<(), StoreError> {
        let rows: Vec<i32> = rows.iter().map(|row| row.id).collect();
        // other columns of the old application's rows do not change
        let of_ours = |then: Expr, column| {
            Expr::case(Expr::col(Column::Generation).is_not_null(), then).finally(Expr::col(column))
        };
        let update = Query::update()
            .table(Entity)
            .value(Column::IsActive, false)
            .value(
                Column::EndedAt,
                of_ours(self.database.now(), Column::EndedAt),
            )
            .value(
                Column::EndReason,
                of_ours(Expr::val(reason.cause().stored()), Column::EndReason),
            )
            .and_where(self.are_in(&rows))
            .take();
        on.execute(&update).await?;
        Ok(())
    }
}

/// Whether a row still has to be ended. A row of the old application may have NULL in `is_active`;
/// it still has to be ended. A session of this service has ended if `is_active` is not true.
pub(super) fn not_ended() -> Expr {
    let is_not_ours = Expr::col((Entity, Column::Generation)).is_null();
    Expr::col((Entity, Column::IsActive)).if_null(is_not_ours)
}

/// Whether a session began with the password that its user has now.
pub(super) fn is_in_step(
    session: &QueryResult,
    password: Option<&PasswordHash>,
) -> Result<bool, StoreError> {
    let digest: Option<String> = session.try_get("", "password_digest")?;
    let both = password.zip(digest);
    Ok(both.is_some_and(|(password, digest)| password.has_digest(&digest)))
}

fn read(row: &QueryResult) -> Result<Locked, StoreError> {
    let password: Option<String> = row.try_get("", "password")?;
    let password = password.map(PasswordHash::new);
    let status = if row.try_get::<Option<i32>>("", "generation")?.is_none() {
        LockedStatus::OldApplications
    } else if row.try_get::<Timestamp>("", "expires_at")? <= row.try_get("", "now")? {
        LockedStatus::Expired
    } else if is_in_step(row, password.as_ref())? {
        LockedStatus::Live
    } else {
        LockedStatus::Refused
    };
    Ok(Locked {
        id: row.try_get("", "id")?,
        status,
    })
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
