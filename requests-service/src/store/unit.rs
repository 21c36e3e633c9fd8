//! A change of a request: one transaction over its row, its assignments and its
//! log. What is read and written in it is decided by the domain, statement by
//! statement; dropped before [`Unit::commit`], it leaves no trace.

use super::{
    Store, StoreError,
    entity::{
        assignment, branch,
        partner_request::{self as requests, Column},
        status_log,
    },
    filter, get, partner,
    statement::statement,
};
use crate::model::{Holder, Key, Moment, PartnerStanding, Read, Response, Transition, Visibility};
use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction,
    sea_query::{Expr, ExprTrait as _, InsertStatement, LockType, Order, Query, UpdateStatement},
};
use shared::{
    database::{Database, Dialect},
    ids::{BranchId, PartnerId, PartnerRequestId, UserId},
    time::Timestamp,
};

/// A transaction.
#[derive(Debug)]
pub struct Unit {
    pub(super) database: Database,
    pub(super) transaction: DatabaseTransaction,
}

/// What a transition writes, with what it takes from the call.
#[derive(Clone, Debug)]
pub struct Change<'a> {
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

impl Store {
    /// Begins a change.
    pub async fn begin(&self) -> Result<Unit, StoreError> {
        Ok(Unit {
            transaction: self.database.begin().await?,
            database: self.database.clone(),
        })
    }
}

impl Unit {
    /// Makes the request the transaction's own until it ends, and reads it as it
    /// is from then on. `None`: it does not exist for the caller.
    ///
    /// Two statements: one that waited for the row would show what it joins, and
    /// the time, as they were before.
    pub async fn lock(
        &self,
        visibility: Visibility,
        request: PartnerRequestId,
    ) -> Result<Option<Read>, StoreError> {
        let key = Key::Id(request);
        // on SQLite the transaction is the one writer already
        if self.database.dialect() == Dialect::Postgres {
            let lock = Query::select()
                .column(Column::Id)
                .from(requests::Entity)
                .cond_where(filter::visible(visibility))
                .and_where(get::named(&key))
                .lock(LockType::Update)
                .take();
            let lock = statement(self.database.dialect(), &lock);
            if self.transaction.query_one_raw(lock).await?.is_none() {
                return Ok(None);
            }
        }
        self.read(visibility, &key).await
    }

    /// Reads a request as it is in this transaction.
    pub async fn read(
        &self,
        visibility: Visibility,
        key: &Key,
    ) -> Result<Option<Read>, StoreError> {
        get::read(&self.database, &self.transaction, visibility, key).await
    }

    /// Whether a partner may work, and if not, why.
    pub async fn partner_standing(
        &self,
        partner: PartnerId,
    ) -> Result<PartnerStanding, StoreError> {
        partner::standing_of(&self.transaction, partner).await
    }

    /// Whose a branch is; `None`: there is none that is live.
    pub async fn partner_of_branch(
        &self,
        branch: BranchId,
    ) -> Result<Option<PartnerId>, StoreError> {
        let select = Query::select()
            .column(branch::Column::PartnerId)
            .from(branch::Entity)
            .and_where(Expr::col(branch::Column::Id).eq(branch.0))
            .and_where(Expr::col(branch::Column::IsActive))
            .and_where(Expr::col(branch::Column::IsDeleted).not())
            .take();
        let row = self.transaction.query_one(&select).await?;
        row.map(|row| Ok(PartnerId(row.try_get("", "partner_id")?)))
            .transpose()
    }

    /// Writes a change into the row, the assignments and the log.
    pub async fn write(&self, change: &Change<'_>) -> Result<(), StoreError> {
        self.transaction.execute(&self.row(change)).await?;
        if let Some(response) = change.transition.response
            && let Some(partner) = change.partner
        {
            let answer = self.answered(change, partner, response);
            self.transaction.execute(&answer).await?;
        }
        if let Some(handover) = change.handover {
            self.transaction.execute(&superseded(change)).await?;
            let assignment = self.assigned(change, handover);
            self.transaction.execute(&assignment).await?;
        }
        self.transaction.execute(&self.logged(change)).await?;
        Ok(())
    }

    /// Makes it all last.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    fn time(&self, time: Timestamp) -> Expr {
        self.database.time(time)
    }

    fn row(&self, change: &Change<'_>) -> UpdateStatement {
        let Transition {
            to,
            set,
            cleared,
            holder,
            ..
        } = change.transition;
        let mut update = Query::update();
        update
            .table(requests::Entity)
            .value(Column::Status, status(to.name()))
            .value(Column::UpdatedAt, self.time(change.now))
            .value(Column::UpdatedById, change.user.0)
            .and_where(Expr::col(Column::Id).eq(change.request.0));
        for moment in *set {
            update.value(column(*moment), self.time(change.now));
        }
        for moment in *cleared {
            update.value(column(*moment), Option::<Timestamp>::None);
        }
        if set.contains(&Moment::Closed) {
            update.value(Column::ClosedByUserId, change.user.0);
        }
        match (holder, change.handover) {
            (Holder::Comes, Some(handover)) => update
                .value(Column::PartnerId, handover.partner.0)
                .value(Column::BranchId, handover.branch.0)
                .value(Column::AssignedByUserId, change.user.0)
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
        change: &Change<'_>,
        partner: PartnerId,
        response: Response,
    ) -> UpdateStatement {
        use assignment::Column;
        let newest = Query::select()
            .column(Column::Id)
            .from(assignment::Entity)
            .and_where(Expr::col(Column::RequestId).eq(change.request.0))
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
            .value(Column::RespondedAt, self.time(change.now))
            .and_where(Expr::col(Column::Id).in_subquery(newest));
        if let Some(reason) = change.notes {
            update.value(Column::RejectionReason, reason);
        }
        update
    }

    fn assigned(&self, change: &Change<'_>, handover: Handover) -> InsertStatement {
        use assignment::Column;
        insert(
            assignment::Entity,
            [
                (Column::RequestId, change.request.0.into()),
                (Column::PartnerId, handover.partner.0.into()),
                (Column::BranchId, handover.branch.0.into()),
                (Column::AssignedByUserId, change.user.0.into()),
                (Column::AssignedAt, self.time(change.now)),
                (
                    Column::Response,
                    Expr::val("pending").as_enum("assignment_response_enum"),
                ),
                (Column::CreatedAt, self.time(change.now)),
                (Column::IsActive, true.into()),
            ],
        )
    }

    fn logged(&self, change: &Change<'_>) -> InsertStatement {
        use status_log::Column;
        insert(
            status_log::Entity,
            [
                (Column::RequestId, change.request.0.into()),
                (Column::Status, status(change.transition.logged.name())),
                (Column::ChangedById, change.user.0.into()),
                (Column::Notes, change.notes.into()),
                (Column::Timestamp, self.time(change.now)),
                (Column::CreatedAt, self.time(change.now)),
                (Column::CreatedById, change.user.0.into()),
                (Column::UpdatedAt, self.time(change.now)),
                (Column::UpdatedById, change.user.0.into()),
                (Column::IsActive, true.into()),
                (Column::IsDeleted, false.into()),
            ],
        )
    }
}

/// Assignments that another one takes the place of.
fn superseded(change: &Change<'_>) -> UpdateStatement {
    use assignment::Column;
    Query::update()
        .table(assignment::Entity)
        .value(Column::IsActive, false)
        .and_where(Expr::col(Column::RequestId).eq(change.request.0))
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
