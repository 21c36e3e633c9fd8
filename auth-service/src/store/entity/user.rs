//! `users`.

use contract::time::Timestamp;
use sea_orm::{entity::prelude::*, sea_query::Expr};

/// A row of `users`, without its password. That column is read separately, so that no model with
/// `Debug` contains it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
#[allow(missing_docs)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub role_id: i32,
    pub partner_id: Option<i32>,
    pub language_preference: Option<String>,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub is_active: Option<bool>,
    pub is_deleted: Option<bool>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The type of user that this service adds. Others are read as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "Enum",
    enum_name = "user_type_enum",
    rename_all = "snake_case"
)]
pub enum UserType {
    /// Who registers.
    Customer,
}

/// The hash of the password, as a column of a joined row.
#[must_use]
pub fn password() -> Expr {
    Expr::col((Entity, Unmodelled::Password))
}

/// Columns that are not in the model: one is a secret, the other an enum whose values differ
/// between databases.
#[derive(Clone, Copy, Debug, DeriveIden)]
pub enum Unmodelled {
    /// `password`.
    Password,
    /// `user_type`; see [`UserType`].
    UserType,
}
