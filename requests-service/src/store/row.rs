//! A row as it is selected, with the names of what it refers to, and what it
//! means.

use super::{
    entity::{branch, category, partner, partner_request as requests, pickup_option, service},
    etag,
};
use crate::model::{Customer, NamedReference, PartnerRequest, Status};
use contract::ids::PartnerRequestId;
use sea_orm::{
    ColumnTrait as _, DbErr, FromQueryResult, Iterable as _, QueryResult,
    sea_query::{Condition, Expr, ExprTrait as _, SelectStatement},
};

/// Selects what [`RequestRow`] reads: the columns of `requests`, which must be in FROM
/// already, and the names behind its references, joined here.
pub(super) fn select_columns(select: &mut SelectStatement) {
    for column in requests::Column::iter() {
        select.expr_as(
            column.select_as(Expr::col((requests::Entity, column))),
            column,
        );
    }
    join(
        select,
        category::Entity,
        category::Column::Id,
        requests::Column::CategoryId,
        &[
            (category::Column::Name, "category_name"),
            (category::Column::NameAr, "category_name_ar"),
        ],
    );
    join(
        select,
        service::Entity,
        service::Column::Id,
        requests::Column::ServiceId,
        &[
            (service::Column::Name, "service_name"),
            (service::Column::NameAr, "service_name_ar"),
        ],
    );
    join(
        select,
        pickup_option::Entity,
        pickup_option::Column::Id,
        requests::Column::PickupOptionId,
        &[
            (pickup_option::Column::Name, "pickup_option_name"),
            (pickup_option::Column::NameAr, "pickup_option_name_ar"),
        ],
    );
    join(
        select,
        partner::Entity,
        partner::Column::Id,
        requests::Column::PartnerId,
        &[(partner::Column::Name, "partner_name")],
    );
    // one of another partner is not shown: rows were not always changed as a whole
    select
        .left_join(
            branch::Entity,
            Condition::all()
                .add(
                    Expr::col((branch::Entity, branch::Column::Id))
                        .equals((requests::Entity, requests::Column::BranchId)),
                )
                .add(
                    Expr::col((branch::Entity, branch::Column::PartnerId))
                        .equals((requests::Entity, requests::Column::PartnerId)),
                ),
        )
        .expr_as(
            Expr::col((branch::Entity, branch::Column::Name)),
            "branch_name",
        );
}

/// A LEFT JOIN, since the row behind a reference may be gone.
fn join<E, C>(
    select: &mut SelectStatement,
    table: E,
    id: C,
    reference: requests::Column,
    names: &[(C, &'static str)],
) where
    E: sea_orm::EntityTrait<Column = C>,
    C: sea_orm::ColumnTrait,
{
    select.left_join(
        table,
        Expr::col((table, id)).equals((requests::Entity, reference)),
    );
    for (column, alias) in names {
        select.expr_as(Expr::col((table, *column)), *alias);
    }
}

/// A selected row.
#[derive(Debug)]
pub(super) struct RequestRow {
    request: requests::Model,
    names: Names,
}

impl RequestRow {
    /// The row has a status, and this version does not know it.
    pub(super) fn has_unknown_status(&self) -> bool {
        let status = self.request.status.as_deref();
        status.is_some_and(|name| Status::from_name(name).is_none())
    }
}

#[derive(Debug, FromQueryResult)]
struct Names {
    category_name: Option<String>,
    category_name_ar: Option<String>,
    service_name: Option<String>,
    service_name_ar: Option<String>,
    pickup_option_name: Option<String>,
    pickup_option_name_ar: Option<String>,
    partner_name: Option<String>,
    branch_name: Option<String>,
}

impl FromQueryResult for RequestRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            request: requests::Model::from_query_result(row, prefix)?,
            names: Names::from_query_result(row, prefix)?,
        })
    }
}

impl From<RequestRow> for PartnerRequest {
    fn from(RequestRow { request, names }: RequestRow) -> Self {
        Self {
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
            category: named(
                request.category_id,
                names.category_name,
                names.category_name_ar,
            ),
            service: request
                .service_id
                .map(|id| named(id, names.service_name, names.service_name_ar)),
            pickup_option: named(
                request.pickup_option_id,
                names.pickup_option_name,
                names.pickup_option_name_ar,
            ),
            partner: request
                .partner_id
                .map(|id| named(id, names.partner_name, None)),
            branch: request
                .branch_id
                .map(|id| named(id, names.branch_name, None)),
            status: request.status.as_deref().and_then(Status::from_name),
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

fn named(id: i32, name: Option<String>, name_ar: Option<String>) -> NamedReference {
    NamedReference {
        id,
        name: name.unwrap_or_default(),
        name_ar,
    }
}
