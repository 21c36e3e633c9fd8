//! Table `requests`.

use super::enums::RequestStatus;
use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "requests")]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub request_number: String,
    /// To `users`: the customer.
    pub customer_id: i32,
    pub customer_name: String,
    pub customer_phone: String,
    /// Degrees north; `numeric(10,8)`.
    #[sea_orm(select_as = "double precision")]
    pub customer_lat: f64,
    /// Degrees east; `numeric(11,8)`.
    #[sea_orm(select_as = "double precision")]
    pub customer_lng: f64,
    pub customer_address: String,
    pub category_id: i32,
    pub service_id: Option<i32>,
    pub pickup_option_id: i32,
    pub partner_id: Option<i32>,
    pub branch_id: Option<i32>,
    /// To `users`: who assigned it.
    pub assigned_by_user_id: Option<i32>,
    /// [`RequestStatus`].
    #[sea_orm(column_type = "Enum { name: RequestStatus::name(), variants: Vec::new() }")]
    pub status: Option<String>,
    /// The deadline to confirm.
    pub sla_deadline: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub submitted_at: Option<Timestamp>,
    pub assigned_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    pub rejected_at: Option<Timestamp>,
    pub in_progress_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// To `users`: who closed it.
    pub closed_by_user_id: Option<i32>,
    pub rated_at: Option<Timestamp>,
    /// 1 to 5.
    pub rating: Option<i32>,
    pub feedback: Option<String>,
    /// To `users`: who made it.
    pub created_by_id: Option<i32>,
    /// To `users`: who changed it last.
    pub updated_by_id: Option<i32>,
    /// A row counts only if this is true.
    pub is_active: Option<bool>,
    /// A row counts only if this is false.
    pub is_deleted: Option<bool>,
}

/// The tables that a row refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// `requests.category_id`.
    #[sea_orm(
        belongs_to = "super::category::Entity",
        from = "Column::CategoryId",
        to = "super::category::Column::Id"
    )]
    Category,
    /// `requests.service_id`.
    #[sea_orm(
        belongs_to = "super::service::Entity",
        from = "Column::ServiceId",
        to = "super::service::Column::Id"
    )]
    Service,
    /// `requests.pickup_option_id`.
    #[sea_orm(
        belongs_to = "super::pickup_option::Entity",
        from = "Column::PickupOptionId",
        to = "super::pickup_option::Column::Id"
    )]
    PickupOption,
    /// `requests.partner_id`.
    #[sea_orm(
        belongs_to = "super::partner::Entity",
        from = "Column::PartnerId",
        to = "super::partner::Column::Id"
    )]
    Partner,
    /// `requests.branch_id`, unless the branch belongs to another partner. The old application did
    /// not always change both columns together.
    #[sea_orm(
        belongs_to = "super::branch::Entity",
        from = "(Column::BranchId, Column::PartnerId)",
        to = "(super::branch::Column::Id, super::branch::Column::PartnerId)"
    )]
    Branch,
}

impl ActiveModelBehavior for ActiveModel {}
