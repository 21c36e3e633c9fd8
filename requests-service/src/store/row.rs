//! Selected rows: their columns, which are read by index because this is fastest, and the values
//! that they stand for.

use super::{
    entity::{
        branch, enums,
        partner_request::{self as requests, Relation},
    },
    etag,
    names::PageNames,
};
use crate::model::{Customer, NamedReference, PartnerRequest, Status};
use contract::ids::PartnerRequestId;
use sea_orm::{
    DbErr, EntityTrait as _, FromQueryResult, JoinType, QueryResult, QuerySelect as _,
    RelationTrait as _, Select, TryGetable,
};

/// The cells of a row, in order. A struct reads its fields in the order of the selected columns,
/// which is that of its entity.
pub(super) struct Cells<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl<'a> Cells<'a> {
    pub(super) fn of(row: &'a QueryResult) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// Selects the columns that [`RequestRow`] reads. Further columns come after them.
pub(super) fn find() -> Select<requests::Entity> {
    requests::Entity::find()
        // the referenced row may no longer exist
        .join(JoinType::LeftJoin, Relation::Branch.def())
        .column_as(branch::Column::Name, "branch_name")
}

/// A request, with the name of its branch.
#[derive(Debug)]
pub(super) struct RequestRow {
    pub(super) request: requests::Model,
    branch_name: Option<String>,
}

impl FromQueryResult for RequestRow {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        Self::read(&mut Cells::of(row))
    }
}

impl RequestRow {
    pub(super) fn read(cells: &mut Cells<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            request: request(cells)?,
            branch_name: cells.next()?,
        })
    }

    /// Whether the row has a status that this version does not know.
    pub(super) fn has_unknown_status(&self) -> bool {
        self.request.status.is_some() && self.status().is_none()
    }

    fn status(&self) -> Option<Status> {
        let label = self.request.status.as_ref()?;
        enums::known::<enums::RequestStatus>(label).map(Status::from)
    }

    /// The request, with the names that it refers to.
    pub(super) fn named(self, names: &PageNames) -> PartnerRequest {
        let status = self.status();
        let Self {
            request,
            branch_name,
        } = self;
        PartnerRequest {
            etag: etag::of(&request),
            id: PartnerRequestId(request.id),
            number: request.request_number,
            customer: Customer {
                name: request.customer_name,
                phone: request.customer_phone,
                latitude: request.customer_lat,
                longitude: request.customer_lng,
                address: request.customer_address,
            },
            category: names.category(request.category_id),
            service: request.service_id.map(|id| names.service(id)),
            pickup_option: names.pickup_option(request.pickup_option_id),
            partner: request.partner_id.map(|id| names.partner(id)),
            branch: request.branch_id.map(|id| NamedReference {
                id,
                name: branch_name.unwrap_or_default(),
                name_ar: None,
            }),
            status,
            sla_deadline: request.sla_deadline,
            created_at: request.created_at,
            updated_at: request.updated_at,
            submitted_at: request.submitted_at,
            assigned_at: request.assigned_at,
            confirmed_at: request.confirmed_at,
            rejected_at: request.rejected_at,
            in_progress_at: request.in_progress_at,
            completed_at: request.completed_at,
            closed_at: request.closed_at,
            rated_at: request.rated_at,
            rating: request.rating,
            feedback: request.feedback,
        }
    }
}

fn request(cells: &mut Cells<'_>) -> Result<requests::Model, DbErr> {
    Ok(requests::Model {
        id: cells.next()?,
        request_number: cells.next()?,
        customer_id: cells.next()?,
        customer_name: cells.next()?,
        customer_phone: cells.next()?,
        customer_lat: cells.next()?,
        customer_lng: cells.next()?,
        customer_address: cells.next()?,
        category_id: cells.next()?,
        service_id: cells.next()?,
        pickup_option_id: cells.next()?,
        partner_id: cells.next()?,
        branch_id: cells.next()?,
        assigned_by_user_id: cells.next()?,
        status: cells.next()?,
        sla_deadline: cells.next()?,
        created_at: cells.next()?,
        updated_at: cells.next()?,
        submitted_at: cells.next()?,
        assigned_at: cells.next()?,
        confirmed_at: cells.next()?,
        rejected_at: cells.next()?,
        in_progress_at: cells.next()?,
        completed_at: cells.next()?,
        closed_at: cells.next()?,
        closed_by_user_id: cells.next()?,
        rated_at: cells.next()?,
        rating: cells.next()?,
        feedback: cells.next()?,
        created_by_id: cells.next()?,
        updated_by_id: cells.next()?,
        is_active: cells.next()?,
        is_deleted: cells.next()?,
    })
}
