//! Log-in and registration: a session, and what is written with it.

use super::{
    Store, StoreError,
    entity::{customer, user, user_session},
    retried,
};
use crate::model::{
    AuditEvent, AuditEventType, Client, Generation, Lives, NewCustomer, PasswordHash,
};
use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};
use database::Transaction;
use sea_orm::{
    ConnectionTrait, Iden,
    sea_query::{Alias, Expr, ExprTrait, LockType, Query, SelectStatement},
};

/// What is known of a user before the password was compared.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Who it would be.
    pub user_id: UserId,
    /// The password's hash.
    pub password: PasswordHash,
    /// Active and not deleted.
    pub is_live: bool,
}

/// A session about to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its name.
    pub id: SessionId,
    /// Where it comes from.
    pub client: Client,
    /// How long it lives.
    pub lives: Lives,
}

impl NewSession {
    /// That it began.
    fn event(&self, event_type: AuditEventType, user: UserId) -> AuditEvent {
        AuditEvent::done(event_type, &self.client)
            .by(user)
            .of(self.id)
    }
}

/// What became of a log-in whose password matched.
#[derive(Debug)]
pub enum CreateOutcome {
    /// The session began.
    Created,
    /// The user was disabled or deleted meanwhile.
    UserGone,
    /// Another text stands in `users.password` than the one that was verified.
    PasswordChanged(PasswordHash),
}

impl Store {
    /// Finds the user that logs in with this e-mail, exactly as it is written:
    /// two accounts may differ in case alone.
    pub async fn find_log_in(&self, email: &str) -> Result<Option<LogIn>, StoreError> {
        let query = log_in_query()
            .and_where(Expr::col(user::Column::Email).eq(email))
            .take();
        let row = self.database.connection().query_one(&query).await?;
        row.map(|row| read_log_in(&row)).transpose()
    }

    /// Whether the tables were the old application's before they were ours.
    pub async fn is_adopted(&self) -> Result<bool, StoreError> {
        let query = Query::select()
            .column("name")
            .from("ticketing_migrations")
            .and_where(Expr::col("origin").eq("adopted"))
            .limit(1)
            .take();
        Ok(self
            .database
            .connection()
            .query_one(&query)
            .await?
            .is_some())
    }

    /// Begins a session, if the verified password still stands there, and notes
    /// the log-in with the user. `stronger`, if given, then stands for the same
    /// password, unless too many sessions were begun with the other.
    ///
    /// The user's row is locked as for the update that follows: a share lock
    /// that two log-ins hold, and both want to strengthen, is a deadlock.
    pub async fn create_session(
        &self,
        user: UserId,
        verified: &PasswordHash,
        stronger: Option<&PasswordHash>,
        session: &NewSession,
    ) -> Result<CreateOutcome, StoreError> {
        retried(|| async {
            let transaction = self.database.begin().await?;
            let mut query = log_in_query();
            query
                .expr_as(self.database.now(), "now")
                .and_where(Expr::col(user::Column::Id).eq(user.0))
                .lock(LockType::NoKeyUpdate);
            let Some(row) = transaction.query_one(&query).await? else {
                return Ok(CreateOutcome::UserGone);
            };
            let found = read_log_in(&row)?;
            if !found.is_live {
                return Ok(CreateOutcome::UserGone);
            }
            if found.password != *verified {
                return Ok(CreateOutcome::PasswordChanged(found.password));
            }
            let now: Timestamp = row.try_get("", "now")?;
            let standing = match stronger {
                Some(stronger) if self.rehash(&transaction, user, verified, stronger).await? => {
                    stronger
                }
                _ => verified,
            };
            self.insert_session(&transaction, user, standing, session, now)
                .await?;
            let event = session.event(AuditEventType::CreateSession, user);
            self.note_on(&transaction, &event).await?;
            transaction.commit().await?;
            Ok(CreateOutcome::Created)
        })
        .await
    }

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
                Expr::val("customer").as_enum(Alias::new("user_type_enum")),
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

    async fn insert_session(
        &self,
        transaction: &Transaction,
        user: UserId,
        password: &PasswordHash,
        session: &NewSession,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use user_session::Column;
        let time = |time| self.database.time(time);
        let end = now + session.lives.session;
        let values: [(Column, Expr); 11] = [
            (Column::UserId, user.0.into()),
            (Column::SessionId, session.id.to_string().into()),
            (Column::CreatedAt, time(now)),
            (Column::RotatedAt, time(now)),
            (
                Column::ExpiresAt,
                time(Ord::min(end, now + session.lives.refresh_token)),
            ),
            (Column::AbsoluteExpiresAt, time(end)),
            (Column::Generation, Generation::FIRST.0.into()),
            (Column::IsActive, true.into()),
            (Column::PasswordDigest, password.digest().into()),
            (
                Column::DeviceInfo,
                session.client.device_info.clone().into(),
            ),
            (Column::IpAddress, session.client.ip_address.clone().into()),
        ];
        let (columns, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let insert = Query::insert()
            .into_table(user_session::Entity)
            .columns(columns)
            .values_panic(values)
            .take();
        transaction.execute(&insert).await?;
        let log_in = Query::update()
            .table(user::Entity)
            .value(user::Column::LastLoginAt, time(now))
            .and_where(Expr::col(user::Column::Id).eq(user.0))
            .take();
        transaction.execute(&log_in).await?;
        Ok(())
    }
}

fn name_of<T: Copy + Iden>(column: T) -> String {
    column.unquoted().to_owned()
}

pub(super) fn log_in_query() -> SelectStatement {
    let live = Expr::col(user::Column::IsActive).and(Expr::col(user::Column::IsDeleted).not());
    Query::select()
        .column(user::Column::Id)
        .column(user::Unmodelled::Password)
        .expr_as(live, "is_live")
        .from(user::Entity)
        .take()
}

pub(super) fn read_log_in(row: &sea_orm::QueryResult) -> Result<LogIn, StoreError> {
    Ok(LogIn {
        user_id: UserId(row.try_get("", "id")?),
        password: PasswordHash::new(row.try_get("", "password")?),
        // NULL is not live
        is_live: row.try_get::<Option<bool>>("", "is_live")? == Some(true),
    })
}
