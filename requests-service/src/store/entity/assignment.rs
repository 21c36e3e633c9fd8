//! Table `request_assignments`: the assignments of requests to partners, and the partners'
//! responses.

use super::enums::AssignmentResponse;
use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_assignments")]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub request_id: i32,
    pub partner_id: i32,
    pub branch_id: i32,
    pub assigned_by_user_id: i32,
    pub assigned_at: Option<Timestamp>,
    pub responded_at: Option<Timestamp>,
    /// [`AssignmentResponse`].
    #[sea_orm(column_type = "Enum { name: AssignmentResponse::name(), variants: Vec::new() }")]
    pub response: Option<String>,
    /// Why the partner rejected the request.
    pub rejection_reason: Option<String>,
    pub created_at: Option<Timestamp>,
    /// False when another assignment has replaced it.
    pub is_active: Option<bool>,
}

/// The tables that a row refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// `request_assignments.request_id`.
    #[sea_orm(
        belongs_to = "super::partner_request::Entity",
        from = "Column::RequestId",
        to = "super::partner_request::Column::Id"
    )]
    Request,
    /// `request_assignments.partner_id`.
    #[sea_orm(
        belongs_to = "super::partner::Entity",
        from = "Column::PartnerId",
        to = "super::partner::Column::Id"
    )]
    Partner,
    /// `request_assignments.branch_id`.
    #[sea_orm(
        belongs_to = "super::branch::Entity",
        from = "Column::BranchId",
        to = "super::branch::Column::Id"
    )]
    Branch,
}

impl ActiveModelBehavior for ActiveModel {}
