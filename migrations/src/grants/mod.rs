//! `migrate grants`: the role of each service may do what the service's statements need, and
//! nothing else.
//!
//! In one transaction, the roles lose all privileges on the tables, and get those of
//! [`PRIVILEGES`]. So running sessions see the privileges from before or from after it. PostgreSQL
//! only warns of a GRANT or REVOKE without effect. Therefore the result is read back, and
//! everything is rolled back if it is not as intended. Privileges that a role has by a grant to
//! PUBLIC or to a group are not changed by this command, and the report warns of them.

mod catalogue;
mod privileges;
mod roles;

pub use privileges::{PRIVILEGES, Service, TablePrivileges};
pub use roles::Roles;

use catalogue::Holding;
use database::{Database, Dialect};
use schema::{
    bookkeeping, database_error,
    error::{MigrateError, listed},
    exclusive,
};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use std::{collections::BTreeSet, fmt};

/// The statements, and warnings for the operator.
#[derive(Debug, PartialEq, Eq)]
pub struct Grants {
    /// The statements.
    pub statements: Vec<String>,
    /// What lets a role do more, or makes a service fail, and is not changed by this command.
    pub warnings: Vec<String>,
}

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&[&self.statements[..], &self.warnings].concat().join("\n"))
    }
}

/// Grants the roles the privileges of [`PRIVILEGES`], and revokes all others.
pub async fn grant(database: &Database, roles: &Roles) -> Result<Grants, MigrateError> {
    let (transaction, grants) = apply(database, roles).await?;
    transaction.commit().await?;
    Ok(grants)
}

/// What [`grant`] would do, or why it would stop: it is tried, and rolled back.
pub async fn plan_grants(database: &Database, roles: &Roles) -> Result<Grants, MigrateError> {
    let (transaction, grants) = apply(database, roles).await?;
    transaction.rollback().await?;
    Ok(grants)
}

async fn apply(
    database: &Database,
    roles: &Roles,
) -> Result<(DatabaseTransaction, Grants), MigrateError> {
    if database.dialect() == Dialect::Sqlite {
        return Err(MigrateError::NoRoles);
    }
    // two runs at once would change the same rows of the catalogue, which PostgreSQL refuses
    let transaction = exclusive::begin(database).await?;
    match run(&transaction, roles).await {
        Ok(grants) => Ok((transaction, grants)),
        Err(MigrateError::Database(error))
            if database_error::code(&error).as_deref() == Some("42501") =>
        {
            Err(MigrateError::NotTheOwner(database_error::words(&error)))
        }
        Err(error) => Err(error),
    }
}

async fn run(on: &DatabaseTransaction, roles: &Roles) -> Result<Grants, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    applied.refuse_unknown()?;
    if applied.pending().next().is_some() {
        return Err(MigrateError::NotMigrated);
    }
    roles.refuse(on).await?;
    let (statements, due) = decide(roles, &catalogue::objects(on).await?);
    for statement in &statements {
        let done = on.execute_unprepared(statement).await;
        done.map_err(|error| match MigrateError::from(error) {
            // of a role to which one of ours has granted in its turn
            MigrateError::Dependents(_) => MigrateError::PassedOn(statement.clone()),
            other => other,
        })?;
    }
    let warnings = check(on, roles, &due).await?;
    Ok(Grants {
        statements,
        warnings,
    })
}

/// Runs the statements, and reads the roles' privileges afterwards. Revoking the privileges of a
/// table also revokes those of its columns.
fn decide(roles: &Roles, objects: &[(String, Vec<String>)]) -> (Vec<String>, BTreeSet<Holding>) {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let both = roles.each().map(|(_, role)| quoted(role)).join(", ");
    let (mut statements, mut due) = (Vec::new(), BTreeSet::new());
    for (object, tables) in objects {
        statements.push(format!("REVOKE ALL ON {object} FROM {both};"));
        for (service, role) in roles.each() {
            let privileges = privileges::of(service, object, tables);
            if !privileges.is_empty() {
                let (list, to) = (privileges.join(", "), quoted(role));
                statements.push(format!("GRANT {list} ON {object} TO {to};"));
            }
            let columns = privileges.into_iter().flat_map(privileges::by_column);
            due.extend(columns.map(|privilege| (role.to_owned(), privilege, object.clone())));
        }
    }
    (statements, due)
}

/// An error if a role lacks a privilege, or still has another one, because a role other than the
/// owner granted it. Otherwise the warnings.
async fn check(
    on: &DatabaseTransaction,
    roles: &Roles,
    due: &BTreeSet<Holding>,
) -> Result<Vec<String>, MigrateError> {
    let (mut held, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut warnings = catalogue::warnings(on, roles).await?;
    for (role, privilege, object, is_own, way) in catalogue::held(on, roles).await? {
        let what = format!("{privilege} on {object}, {way}");
        let holding = (role, privilege, object);
        if !covers(due, &holding) && is_own {
            wrong.push(format!("{} holds {what}", holding.0));
        } else if !covers(due, &holding) {
            warnings.push(format!("warning  {} may also {what}", holding.0));
        }
        held.insert(holding);
    }
    let lacking = due.iter().filter(|of| !covers(&held, of));
    wrong.extend(
        lacking.map(|(role, privilege, object)| format!("{role} lacks {privilege} on {object}")),
    );
    match listed(&wrong) {
        Some(wrong) => Err(MigrateError::NotGranted(wrong)),
        None => Ok(warnings),
    }
}

/// Whether these allow it: a privilege of a table is one of each of its columns.
fn covers(holdings: &BTreeSet<Holding>, (role, privilege, object): &Holding) -> bool {
    let of_table = privilege.split(" (").next().unwrap_or_default();
    [privilege, of_table]
        .map(|privilege| (role.clone(), privilege.to_owned(), object.clone()))
        .iter()
        .any(|of| holdings.contains(of))
}
