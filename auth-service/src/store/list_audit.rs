//! Lists the audit log, in pages.

use super::{
    Store, StoreError,
    audit::COLUMNS,
    entity::audit_event::{Column, Entity},
};
use crate::model::{
    AuditEntry, AuditEventType, AuditFilter, AuditOutcome, AuditPosition, Cause, Client,
};
use contract::ids::UserId;
use database::Database;
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Condition, Expr, ExprTrait, Order, Query},
};
use std::collections::BTreeSet;

impl Store {
    /// The events after a position that match a filter, newest first.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        after: Option<AuditPosition>,
        limit: u64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut query = Query::select()
            .column(Column::Id)
            .columns(COLUMNS)
            .from(Entity)
            .cond_where(condition(&self.database, filter))
            .order_by(Column::OccurredAt, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .limit(limit)
            .take();
        if let Some(after) = after {
            query.and_where(self.comes_after([Column::OccurredAt, Column::Id], after));
        }
        let rows = self.database.connection().query_all(&query).await?;
        rows.iter().map(read).collect()
    }
}

fn condition(database: &Database, filter: &AuditFilter) -> Condition {
    let AuditFilter {
        subjects,
        actors,
        sessions,
        event_types,
        causes,
        outcome,
        start,
        end,
    } = filter;
    let users = |column, users: &BTreeSet<UserId>| {
        let ids = users.iter().map(|user| user.0);
        (!users.is_empty()).then(|| database.dialect().one_of(Expr::col(column), ids))
    };
    let texts =
        |column, texts: Vec<String>| (!texts.is_empty()).then(|| Expr::col(column).is_in(texts));
    let event_types = event_types
        .iter()
        .map(|event_type| event_type.stored().to_owned());
    let causes = causes.iter().map(|cause| cause.stored().to_owned());
    let outcome = outcome.iter().map(|outcome| outcome.stored().to_owned());
    let sessions = sessions.iter().map(ToString::to_string);
    let time = || Expr::col(Column::OccurredAt);
    Condition::all()
        .add_option(users(Column::SubjectUserId, subjects))
        .add_option(users(Column::ActorUserId, actors))
        .add_option(texts(Column::SessionId, sessions.collect()))
        .add_option(texts(Column::Event, event_types.collect()))
        .add_option(texts(Column::Cause, causes.collect()))
        .add_option(texts(Column::Outcome, outcome.collect()))
        .add_option(start.map(|start| time().gte(database.time(start))))
        .add_option(end.map(|end| time().lte(database.time(end))))
}

fn read(row: &QueryResult) -> Result<AuditEntry, StoreError> {
    let user = |column| -> Result<Option<UserId>, StoreError> {
        Ok(row.try_get::<Option<i32>>("", column)?.map(UserId))
    };
    let cause: Option<String> = row.try_get("", "cause")?;
    Ok(AuditEntry {
        position: AuditPosition {
            sort: row.try_get("", "occurred_at")?,
            id: row.try_get("", "id")?,
        },
        event_type: AuditEventType::parse_stored(&row.try_get::<String>("", "event")?),
        outcome: AuditOutcome::parse_stored(&row.try_get::<String>("", "outcome")?),
        cause: cause.as_deref().and_then(Cause::parse_stored),
        actor: user("actor_user_id")?,
        subject: user("subject_user_id")?,
        session: row.try_get("", "session_id")?,
        client: Client {
            device_info: row.try_get("", "device_info")?,
            ip_address: row.try_get("", "ip_address")?,
        },
        reason: row.try_get("", "reason")?,
        created_before: row.try_get("", "created_before")?,
        ended_count: row.try_get("", "ended_count")?,
    })
}
