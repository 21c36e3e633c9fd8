//! What a change writes: the request's row, its assignments, its log.

use super::{
    StoreError, Transaction,
    entity::{
        assignment,
        partner_request::{self as requests, Column},
        status_log,
    },
};
use crate::model::{Holder, Moment, Response, Transition};
use contract::{
    ids::{BranchId, PartnerId, PartnerRequestId, UserId},
    time::Timestamp,
};
use sea_orm::{
    ConnectionTrait as _,
    sea_query::{Expr, ExprTrait as _, InsertStatement, Order, Query, UpdateStatement},
};

/// What a transition writes, with what it takes from the call.
#[derive(Clone, Debug)]
pub struct AppliedTransition<'a> {
    /// The row of the life cycle.
    pub transition: &'a Transition,
    /// Which request.
    pub request: PartnerRequestId,
    /// Who changes it.
    pub user: UserId,
    /// Whose work it is while the change is made.
    pub partner: Option<PartnerId>,
    /// To whom it goes, where somebody gets it.
    pub handover: Option<Handover>,
    /// What the log notes: the reason of a rejection.
    pub notes: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

/// To whom a request goes.
#[derive(Clone, Copy, Debug)]
pub struct Handover {
    /// The partner.
    pub partner: PartnerId,
    /// The branch.
    pub branch: BranchId,
    /// To confirm by.
    pub sla_deadline: Timestamp,
}

impl Transaction {
    /// Writes a change into the row, the assignments and the log.
    pub async fn write(&self, applied: &AppliedTransition<'_>) -> Result<(), StoreError> {
        self.inner.execute(&self.row(applied)).await?;
        if let Some(response) = applied.transition.response
            && let Some(partner) = applied.partner
        {
            let answer = self.answered(applied, partner, response);
            self.inner.execute(&answer).await?;
        }
        if let Some(handover) = applied.handover {
            self.inner.execute(&superseded(applied)).await?;
            let assignment = self.assigned(applied, handover);
            self.inner.execute(&assignment).await?;
        }
        self.inner.execute(&self.logged(applied)).await?;
        Ok(())
    }

    fn time(&self, time: Timestamp) -> Expr {
        self.database.time(time)
    }

    fn row(&self, applied: &AppliedTransition<'_>) -> UpdateStatement {
        let Transition {
            to,
            set,
            cleared,
            holder,
            ..
        } = applied.transition;
        let mut update = Query::update();
        update
            .table(requests::Entity)
            .value(Column::Status, status(to.name()))
            .value(Column::UpdatedAt, self.time(applied.now))
            .value(Column::UpdatedById, applied.user.0)
            .and_where(Expr::col(Column::Id).eq(applied.request.0));
        for moment in *set {
            update.value(column(*moment), self.time(applied.now));
        }
        for moment in *cleared {
            update.value(column(*moment), Option::<Timestamp>::None);
        }
        if set.contains(&Moment::Closed) {
            update.value(Column::ClosedByUserId, applied.user.0);
        }
        match (holder, applied.handover) {
            (Holder::Comes, Some(handover)) => update
                .value(Column::PartnerId, handover.partner.0)
                .value(Column::BranchId, handover.branch.0)
                .value(Column::AssignedByUserId, applied.user.0)
                .value(Column::SlaDeadline, self.time(handover.sla_deadline)),
            (Holder::Goes, _) => update
                .value(Column::PartnerId, Option::<i32>::None)
                .value(Column::BranchId, Option::<i32>::None)
                .value(Column::SlaDeadline, Option::<Timestamp>::None),
            (Holder::Stays | Holder::Comes, _) => &mut update,
        };
        update
    }

    /// The newest active assignment of the partner; older ones of it, and those
    /// of others, stay as they are.
    fn answered(
        &self,
        applied: &AppliedTransition<'_>,
        partner: PartnerId,
        response: Response,
    ) -> UpdateStatement {
        use assignment::Column;
        let newest = Query::select()
            .column(Column::Id)
            .from(assignment::Entity)
            .and_where(Expr::col(Column::RequestId).eq(applied.request.0))
            .and_where(Expr::col(Column::PartnerId).eq(partner.0))
            .and_where(Expr::col(Column::IsActive))
            .order_by(Column::Id, Order::Desc)
            .limit(1)
            .take();
        let mut update = Query::update();
        update
            .table(assignment::Entity)
            .value(
                Column::Response,
                Expr::val(response.name()).as_enum("assignment_response_enum"),
            )
            .value(Column::RespondedAt, self.time(applied.now))
            .and_where(Expr::col(Column::Id).in_subquery(newest));
        if let Some(reason) = applied.notes {
            update.value(Column::RejectionReason, reason);
        }
        update
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
                (
                    Column::Response,
                    Expr::val("pending").as_enum("assignment_response_enum"),
                ),
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
                (Column::Status, status(applied.transition.logged.name())),
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

/// Assignments that another one takes the place of.
fn superseded(applied: &AppliedTransition<'_>) -> UpdateStatement {
    use assignment::Column;
    Query::update()
        .table(assignment::Entity)
        .value(Column::IsActive, false)
        .and_where(Expr::col(Column::RequestId).eq(applied.request.0))
        .and_where(Expr::col(Column::IsActive))
        .take()
}

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

fn status(name: &str) -> Expr {
    Expr::val(name).as_enum("request_status_enum")
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
