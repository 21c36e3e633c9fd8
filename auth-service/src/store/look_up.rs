//! Reads sessions with their users for validations, with one statement for any number of sessions.

use super::{StoreError, load};
use crate::model::{Generation, Holder, LookedUp, PasswordHash};
use contract::{
    ids::{PartnerId, SessionId, UserId},
    time::Timestamp,
};
use database::{Database, Dialect, KeptConnection};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, TryGetable};
use std::{collections::HashMap, sync::Arc};

/// One statement in two dialects: the databases differ in arrays, clocks and digests. `$1`: session
/// ids, `$2`: the clock's offset. The columns have the order in which [`read`] reads them.
macro_rules! look_up_statement {
    (keys: $keys:literal, now: $now:literal, password: $password:expr,
     permissions: $permissions:literal, join: $join:literal) => {
        concat!(
            "SELECT s.session_id, s.user_id, s.generation, COALESCE(s.is_active, FALSE), ",
            "s.expires_at, s.absolute_expires_at, s.used_at IS NOT NULL, ",
            "s.created_at IS NOT NULL AND s.rotated_at IS NOT NULL, ",
            "s.password_digest IS NOT NULL, ",
            $password,
            ", ",
            $now,
            ", ",
            "u.id IS NOT NULL, u.name, CAST(u.user_type AS text), r.name, u.partner_id, ",
            "COALESCE(u.is_active AND NOT u.is_deleted, FALSE), ",
            $permissions,
            " ",
            "FROM user_sessions s ",
            "LEFT JOIN users u ON u.id = s.user_id ",
            "LEFT JOIN roles r ON r.id = u.role_id ",
            $join,
            "WHERE s.session_id ",
            $keys,
            " AND s.generation IS NOT NULL"
        )
    };
}

/// The hash of a password does not leave the database. For many rows, a join is cheaper than an
/// array in the list of columns.
const POSTGRES: &str = look_up_statement!(
    keys: "= ANY($1)",
    now: "clock_timestamp() + $2 * interval '1 microsecond'",
    password: concat!("s.password_digest = ", digest_of_password!("u")),
    permissions: "held.names",
    join: "LEFT JOIN LATERAL (SELECT array_agg(p.name) AS names \
           FROM role_permissions g JOIN permissions p ON p.id = g.permission_id \
           WHERE g.role_id = u.role_id AND g.is_active AND NOT g.is_deleted \
           AND p.is_active AND NOT p.is_deleted) held ON TRUE "
);
/// SQLite has no digests, and runs in this process anyway.
const SQLITE: &str = look_up_statement!(
    keys: "IN (SELECT value FROM json_each($1))",
    now: "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + $2",
    password: "s.password_digest, u.password",
    permissions: "(SELECT json_group_array(p.name) \
           FROM role_permissions g JOIN permissions p ON p.id = g.permission_id \
           WHERE g.role_id = u.role_id AND g.is_active AND NOT g.is_deleted \
           AND p.is_active AND NOT p.is_deleted)",
    join: ""
);

/// The sessions that were found, by id. A row that cannot be read fails only its own callers.
pub type Found = HashMap<SessionId, Result<Arc<LookedUp>, String>>;

/// Reads sessions for validations.
#[derive(Debug)]
pub struct SessionReader {
    database: Database,
    /// The connection for PostgreSQL.
    kept: Option<KeptConnection>,
}

impl SessionReader {
    /// Reads from this database, over a connection of its own.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let kept = match database.dialect() {
            Dialect::Postgres => Some(KeptConnection::new(database.clone())),
            Dialect::Sqlite => None,
        };
        Self { database, kept }
    }

    /// Looks up the sessions of this service with these ids.
    pub async fn look_up(&self, ids: &[SessionId]) -> Result<Found, StoreError> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let offset = self.database.offset_micros();
        let rows = if let Some(kept) = &self.kept {
            let bind = |query: database::KeptQuery| query.bind(names.as_slice()).bind(offset);
            kept.query_all(POSTGRES, bind).await?
        } else {
            let names = serde_json::Value::from(names).to_string();
            let backend = Dialect::Sqlite.backend();
            let values = [names.into(), offset.into()];
            let statement = Statement::from_sql_and_values(backend, SQLITE, values);
            self.database.connection().query_all_raw(statement).await?
        };
        let dialect = self.database.dialect();
        let mut found = Found::with_capacity(rows.len());
        for row in &rows {
            let mut columns = Columns { row, next: 0 };
            let name: String = columns.take()?;
            if let Some(id) = SessionId::parse(&name) {
                let read = read(columns, dialect).map(Arc::new);
                found.insert(id, read.map_err(|error| error.to_string()));
            }
        }
        Ok(found)
    }
}

/// The columns of a row, in order.
struct Columns<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl Columns<'_> {
    fn take<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let column = self.row.try_get_by_index(self.next);
        self.next += 1;
        column
    }
}

fn read(mut row: Columns<'_>, dialect: Dialect) -> Result<LookedUp, DbErr> {
    let user_id = UserId(row.take()?);
    let generation = Generation(row.take()?);
    let is_active = row.take()?;
    let expires_at = row.take()?;
    let absolute_expires_at = row.take()?;
    let is_used = row.take()?;
    for missing in ["created_at or rotated_at", "password_digest"] {
        if !row.take::<bool>()? {
            return Err(DbErr::Type(format!("{missing}: NULL")));
        }
    }
    let password_is_in_force = match dialect {
        Dialect::Postgres => row.take()?,
        Dialect::Sqlite => {
            let digest: String = row.take()?;
            let password: Option<String> = row.take()?;
            password.map(|password| PasswordHash::new(password).has_digest(&digest))
        }
    };
    let now: Timestamp = row.take()?;
    let holder = if row.take()? {
        Some(read_holder(row, dialect)?)
    } else {
        None
    };
    Ok(LookedUp {
        user_id,
        generation,
        is_active,
        expires_at,
        absolute_expires_at,
        is_used,
        holder,
        password_is_in_force,
        now,
    })
}

fn read_holder(mut row: Columns<'_>, dialect: Dialect) -> Result<Holder, DbErr> {
    Ok(Holder {
        name: row.take()?,
        user_type: load::user_type(&row.take::<String>()?),
        role: row.take::<Option<String>>()?.unwrap_or_default(),
        partner_id: row.take::<Option<i32>>()?.map(PartnerId),
        is_live: row.take()?,
        permissions: load::sorted(match dialect {
            Dialect::Postgres => row.take::<Option<Vec<String>>>()?.unwrap_or_default(),
            Dialect::Sqlite => load::list_of_texts(row.take()?)?,
        }),
    })
}
