//! Table `requests`.

use super::enums::RequestStatus;
use contract::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "requests")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The number as printed.
    pub request_number: String,
    /// To `users`: the customer.
    pub customer_id: i32,
    /// The customer's name.
    pub customer_name: String,
    /// The customer's phone.
    pub customer_phone: String,
    /// Degrees north; `numeric(10,8)`.
    #[sea_orm(select_as = "double precision")]
    pub customer_lat: f64,
    /// Degrees east; `numeric(11,8)`.
    #[sea_orm(select_as = "double precision")]
    pub customer_lng: f64,
    /// The customer's address.
    pub customer_address: String,
    /// To `categories`.
    pub category_id: i32,
    /// To `services`.
    pub service_id: Option<i32>,
    /// To `pickup_option_types`.
    pub pickup_option_id: i32,
    /// To `partners`.
    pub partner_id: Option<i32>,
    /// To `branches`.
    pub branch_id: Option<i32>,
    /// To `users`: who assigned it.
    pub assigned_by_user_id: Option<i32>,
    /// [`RequestStatus`].
    #[sea_orm(column_type = "Enum { name: RequestStatus::name(), variants: Vec::new() }")]
    pub status: Option<String>,
    /// The deadline to confirm.
    pub sla_deadline: Option<Timestamp>,
    /// When the row was created.
    pub created_at: Option<Timestamp>,
    /// When the row was last changed.
    pub updated_at: Option<Timestamp>,
    /// When the customer submitted the request.
    pub submitted_at: Option<Timestamp>,
    /// When the request was last assigned.
    pub assigned_at: Option<Timestamp>,
    /// When the request was last confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When the request was last rejected.
    pub rejected_at: Option<Timestamp>,
    /// When work last began.
    pub in_progress_at: Option<Timestamp>,
    /// When the request was last completed.
    pub completed_at: Option<Timestamp>,
    /// When the request was closed.
    pub closed_at: Option<Timestamp>,
    /// To `users`: who closed it.
    pub closed_by_user_id: Option<i32>,
    /// When the customer rated the request.
    pub rated_at: Option<Timestamp>,
    /// 1 to 5.
    pub rating: Option<i32>,
    /// The customer's comment.
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
