//! Lists a user's active sessions, in pages.

use super::{
    Store, StoreError,
    entity::user_session::{Column, Entity},
    text_or_nothing,
};
use crate::model::{Generation, Session};
use contract::{
    ids::{SessionId, UserId},
    page_tokens::Position,
    time::Timestamp,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QueryResult, QuerySelect as _, QueryTrait as _, sea_query::ExprTrait as _,
};

/// The position of a session in its user's list, newest first. The id is that of its row.
pub type SessionPosition = Position<Timestamp, i32>;

impl Store {
    /// The user's active sessions after a position, newest first. `current` is the caller's
    /// session, which was just validated, so its digest is that of the current password.
    pub async fn list_sessions(
        &self,
        user: UserId,
        current: SessionId,
        after: Option<SessionPosition>,
        limit: u64,
    ) -> Result<Vec<(SessionPosition, Session)>, StoreError> {
        let in_force = Entity::find()
            .select_only()
            .column(Column::PasswordDigest)
            .filter(Column::SessionId.eq(current.to_string()))
            .into_query();
        let sessions = self
            .live_of(user)
            .columns([
                Column::Id,
                Column::SessionId,
                Column::Generation,
                Column::CreatedAt,
                Column::ExpiresAt,
                Column::AbsoluteExpiresAt,
                Column::RotatedAt,
                Column::UsedAt,
                Column::DeviceInfo,
                Column::IpAddress,
            ])
            .filter(Column::PasswordDigest.into_expr().eq(in_force))
            // a row without a value is invalid, and must not hide the others
            .filter(Column::CreatedAt.is_not_null())
            .filter(Column::RotatedAt.is_not_null())
            .filter(Column::AbsoluteExpiresAt.is_not_null())
            .apply_if(after, |rows, after| {
                rows.filter(self.comes_after([Column::CreatedAt, Column::Id], after))
            })
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit);
        let connection = self.database.connection();
        let rows = connection.query_all(sessions.as_query()).await?;
        rows.iter().map(|row| read(user, row)).collect()
    }
}

fn read(user_id: UserId, row: &QueryResult) -> Result<(SessionPosition, Session), StoreError> {
    let name: String = row.try_get("", "session_id")?;
    let id = SessionId::parse(&name)
        .ok_or_else(|| StoreError::Inconsistent("session_id is no UUID".to_owned()))?;
    let created_at = row.try_get("", "created_at")?;
    let session = Session {
        id,
        user_id,
        generation: Generation(row.try_get("", "generation")?),
        is_active: true,
        created_at,
        expires_at: row.try_get("", "expires_at")?,
        absolute_expires_at: row.try_get("", "absolute_expires_at")?,
        rotated_at: row.try_get("", "rotated_at")?,
        used_at: row.try_get("", "used_at")?,
        device_info: text_or_nothing(row, "device_info"),
        ip_address: text_or_nothing(row, "ip_address"),
    };
    Ok((
        SessionPosition {
            sort: created_at,
            id: row.try_get("", "id")?,
        },
        session,
    ))
}
