//! Writes the audit log: in the transaction of the change that an event is about; or in batches, if
//! nothing was changed.

use super::{
    Store, StoreError,
    entity::audit_event::{Column, Entity},
    retried,
};
use crate::model::AuditEvent;
use contract::time::Timestamp;
use database::Dialect;
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{
        Asterisk, CommonTableExpression, Expr, Query, UpdateStatement, WithClause, WithQuery,
    },
};
use std::time::Duration;

/// The largest number of events in one statement.
const MOST: usize = 256;
/// The name of the changed rows within the statement.
const CHANGED: &str = "changed";
const NOTED: &str = "noted";

/// The columns of an event, except its id.
const COLUMNS: [Column; 12] = [
    Column::OccurredAt,
    Column::Event,
    Column::Outcome,
    Column::Cause,
    Column::ActorUserId,
    Column::SubjectUserId,
    Column::SessionId,
    Column::IpAddress,
    Column::DeviceInfo,
    Column::Reason,
    Column::CreatedBefore,
    Column::EndedCount,
];

impl Store {
    /// Writes an event in a transaction of its own.
    pub async fn note(&self, event: &AuditEvent) -> Result<(), StoreError> {
        retried(|| async { self.note_on(self.database.connection(), event).await }).await
    }

    /// Writes events, each with its age, in one transaction.
    pub async fn note_all(&self, events: &[(AuditEvent, Duration)]) -> Result<(), StoreError> {
        let mut inserts = Vec::new();
        let mut rest = events;
        while !rest.is_empty() {
            // only some lengths are used, so that there are few different statements
            let length = 1 << rest.len().min(MOST).ilog2();
            let (some, more) = rest.split_at(length);
            let mut insert = Query::insert();
            insert.into_table(Entity).columns(COLUMNS);
            for (event, ago) in some {
                insert.values_panic(self.values(event, *ago));
            }
            inserts.push(insert);
            rest = more;
        }
        retried(|| async {
            if let [insert] = inserts.as_slice() {
                self.database.connection().execute(insert).await?;
                return Ok(());
            }
            let transaction = self.database.begin().await?;
            for insert in &inserts {
                transaction.execute(insert).await?;
            }
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    /// Writes an event within a transaction.
    pub(super) async fn note_on(
        &self,
        on: &impl ConnectionTrait,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let insert = Query::insert()
            .into_table(Entity)
            .columns(COLUMNS)
            .values_panic(self.values(event, Duration::ZERO))
            .take();
        on.execute(&insert).await?;
        Ok(())
    }

    /// Runs a change in a transaction of its own, and returns the rows that it returns. If there
    /// are any, the event is written in the same transaction. On PostgreSQL this is one statement.
    pub(super) async fn changed(
        &self,
        update: &UpdateStatement,
        event: &AuditEvent,
    ) -> Result<Vec<QueryResult>, StoreError> {
        retried(|| async {
            match self.database.dialect() {
                Dialect::Postgres => {
                    let statement = self.noting(update.clone(), event)?;
                    Ok(self.database.connection().query_all(&statement).await?)
                }
                // SQLite cannot change rows in a common table expression
                Dialect::Sqlite => {
                    let transaction = self.database.begin().await?;
                    let rows = transaction.query_all(update).await?;
                    if !rows.is_empty() {
                        self.note_on(&transaction, event).await?;
                    }
                    transaction.commit().await?;
                    Ok(rows)
                }
            }
        })
        .await
    }

    /// The change, and the insertion of an event for each row that it returns, as one statement.
    fn noting(&self, update: UpdateStatement, event: &AuditEvent) -> Result<WithQuery, StoreError> {
        let event = Query::select()
            .exprs(self.values(event, Duration::ZERO))
            .from(CHANGED)
            .take();
        let mut insert = Query::insert();
        insert
            .into_table(Entity)
            .columns(COLUMNS)
            .select_from(event)
            .map_err(|error| StoreError::Inconsistent(error.to_string()))?;
        let mut changed = CommonTableExpression::new();
        changed.table_name(CHANGED).query(update);
        let mut noted = CommonTableExpression::new();
        noted.table_name(NOTED).query(insert);
        let all = Query::select().column(Asterisk).from(CHANGED).take();
        let mut with = WithClause::new();
        with.cte(changed).cte(noted);
        Ok(with.query(all))
    }

    /// The values of [`COLUMNS`].
    fn values(&self, event: &AuditEvent, ago: Duration) -> [Expr; COLUMNS.len()] {
        let AuditEvent {
            event_type,
            outcome,
            cause,
            actor,
            subject,
            session,
            client,
            reason,
            created_before,
            ended_count,
        } = event;
        let ago = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
        let offset = self.database.offset_micros().saturating_sub(ago);
        let ended_count = ended_count.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        [
            self.database.dialect().now(offset),
            event_type.stored().into(),
            outcome.stored().into(),
            cause.map(|cause| cause.stored().to_owned()).into(),
            actor.map(|user| user.0).into(),
            subject.map(|user| user.0).into(),
            session.map(|session| session.to_string()).into(),
            client.ip_address.clone().into(),
            client.device_info.clone().into(),
            reason.clone().into(),
            match created_before {
                Some(time) => self.database.time(*time),
                None => Option::<Timestamp>::None.into(),
            },
            ended_count.into(),
        ]
    }
}
