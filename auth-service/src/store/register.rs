//! Registration: a customer with its first session.

use super::{
    NewSession, Store, StoreError,
    entity::{customer, user},
    retried,
};
use crate::model::{AuditEventType, NewCustomer, PasswordHash};
use contract::{ids::UserId, time::Timestamp};
use database::Transaction;
use sea_orm::{
    ActiveEnum, ConnectionTrait, Iden,
    sea_query::{Expr, ExprTrait, Query},
};

impl Store {
    /// Adds a customer with its first session. `Exists` if the e-mail is taken.
    pub async fn register(
        &self,
        new: &NewCustomer,
        password: &PasswordHash,
        session: &NewSession,
    ) -> Result<UserId, StoreError> {
        retried(|| async {
            let transaction = self.database.begin().await?;
            let role = Query::select()
                .column("id")
                .expr_as(self.database.now(), "now")
                .from("roles")
                .and_where(Expr::col("name").eq("customer"))
                .take();
            let role = transaction
                .query_one(&role)
                .await?
                .ok_or_else(|| StoreError::Inconsistent("no role named customer".to_owned()))?;
            let now: Timestamp = role.try_get("", "now")?;
            let user = self
                .insert_user(&transaction, new, password, role.try_get("", "id")?)
                .await?;
            let customer = Query::insert()
                .into_table(customer::Entity)
                .columns([
                    customer::Column::UserId,
                    customer::Column::Phone,
                    customer::Column::PreferredLanguage,
                ])
                .values_panic([
                    user.0.into(),
                    new.phone.clone().into(),
                    new.language_preference.clone().into(),
                ])
                .take();
            transaction.execute(&customer).await?;
            self.insert_session(&transaction, user, password, session, now)
                .await?;
            let event = session.event(AuditEventType::Register, user);
            self.note_on(&transaction, &event).await?;
            transaction.commit().await?;
            Ok(user)
        })
        .await
    }

    async fn insert_user(
        &self,
        transaction: &Transaction,
        new: &NewCustomer,
        password: &PasswordHash,
        role: i32,
    ) -> Result<UserId, StoreError> {
        let values: [(String, Expr); 7] = [
            (name_of(user::Column::Name), new.name.clone().into()),
            (name_of(user::Column::Email), new.email.clone().into()),
            (name_of(user::Column::Phone), new.phone.clone().into()),
            (name_of(user::Column::RoleId), role.into()),
            (
                name_of(user::Column::LanguagePreference),
                new.language_preference.clone().into(),
            ),
            (
                name_of(user::Unmodelled::Password),
                password.expose().into(),
            ),
            (
                name_of(user::Unmodelled::UserType),
                ActiveEnum::as_enum(&user::UserType::Customer),
            ),
        ];
        let (columns, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let insert = Query::insert()
            .into_table(user::Entity)
            .columns(columns)
            .values_panic(values)
            .returning_col(user::Column::Id)
            .take();
        let row = transaction.query_one(&insert).await?;
        let row = row.ok_or_else(|| StoreError::Inconsistent("an insert gave no id".to_owned()))?;
        Ok(UserId(row.try_get("", "id")?))
    }
}

fn name_of<T: Copy + Iden>(column: T) -> String {
    column.unquoted().to_owned()
}
