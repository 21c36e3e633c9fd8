//! The roles of the two services, and roles that grants cannot restrict.

use super::{Service, catalogue::query};
use schema::error::{MigrateError, listed};
use sea_orm::ConnectionTrait;

/// The names of the services' roles, as the database has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The role of auth-service.
    pub auth: String,
    /// The role of requests-service.
    pub requests: String,
}

impl Roles {
    /// Each role with its service.
    pub(super) fn each(&self) -> [(Service, &str); 2] {
        [
            (Service::Auth, &self.auth),
            (Service::Requests, &self.requests),
        ]
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<String> {
        vec![self.auth.clone(), self.requests.clone()]
    }

    /// Refuses roles that do not exist, and roles that may do more than they are granted.
    pub(super) async fn refuse(&self, on: &impl ConnectionTrait) -> Result<(), MigrateError> {
        if self.auth == self.requests {
            return Err(MigrateError::SameRole(self.auth.clone()));
        }
        let found: Vec<(String, Option<String>)> =
            query(on, ROLES, vec![self.names().into()]).await?;
        let mut missing = self.names();
        missing.retain(|name| found.iter().all(|(found, _)| found != name));
        if let Some(missing) = listed(&missing) {
            return Err(MigrateError::NoSuchRole(missing));
        }
        for (role, unbound) in found {
            if let Some(why) = unbound {
                return Err(MigrateError::Unbound { role, why });
            }
        }
        Ok(())
    }
}

/// The roles with these names, and why grants do not restrict one. An owner of the tables, their
/// schema or the database may do anything there, and so may its members, though some of them only
/// after SET ROLE. Names are compared as text, because PostgreSQL would cut a `name` off at 63
/// bytes.
const ROLES: &str = "
    WITH owners AS (
        SELECT relowner AS owner FROM pg_class
        WHERE pg_table_is_visible(oid) AND relname IN ('users', 'requests', 'ticketing_migrations')
        UNION SELECT nspowner FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
        WHERE pg_table_is_visible(pg_class.oid) AND relname = 'users'
        UNION SELECT datdba FROM pg_database WHERE datname = current_database()
    )
    SELECT r.rolname::text,
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
                    WHERE o.rolname::text = ANY ($1) AND o.oid <> r.oid
                        AND pg_has_role(r.oid, o.oid, 'MEMBER')))
           END
    FROM pg_roles r WHERE r.rolname::text = ANY ($1) ORDER BY r.rolname::text = ($1)[1] DESC";
