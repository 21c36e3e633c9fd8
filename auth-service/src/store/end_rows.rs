//! Ends many sessions, in transactions of limited size. Rows are locked in the order of their
//! session ids, so that two such transactions cannot deadlock. The old application's rows end as
//! well, because they are log-ins of the same user.

use super::{
    Store, StoreError,
    entity::{
        user,
        user_session::{Column, Entity, Relation},
    },
    retried,
};
use crate::model::{AuditEvent, EndReason, PasswordHash};
use contract::time::Timestamp;
use database::Transaction;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, JoinType, QueryFilter as _,
    QueryOrder as _, QueryResult, QuerySelect as _, QueryTrait as _, RelationTrait as _,
    sea_query::{Expr, ExprTrait as _, IntoCondition, LockType},
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
        let ids = rows.iter().copied();
        self.database.dialect().one_of(Column::Id.into_expr(), ids)
    }

    /// Locks those of the rows that are not ended, and then reads them.
    ///
    /// The statement that locks may have to wait. PostgreSQL then reads the locked row again, but
    /// not the user's row that is joined to it. Therefore a second statement reads both under the
    /// lock.
    pub(super) async fn lock_rows(
        &self,
        on: &Transaction,
        which: impl IntoCondition,
    ) -> Result<Vec<Locked>, StoreError> {
        let lock = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(which)
            .filter(not_ended())
            .order_by_asc(Column::SessionId)
            .lock(LockType::NoKeyUpdate);
        let ids: Vec<i32> = lock.into_tuple().all(on).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sessions = Entity::find()
            .select_only()
            .columns([
                Column::Id,
                Column::Generation,
                Column::ExpiresAt,
                Column::PasswordDigest,
            ])
            .expr_as(user::password(), "password")
            .expr_as(self.database.now(), "now")
            .join(JoinType::LeftJoin, Relation::User.def())
            .filter(self.are_in(&ids));
        let rows = on.query_all(sessions.as_query()).await?;
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
        let of_ours = |then: Expr, column| -> Expr {
            let case = Expr::case(Column::Generation.is_not_null(), then);
            case.finally(Expr::col(column)).into()
        };
        let reason = Expr::val(reason.cause().stored());
        Entity::update_many()
            .col_expr(Column::IsActive, false.into())
            .col_expr(
                Column::EndedAt,
                of_ours(self.database.now(), Column::EndedAt),
            )
            .col_expr(Column::EndReason, of_ours(reason, Column::EndReason))
            .filter(self.are_in(&rows))
            .exec(on)
            .await?;
        Ok(())
    }
}

/// Whether a row still has to be ended. A row of the old application may have NULL in `is_active`;
/// it still has to be ended. A session of this service has ended if `is_active` is not true.
pub(super) fn not_ended() -> Expr {
    let is_not_ours = Column::Generation.is_null();
    Column::IsActive.into_expr().if_null(is_not_ours)
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
