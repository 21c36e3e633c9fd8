//! Sessions with their users, as they stand now: one statement however many.

use super::{Store, StoreError, text_or_nothing};
use crate::model::{Generation, PasswordHash, Session, SessionRecord, User};
use contract::{
    ids::{PartnerId, SessionId, UserId},
    principal::UserType,
    time::Timestamp,
};
use database::Dialect;
use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable};
use std::collections::HashMap;

/// One statement, twice: the databases differ in arrays, JSON and clocks. `$1`:
/// session ids, `$2`: the clock's offset.
macro_rules! load_statement {
    (keys: $keys:literal, now: $now:literal, names: $names:literal) => {
        concat!(
            "SELECT s.session_id, s.user_id, s.generation, COALESCE(s.is_active, FALSE) AS is_active, ",
            "s.created_at, s.expires_at, s.absolute_expires_at, s.rotated_at, s.used_at, ",
            "s.device_info, s.ip_address, s.password_digest, ",
            "u.id AS found_user_id, u.name, u.email, CAST(u.user_type AS text) AS user_type, ",
            "u.partner_id, u.language_preference, u.password, ",
            "COALESCE(u.is_active AND NOT u.is_deleted, FALSE) AS is_live, ",
            "r.name AS role, ",
            "(SELECT ", $names, " FROM role_permissions g JOIN permissions p ON p.id = g.permission_id ",
            "WHERE g.role_id = u.role_id AND g.is_active AND NOT g.is_deleted ",
            "AND p.is_active AND NOT p.is_deleted) AS permissions, ",
            $now, " AS now ",
            "FROM user_sessions s ",
            "LEFT JOIN users u ON u.id = s.user_id ",
            "LEFT JOIN roles r ON r.id = u.role_id ",
            "WHERE s.session_id ", $keys, " AND s.generation IS NOT NULL"
        )
    };
}

const POSTGRES: &str = load_statement!(
    keys: "= ANY($1)",
    now: "clock_timestamp() + $2 * interval '1 microsecond'",
    names: "CAST(json_agg(p.name) AS text)"
);
const SQLITE: &str = load_statement!(
    keys: "IN (SELECT value FROM json_each($1))",
    now: "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + $2",
    names: "json_group_array(p.name)"
);

/// What was found, by session. A row that cannot be read fails alone.
pub type Loaded = HashMap<SessionId, Result<SessionRecord, String>>;

impl Store {
    /// Loads the sessions of these ids that are ours.
    pub async fn load(&self, ids: &[SessionId]) -> Result<Loaded, StoreError> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let dialect = self.database.dialect();
        let offset = self.database.offset_micros();
        let (text, keys) = match dialect {
            Dialect::Postgres => (POSTGRES, names.into()),
            Dialect::Sqlite => (SQLITE, json_list(&names).into()),
        };
        let statement =
            Statement::from_sql_and_values(dialect.backend(), text, [keys, offset.into()]);
        let rows = self.database.connection().query_all_raw(statement).await?;
        let mut loaded = Loaded::with_capacity(rows.len());
        for row in &rows {
            let name: String = row.try_get("", "session_id")?;
            if let Some(id) = SessionId::parse(&name) {
                loaded.insert(id, read(id, row).map_err(|error| error.to_string()));
            }
        }
        Ok(loaded)
    }

    /// Loads one session.
    pub async fn load_one(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.load(&[id])
            .await?
            .remove(&id)
            .transpose()
            .map_err(StoreError::Inconsistent)
    }
}

fn json_list(names: &[String]) -> String {
    serde_json::Value::from(names).to_string()
}

fn read(id: SessionId, row: &QueryResult) -> Result<SessionRecord, sea_orm::DbErr> {
    let user_id = UserId(get(row, "user_id")?);
    Ok(SessionRecord {
        session: Session {
            id,
            user_id,
            generation: Generation(get(row, "generation")?),
            is_active: get(row, "is_active")?,
            created_at: get(row, "created_at")?,
            expires_at: get(row, "expires_at")?,
            absolute_expires_at: get(row, "absolute_expires_at")?,
            rotated_at: get(row, "rotated_at")?,
            used_at: get(row, "used_at")?,
            device_info: text_or_nothing(row, "device_info"),
            ip_address: text_or_nothing(row, "ip_address"),
        },
        password_digest: get(row, "password_digest")?,
        user: match get::<Option<i32>>(row, "found_user_id")? {
            Some(_) => Some(read_user(user_id, row)?),
            None => None,
        },
        password: get::<Option<String>>(row, "password")?.map(PasswordHash::new),
        now: get::<Timestamp>(row, "now")?,
    })
}

fn read_user(id: UserId, row: &QueryResult) -> Result<User, sea_orm::DbErr> {
    let permissions: Option<String> = get(row, "permissions")?;
    let mut permissions: Vec<String> = permissions
        .map(|names| serde_json::from_str(&names))
        .transpose()
        .map_err(|error| sea_orm::DbErr::Type(format!("permissions: {error}")))?
        .unwrap_or_default();
    permissions.sort_unstable();
    Ok(User {
        id,
        name: get(row, "name")?,
        email: get(row, "email")?,
        user_type: user_type(&get::<String>(row, "user_type")?),
        role: get::<Option<String>>(row, "role")?.unwrap_or_default(),
        partner_id: get::<Option<i32>>(row, "partner_id")?.map(PartnerId),
        language_preference: get::<Option<String>>(row, "language_preference")?
            .unwrap_or_else(|| "en".to_owned()),
        is_live: get(row, "is_live")?,
        permissions,
    })
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, sea_orm::DbErr> {
    row.try_get("", column)
}

/// A value of `user_type_enum`; databases may have more of them than we know.
fn user_type(text: &str) -> UserType {
    match text {
        "admin" => UserType::Admin,
        "partner" => UserType::Partner,
        "customer" => UserType::Customer,
        "operation" => UserType::Operation,
        _ => UserType::Unknown,
    }
}
