//! `migrate grants`: each service's role may do what the service's statements do, and
//! nothing else.
//!
//! It is made so, whatever was granted before: what the roles hold is compared with
//! [`PRIVILEGES`], and only what differs is granted or revoked, in one transaction. Who
//! else holds what is left alone; where that lets a role do more, the report warns.

mod catalogue;
mod difference;
mod privileges;
mod roles;

pub use privileges::{Columns, PRIVILEGES, Privileges, TablePrivileges};
pub use roles::Roles;

use crate::{error::MigrateError, exclusive};
use database::{Database, Dialect};
use difference::Difference;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use std::fmt;

/// What was changed, or would be, and what the operator should know besides; a line
/// each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// What is granted and revoked. Nothing, where the roles hold what they should.
    pub changes: Vec<String>,
    /// By what a role may do more, that is not for this command to take.
    pub warnings: Vec<String>,
}

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            f.write_str("nothing to do")?;
        }
        f.write_str(&self.changes.join("\n"))?;
        for warning in &self.warnings {
            write!(f, "\n{warning}")?;
        }
        Ok(())
    }
}

/// Gives the roles what [`PRIVILEGES`] says, and takes what goes beyond it.
pub async fn grant(database: &Database, roles: &Roles) -> Result<Grants, MigrateError> {
    refuse_sqlite(database)?;
    let transaction = exclusive::begin(database).await?;
    let before = Difference::read(&transaction, roles).await?;
    for statement in &before.statements {
        run(&transaction, statement).await?;
    }
    let after = Difference::read(&transaction, roles).await?;
    // PostgreSQL only warns where it could not grant anything
    if !after.changes.is_empty() {
        return Err(MigrateError::NotGranted(after.changes.join("; ")));
    }
    transaction.commit().await?;
    Ok(Grants {
        changes: before.changes,
        warnings: after.warnings,
    })
}

/// What [`grant`] would do, or why it would stop. Changes nothing.
pub async fn plan_grants(database: &Database, roles: &Roles) -> Result<Grants, MigrateError> {
    refuse_sqlite(database)?;
    let transaction = exclusive::begin_to_read(database).await?;
    let found = Difference::read(&transaction, roles).await?;
    transaction.rollback().await?;
    Ok(Grants {
        changes: found.changes,
        warnings: found.warnings,
    })
}

fn refuse_sqlite(database: &Database) -> Result<(), MigrateError> {
    match database.dialect() {
        Dialect::Postgres => Ok(()),
        Dialect::Sqlite => Err(MigrateError::NoRoles),
    }
}

async fn run(transaction: &DatabaseTransaction, statement: &str) -> Result<(), MigrateError> {
    match transaction.execute_unprepared(statement).await {
        Ok(_) => Ok(()),
        Err(error) => Err(match MigrateError::from(error) {
            // somebody whom the role granted something in its turn
            MigrateError::Dependents(_) => MigrateError::PassedOn(statement.to_owned()),
            other => other,
        }),
    }
}
