//! Reads a session with its user, for a refresh.

use super::{Store, StoreError, text_or_nothing};
use crate::model::{Generation, PasswordHash, Session, SessionRecord, User};
use contract::{
    ids::{PartnerId, SessionId, UserId},
    principal::UserType,
    time::Timestamp,
};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, TryGetable};

/// One statement in two dialects: the databases differ in JSON, clocks and digests. `$1`: the
/// session's id, `$2`: the clock's offset.
macro_rules! load_statement {
    (now: $now:literal, password: $password:expr, names: $names:literal) => {
        concat!(
            "SELECT s.user_id, s.generation, COALESCE(s.is_active, FALSE) AS is_active, ",
            "s.created_at, s.expires_at, s.absolute_expires_at, s.rotated_at, s.used_at, ",
            "s.device_info, s.ip_address, s.password_digest, ",
            "u.id AS found_user_id, u.name, u.email, CAST(u.user_type AS text) AS user_type, ",
            "u.partner_id, u.language_preference, ",
            $password,
            ", ",
            "COALESCE(u.is_active AND NOT u.is_deleted, FALSE) AS is_live, ",
            "r.name AS role, ",
            "(SELECT ",
            $names,
            " FROM role_permissions g JOIN permissions p ON p.id = g.permission_id ",
            "WHERE g.role_id = u.role_id AND g.is_active AND NOT g.is_deleted ",
            "AND p.is_active AND NOT p.is_deleted) AS permissions, ",
            $now,
            " AS now ",
            "FROM user_sessions s ",
            "LEFT JOIN users u ON u.id = s.user_id ",
            "LEFT JOIN roles r ON r.id = u.role_id ",
            "WHERE s.session_id = $1 AND s.generation IS NOT NULL"
        )
    };
}

const POSTGRES: &str = load_statement!(
    now: "clock_timestamp() + $2 * interval '1 microsecond'",
    password: concat!("s.password_digest = ", digest_of_password!("u"), " AS password_is_in_force"),
    names: "CAST(json_agg(p.name) AS text)"
);
const SQLITE: &str = load_statement!(
    now: "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + $2",
    password: "u.password",
    names: "json_group_array(p.name)"
);

impl Store {
    /// Loads a session of this service.
    pub async fn load_one(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        let dialect = self.database.dialect();
        let text = match dialect {
            Dialect::Postgres => POSTGRES,
            Dialect::Sqlite => SQLITE,
        };
        let values = [id.to_string().into(), self.database.offset_micros().into()];
        let statement = Statement::from_sql_and_values(dialect.backend(), text, values);
        let row = self.database.connection().query_one_raw(statement).await?;
        let record = row.map(|row| read(id, &row, dialect)).transpose();
        record.map_err(|error| StoreError::Inconsistent(error.to_string()))
    }
}

fn read(id: SessionId, row: &QueryResult, dialect: Dialect) -> Result<SessionRecord, DbErr> {
    let user_id = UserId(get(row, "user_id")?);
    let digest: String = get(row, "password_digest")?;
    let password_is_in_force = match dialect {
        Dialect::Postgres => get(row, "password_is_in_force")?,
        Dialect::Sqlite => {
            let password: Option<String> = get(row, "password")?;
            password.map(|password| PasswordHash::new(password).has_digest(&digest))
        }
    };
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
        user: match get::<Option<i32>>(row, "found_user_id")? {
            Some(_) => Some(read_user(user_id, row)?),
            None => None,
        },
        password_is_in_force,
        now: get::<Timestamp>(row, "now")?,
    })
}

fn read_user(id: UserId, row: &QueryResult) -> Result<User, DbErr> {
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
        permissions: sorted(list_of_texts(get(row, "permissions")?)?),
    })
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, DbErr> {
    row.try_get("", column)
}

/// Texts that the database returns as JSON.
pub(super) fn list_of_texts(json: Option<String>) -> Result<Vec<String>, DbErr> {
    let texts = json.map(|json| serde_json::from_str(&json)).transpose();
    let texts = texts.map_err(|error| DbErr::Type(format!("permissions: {error}")))?;
    Ok(texts.unwrap_or_default())
}

/// The names of permissions, in the order that callers see.
pub(super) fn sorted(mut permissions: Vec<String>) -> Vec<String> {
    permissions.sort_unstable();
    permissions
}

/// A value of `user_type_enum`, which may have more values than this version knows.
pub(super) fn user_type(text: &str) -> UserType {
    match text {
        "admin" => UserType::Admin,
        "partner" => UserType::Partner,
        "customer" => UserType::Customer,
        "operation" => UserType::Operation,
        _ => UserType::Unknown,
    }
}
