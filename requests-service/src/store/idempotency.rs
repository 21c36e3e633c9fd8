//! Idempotency keys: calls that may be repeated, and their answers.

use super::{
    StoreError, Transaction,
    entity::idempotency_key::{self as keys, Column},
};
use crate::model::{Answer, Idempotency};
use contract::ids::UserId;
use database::Retention;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _, OnConflict, Query},
};
use std::time::Duration;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_hours(24);

/// How long requests-service keeps the rows of its tables.
#[must_use]
pub fn retentions() -> Vec<Retention> {
    vec![Retention {
        table: "ticketing_idempotency_keys",
        over: "created_at",
        ours: None,
        kept: KEPT,
    }]
}

/// The result of claiming a key.
#[derive(Debug)]
pub enum Claim {
    /// The key belongs to this call from now on.
    New,
    /// The same call was made before, with this answer.
    Answered(Answer),
    /// Another call was made with the key.
    OtherCall,
}

impl Transaction {
    /// Claims a key for this call. If another transaction has claimed it, this waits for the end of
    /// that transaction.
    pub async fn claim(
        &self,
        user: UserId,
        idempotency: &Idempotency,
    ) -> Result<Claim, StoreError> {
        // written by hand, because an active model holds values only, and the time is the
        // database's
        let insert = Query::insert()
            .into_table(keys::Entity)
            .columns([Column::UserId, Column::Key, Column::Call, Column::CreatedAt])
            .values_panic([
                user.0.into(),
                idempotency.key.as_str().into(),
                idempotency.call.to_vec().into(),
                self.database.now(),
            ])
            .on_conflict(
                // a key that is older than a day counts as none
                OnConflict::columns([Column::UserId, Column::Key])
                    .update_columns([Column::Call, Column::Answer, Column::CreatedAt])
                    .action_and_where(Column::CreatedAt.into_expr().lte(self.a_day_ago()))
                    .to_owned(),
            )
            .returning_col(Column::UserId)
            .take();
        if !self.inner.query_all(&insert).await?.is_empty() {
            return Ok(Claim::New);
        }
        let known = keys::Entity::find_by_id((user.0, idempotency.key.clone()));
        match known.one(&self.inner).await? {
            Some(known) if known.call != idempotency.call => Ok(Claim::OtherCall),
            Some(keys::Model {
                answer: Some(answer),
                ..
            }) => Ok(Claim::Answered(Answer(answer))),
            // the row existed a moment ago
            Some(keys::Model { answer: None, .. }) | None => Err(StoreError::Conflict(
                DbErr::Custom("an idempotency key went away".to_owned()),
            )),
        }
    }

    /// Stores the answer with the key.
    pub async fn keep(
        &self,
        user: UserId,
        idempotency: &Idempotency,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        keys::Entity::update_many()
            .col_expr(Column::Answer, Expr::val(answer.0.clone()))
            .filter(Column::UserId.eq(user.0))
            .filter(Column::Key.eq(idempotency.key.as_str()))
            .exec(&self.inner)
            .await?;
        Ok(())
    }

    fn a_day_ago(&self) -> Expr {
        let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
        let offset = self.database.offset_micros().saturating_sub(kept);
        self.database.dialect().now(offset)
    }
}
