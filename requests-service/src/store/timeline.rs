//! What happened to a request, and whose it was when.

use super::{
    Store, StoreError,
    entity::{assignment, status_log, user},
    filter::live,
};
use crate::model::{Actor, Assignment, Status, TimelineEntry};
use contract::{
    ids::{PartnerId, PartnerRequestId, UserId},
    time::Timestamp,
};
use sea_orm::{
    FromQueryResult,
    sea_query::{Expr, ExprTrait as _, NullOrdering, Order, Query, SelectStatement},
};

/// Entries of a timeline at most.
const MOST_ENTRIES: u64 = 200;
/// Assignments at most. A request with more is nobody's honest request.
pub const MOST_ASSIGNMENTS: u64 = 500;

impl Store {
    /// What happened to a request, newest first.
    pub async fn timeline(
        &self,
        request: PartnerRequestId,
    ) -> Result<Vec<TimelineEntry>, StoreError> {
        let rows: Vec<Entry> = self.all(&entries(request)).await?;
        Ok(rows.into_iter().map(TimelineEntry::from).collect())
    }

    /// To whom a request was assigned, in whatever order; the newest
    /// [`MOST_ASSIGNMENTS`].
    pub async fn assignments(
        &self,
        request: PartnerRequestId,
    ) -> Result<Vec<Assignment>, StoreError> {
        let rows: Vec<Given> = self.all(&assignments(request)).await?;
        Ok(rows.into_iter().map(Assignment::from).collect())
    }
}

pub(super) fn entries(request: PartnerRequestId) -> SelectStatement {
    use status_log::Column;
    let column = |column| Expr::col((status_log::Entity, column));
    Query::select()
        .expr_as(column(Column::Status).cast_as("text"), "status")
        .expr_as(column(Column::Timestamp), "at")
        .expr_as(column(Column::ChangedById), "user_id")
        .expr_as(Expr::col((user::Entity, user::Column::Name)), "user_name")
        .expr_as(column(Column::Notes), "notes")
        .from(status_log::Entity)
        .left_join(
            user::Entity,
            Expr::col((user::Entity, user::Column::Id))
                .equals((status_log::Entity, Column::ChangedById)),
        )
        .and_where(column(Column::RequestId).eq(request.0))
        .cond_where(live(Column::IsActive, Column::IsDeleted))
        .order_by_with_nulls(
            (status_log::Entity, Column::Timestamp),
            Order::Desc,
            NullOrdering::Last,
        )
        .order_by((status_log::Entity, Column::Id), Order::Desc)
        .limit(MOST_ENTRIES)
        .take()
}

pub(super) fn assignments(request: PartnerRequestId) -> SelectStatement {
    use assignment::Column;
    Query::select()
        .column(Column::PartnerId)
        .column(Column::AssignedAt)
        .from(assignment::Entity)
        .and_where(Expr::col(Column::RequestId).eq(request.0))
        .order_by(Column::Id, Order::Desc)
        .limit(MOST_ASSIGNMENTS)
        .take()
}

#[derive(Debug, FromQueryResult)]
struct Entry {
    status: String,
    at: Option<Timestamp>,
    user_id: i32,
    user_name: Option<String>,
    notes: Option<String>,
}

impl From<Entry> for TimelineEntry {
    fn from(entry: Entry) -> Self {
        Self {
            status: Status::from_name(&entry.status),
            at: entry.at,
            actor: Some(Actor {
                id: UserId(entry.user_id),
                name: entry.user_name.unwrap_or_default(),
            }),
            notes: entry.notes,
        }
    }
}

#[derive(Debug, FromQueryResult)]
struct Given {
    partner_id: i32,
    assigned_at: Option<Timestamp>,
}

impl From<Given> for Assignment {
    fn from(given: Given) -> Self {
        Self {
            partner: PartnerId(given.partner_id),
            at: given.assigned_at,
        }
    }
}
