//! Lists the audit log, in pages.

use super::{
    Store, StoreError,
    entity::audit_event::{Column, Entity, Model},
};
use crate::model::{
    AuditEntry, AuditEventType, AuditFilter, AuditOutcome, AuditPosition, Cause, Client,
};
use contract::ids::UserId;
use database::Database;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Condition, ExprTrait as _},
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
        let events = Entity::find()
            .filter(condition(&self.database, filter))
            .apply_if(after, |rows, after| {
                rows.filter(self.comes_after([Column::OccurredAt, Column::Id], after))
            })
            .order_by_desc(Column::OccurredAt)
            .order_by_desc(Column::Id)
            .limit(limit);
        let events = events.all(self.database.connection()).await?;
        Ok(events.into_iter().map(entry).collect())
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
    let users = |column: Column, users: &BTreeSet<UserId>| {
        let ids = users.iter().map(|user| user.0);
        (!users.is_empty()).then(|| database.dialect().one_of(column.into_expr(), ids))
    };
    let texts =
        |column: Column, texts: Vec<String>| (!texts.is_empty()).then(|| column.is_in(texts));
    let event_types = event_types
        .iter()
        .map(|event_type| event_type.stored().to_owned());
    let causes = causes.iter().map(|cause| cause.stored().to_owned());
    let outcome = outcome.iter().map(|outcome| outcome.stored().to_owned());
    let sessions = sessions.iter().map(ToString::to_string);
    let time = || Column::OccurredAt.into_expr();
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

fn entry(row: Model) -> AuditEntry {
    AuditEntry {
        position: AuditPosition {
            sort: row.occurred_at,
            id: row.id,
        },
        event_type: AuditEventType::parse_stored(&row.event),
        outcome: AuditOutcome::parse_stored(&row.outcome),
        cause: row.cause.as_deref().and_then(Cause::parse_stored),
        actor: row.actor_user_id.map(UserId),
        subject: row.subject_user_id.map(UserId),
        session: row.session_id,
        client: Client {
            device_info: row.device_info,
            ip_address: row.ip_address,
        },
        reason: row.reason,
        created_before: row.created_before,
        ended_count: row.ended_count,
    }
}
