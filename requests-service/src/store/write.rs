//! The writes of a change: the request's row, its assignments, its log.

use super::{
    StoreError, Transaction,
    entity::{
        assignment,
        enums::{AssignmentResponse, RequestStatus},
        partner_request::{self as requests, Column},
        status_log,
    },
};
use crate::model::{Holder, Moment, Response, Status, Transition};
use contract::{
    ids::{BranchId, PartnerId, PartnerRequestId, UserId},
    time::Timestamp,
};
use sea_orm::{
    ActiveEnum as _, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, UpdateMany,
    sea_query::{Expr, InsertStatement, Query},
};

/// A row of the life cycle with the arguments of the call.
#[derive(Clone, Debug)]
pub struct AppliedTransition<'a> {
    /// The row of the life cycle.
    pub transition: &'a Transition,
    /// The request.
    pub request: PartnerRequestId,
    /// The user who makes the change.
    pub user: UserId,
    /// The partner that the request belongs to before the change.
    pub partner: Option<PartnerId>,
    /// The partner that it is assigned to, if it is.
    pub handover: Option<Handover>,
    /// The note in the log: the reason of a rejection.
    pub notes: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// The target of an assignment.
#[derive(Clone, Copy, Debug)]
pub struct Handover {
    /// The partner.
    pub partner: PartnerId,
    /// The branch.
    pub branch: BranchId,
    /// The deadline to confirm.
    pub sla_deadline: Timestamp,
}

impl Transaction {
    /// Writes a change into the row, the assignments and the log.
    pub async fn write(&self, applied: &AppliedTransition<'_>) -> Result<(), StoreError> {
        self.row(applied).exec(&self.inner).await?;
        if let Some(response) = applied.transition.response
            && let Some(partner) = applied.partner
        {
            let answered = self.answered(applied, partner, response);
            answered.exec(&self.inner).await?;
        }
        if let Some(handover) = applied.handover {
            superseded(applied).exec(&self.inner).await?;
            let assignment = self.assigned(applied, handover);
            self.inner.execute(&assignment).await?;
        }
        self.inner.execute(&self.logged(applied)).await?;
        Ok(())
    }

    fn time(&self, time: Timestamp) -> Expr {
        self.database.time(time)
    }

    fn row(&self, applied: &AppliedTransition<'_>) -> UpdateMany<requests::Entity> {
        let Transition {
            to,
            set,
            cleared,
            holder,
            ..
        } = applied.transition;
        let mut update = requests::Entity::update_many()
            .col_expr(Column::Status, status(*to))
            .col_expr(Column::UpdatedAt, self.time(applied.now))
            .col_expr(Column::UpdatedById, applied.user.0.into())
            .filter(Column::Id.eq(applied.request.0));
        for moment in *set {
            update = update.col_expr(column(*moment), self.time(applied.now));
        }
        for moment in *cleared {
            update = update.col_expr(column(*moment), Expr::null());
        }
        if set.contains(&Moment::Closed) {
            update = update.col_expr(Column::ClosedByUserId, applied.user.0.into());
        }
        match (holder, applied.handover) {
            (Holder::Comes, Some(handover)) => update
                .col_expr(Column::PartnerId, handover.partner.0.into())
                .col_expr(Column::BranchId, handover.branch.0.into())
                .col_expr(Column::AssignedByUserId, applied.user.0.into())
                .col_expr(Column::SlaDeadline, self.time(handover.sla_deadline)),
            (Holder::Goes, _) => update
                .col_expr(Column::PartnerId, Expr::null())
                .col_expr(Column::BranchId, Expr::null())
                .col_expr(Column::SlaDeadline, Expr::null()),
            (Holder::Stays | Holder::Comes, _) => update,
        }
    }

    /// The newest active assignment of the partner. Its older ones, and those of other partners, do
    /// not change.
    fn answered(
        &self,
        applied: &AppliedTransition<'_>,
        partner: PartnerId,
        response: Response,
    ) -> UpdateMany<assignment::Entity> {
        use assignment::Column;
        let newest = assignment::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::RequestId.eq(applied.request.0))
            .filter(Column::PartnerId.eq(partner.0))
            .filter(Column::IsActive.into_expr())
            .order_by_desc(Column::Id)
            .limit(1)
            .into_query();
        let response = AssignmentResponse::from(response);
        assignment::Entity::update_many()
            .col_expr(Column::Response, response.as_enum())
            .col_expr(Column::RespondedAt, self.time(applied.now))
            .filter(Column::Id.in_subquery(newest))
            .apply_if(applied.notes, |update, reason| {
                update.col_expr(Column::RejectionReason, reason.into())
            })
    }

    fn assigned(&self, applied: &AppliedTransition<'_>, handover: Handover) -> InsertStatement {
        use assignment::Column;
        insert(
            assignment::Entity,
            [
                (Column::RequestId, applied.request.0.into()),
                (Column::PartnerId, handover.partner.0.into()),
                (Column::BranchId, handover.branch.0.into()),
                (Column::AssignedByUserId, applied.user.0.into()),
                (Column::AssignedAt, self.time(applied.now)),
                (Column::Response, AssignmentResponse::Pending.as_enum()),
                (Column::CreatedAt, self.time(applied.now)),
                (Column::IsActive, true.into()),
            ],
        )
    }

    fn logged(&self, applied: &AppliedTransition<'_>) -> InsertStatement {
        use status_log::Column;
        insert(
            status_log::Entity,
            [
                (Column::RequestId, applied.request.0.into()),
                (Column::Status, status(applied.transition.logged)),
                (Column::ChangedById, applied.user.0.into()),
                (Column::Notes, applied.notes.into()),
                (Column::Timestamp, self.time(applied.now)),
                (Column::CreatedAt, self.time(applied.now)),
                (Column::CreatedById, applied.user.0.into()),
                (Column::UpdatedAt, self.time(applied.now)),
                (Column::UpdatedById, applied.user.0.into()),
                (Column::IsActive, true.into()),
                (Column::IsDeleted, false.into()),
            ],
        )
    }
}

/// The assignments that a new one replaces.
fn superseded(applied: &AppliedTransition<'_>) -> UpdateMany<assignment::Entity> {
    use assignment::Column;
    assignment::Entity::update_many()
        .col_expr(Column::IsActive, false.into())
        .filter(Column::RequestId.eq(applied.request.0))
        .filter(Column::IsActive.into_expr())
}

/// Written by hand, because an active model holds values only, and a time is an expression.
fn insert<E, C, const N: usize>(table: E, values: [(C, Expr); N]) -> InsertStatement
where
    E: sea_orm::EntityTrait<Column = C>,
    C: sea_orm::ColumnTrait,
{
    let (columns, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
    Query::insert()
        .into_table(table)
        .columns(columns)
        .values_panic(values)
        .take()
}

fn status(status: Status) -> Expr {
    RequestStatus::from(status).as_enum()
}

fn column(moment: Moment) -> Column {
    match moment {
        Moment::Assigned => Column::AssignedAt,
        Moment::Confirmed => Column::ConfirmedAt,
        Moment::Rejected => Column::RejectedAt,
        Moment::InProgress => Column::InProgressAt,
        Moment::Completed => Column::CompletedAt,
        Moment::Closed => Column::ClosedAt,
    }
}
