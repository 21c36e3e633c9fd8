//! The history of a request, and its assignments.

use super::{
    Store, StoreError,
    entity::{
        assignment, enums,
        status_log::{self, Relation},
        user,
    },
    filter::live,
};
use crate::model::{Actor, Assignment, Status, TimelineEntry};
use contract::{
    ids::{PartnerId, PartnerRequestId, UserId},
    time::Timestamp,
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, JoinType, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, RelationTrait as _, Select,
    sea_query::{NullOrdering, Order},
};

/// The largest number of entries in a timeline.
const MOST_ENTRIES: u64 = 200;
/// The largest number of assignments. No real request has more.
pub const MOST_ASSIGNMENTS: u64 = 500;

impl Store {
    /// The history of a request, newest first.
    pub async fn timeline(
        &self,
        request: PartnerRequestId,
    ) -> Result<Vec<TimelineEntry>, StoreError> {
        let rows: Vec<Entry> = self.all(&entries(request)).await?;
        Ok(rows.into_iter().map(TimelineEntry::from).collect())
    }

    /// The assignments of a request, in no order; the newest [`MOST_ASSIGNMENTS`].
    pub async fn assignments(
        &self,
        request: PartnerRequestId,
    ) -> Result<Vec<Assignment>, StoreError> {
        let rows: Vec<Given> = self.all(&assignments(request)).await?;
        Ok(rows.into_iter().map(Assignment::from).collect())
    }
}

pub(super) fn entries(request: PartnerRequestId) -> Select<status_log::Entity> {
    use status_log::Column;
    status_log::Entity::find()
        .select_only()
        .columns([
            Column::Status,
            Column::Timestamp,
            Column::ChangedById,
            Column::Notes,
        ])
        .column_as(user::Column::Name, "user_name")
        // the referenced row may no longer exist
        .join(JoinType::LeftJoin, Relation::ChangedBy.def())
        .filter(Column::RequestId.eq(request.0))
        .filter(live(Column::IsActive, Column::IsDeleted))
        .order_by_with_nulls(Column::Timestamp, Order::Desc, NullOrdering::Last)
        .order_by_desc(Column::Id)
        .limit(MOST_ENTRIES)
}

pub(super) fn assignments(request: PartnerRequestId) -> Select<assignment::Entity> {
    use assignment::Column;
    assignment::Entity::find()
        .select_only()
        .columns([Column::PartnerId, Column::AssignedAt])
        .filter(Column::RequestId.eq(request.0))
        .order_by_desc(Column::Id)
        .limit(MOST_ASSIGNMENTS)
}

#[derive(Debug, FromQueryResult)]
struct Entry {
    status: String,
    timestamp: Option<Timestamp>,
    changed_by_id: i32,
    user_name: Option<String>,
    notes: Option<String>,
}

impl From<Entry> for TimelineEntry {
    fn from(entry: Entry) -> Self {
        Self {
            status: enums::known::<enums::RequestStatus>(&entry.status).map(Status::from),
            at: entry.timestamp,
            actor: Some(Actor {
                id: UserId(entry.changed_by_id),
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
