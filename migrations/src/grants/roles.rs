//! The two roles, and whether grants can bind them.

use super::catalogue::{ask, names};
use crate::{error::MigrateError, found::Names};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

/// The names of the services' roles, as the database has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// By which auth-service connects.
    pub auth: String,
    /// By which requests-service connects.
    pub requests: String,
}

impl Roles {
    /// Refuses roles that are not there, and those that no grant binds. Gives what
    /// the operator should know of the others.
    pub(super) async fn examine(
        &self,
        on: &impl ConnectionTrait,
    ) -> Result<Vec<String>, MigrateError> {
        if self.auth == self.requests {
            return Err(MigrateError::SameRole(self.auth.clone()));
        }
        let rows = ask(on, ROLES, names(self)).await?;
        let found = rows
            .iter()
            .map(Found::read)
            .collect::<Result<Vec<_>, DbErr>>()?;
        let is_there = |name: &&String| found.iter().any(|role| role.name == **name);
        let missing = [&self.auth, &self.requests]
            .into_iter()
            .filter(|name| !is_there(name))
            .cloned();
        if let Some(missing) = Names::some(missing.collect()) {
            return Err(MigrateError::NoSuchRole(missing));
        }
        for role in &found {
            if let Some(why) = &role.unbound {
                return Err(MigrateError::Unbound {
                    role: role.name.clone(),
                    why: why.clone(),
                });
            }
        }
        let warned = found
            .into_iter()
            .filter_map(|Found { name, beyond, .. }| Some((name, beyond?)));
        Ok(warned
            .map(|(name, beyond)| {
                format!("warning  {name} has {beyond}, by which it gets beyond any grant")
            })
            .collect())
    }
}

/// A role that is there.
struct Found {
    name: String,
    /// Why grants do not bind it.
    unbound: Option<String>,
    /// An attribute that leads around them.
    beyond: Option<String>,
}

impl Found {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            name: row.try_get("", "name")?,
            unbound: row.try_get("", "unbound")?,
            beyond: row.try_get("", "beyond")?,
        })
    }
}

/// `$1`, `$2`: the roles. Who owns the tables, their schema or the database may do
/// anything there, and so may its members, though not all of them without SET ROLE.
/// A name is compared as text: as a `name` it would be cut off at 63 bytes.
const ROLES: &str = "
    WITH owners AS (
        SELECT relowner AS owner FROM pg_class
        WHERE pg_table_is_visible(oid) AND relname IN ('users', 'requests', 'ticketing_migrations')
        UNION SELECT nspowner FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
        WHERE pg_table_is_visible(pg_class.oid) AND relname = 'users'
        UNION SELECT datdba FROM pg_database WHERE datname = current_database()
    )
    SELECT r.rolname::text AS name,
           CASE
               WHEN r.rolsuper THEN 'it is a superuser'
               WHEN r.oid IN (SELECT owner FROM owners)
                   THEN 'it owns the tables, their schema or the database'
               ELSE coalesce(
                   (SELECT 'it is a member of ' || o.rolname
                           || ', which owns the tables, their schema or the database'
                    FROM owners JOIN pg_roles o ON o.oid = owner
                    WHERE pg_has_role(r.oid, owner, 'MEMBER') ORDER BY 1 LIMIT 1),
                   (SELECT 'it is a member of ' || o.rolname || ', the other service''s role'
                    FROM pg_roles o
                    WHERE o.rolname::text IN ($1, $2) AND o.oid <> r.oid
                        AND pg_has_role(r.oid, o.oid, 'MEMBER')))
           END AS unbound,
           nullif(concat_ws(' and ', CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                            CASE WHEN r.rolreplication THEN 'REPLICATION' END), '') AS beyond
    FROM pg_roles r WHERE r.rolname::text IN ($1, $2) ORDER BY r.rolname::text = $1 DESC";
