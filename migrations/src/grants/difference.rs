//! What differs between what the two roles hold and what they should, and the
//! statements that make it the same.

use super::{
    catalogue::{self, Creation, Object, PASSED_ON, Privilege},
    privileges::{Columns, PRIVILEGES, Privileges, TablePrivileges},
    roles::Roles,
};
use crate::{bookkeeping, error::MigrateError, found::Names, migration::MIGRATIONS};
use database::Dialect;
use sea_orm::DatabaseTransaction;
use std::collections::{BTreeMap, BTreeSet};

/// A name as a statement writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What differs between what the roles hold and what they should.
#[derive(Default)]
pub(super) struct Difference {
    /// In words.
    pub(super) changes: Vec<String>,
    /// What is not for this command to take.
    pub(super) warnings: Vec<String>,
    /// What makes the changes.
    pub(super) statements: Vec<String>,
    /// What it would take another role to change.
    others: BTreeSet<String>,
}

impl Difference {
    pub(super) async fn read(
        on: &DatabaseTransaction,
        roles: &Roles,
    ) -> Result<Self, MigrateError> {
        let applied = bookkeeping::read(on, Dialect::Postgres).await?;
        if let Some(unknown) = bookkeeping::unknown(&applied) {
            return Err(MigrateError::UnknownMigrations(unknown));
        }
        let holds = |name| applied.iter().any(|row| row.name == name);
        if !MIGRATIONS.iter().all(|migration| holds(migration.name)) {
            return Err(MigrateError::NotMigrated);
        }
        let warnings = roles.examine(on).await?;
        let tables: Vec<&str> = PRIVILEGES.iter().map(|of| of.table).collect();
        let objects = catalogue::objects(on, &tables).await?;
        let mut difference = Self {
            warnings,
            ..Self::default()
        };
        difference.compare_entrances(on, roles, &tables).await?;
        difference
            .compare_objects(on, roles, &tables, &objects)
            .await?;
        let written = PRIVILEGES.iter().filter(|of| of.is_written());
        let written: Vec<&str> = written.map(|of| of.table).collect();
        for (name, table) in catalogue::triggers(on, &written).await? {
            difference.warnings.push(format!(
                "warning  the trigger {name} on {table} runs as the service's role, which may do \
                 nothing else for it: make its function SECURITY DEFINER"
            ));
        }
        match Names::some(difference.others.iter().cloned().collect()) {
            Some(others) => Err(MigrateError::NotTheOwner(others)),
            None => Ok(difference),
        }
    }

    async fn compare_entrances(
        &mut self,
        on: &DatabaseTransaction,
        roles: &Roles,
        tables: &[&str],
    ) -> Result<(), MigrateError> {
        for entrance in catalogue::entrances(on, roles, tables).await? {
            let role = quoted(&entrance.role);
            let place = format!("{} {}", entrance.kind, entrance.quoted);
            if !entrance.may_enter {
                let privilege = &entrance.privilege;
                self.changes.push(format!(
                    "grants   {privilege} on {place} to {}",
                    entrance.role
                ));
                self.statements
                    .push(format!("GRANT {privilege} ON {place} TO {role}"));
            }
            match entrance.creation {
                Creation::No => {}
                Creation::Granted => {
                    self.changes.push(format!("revokes  CREATE on {place} from {}", entrance.role));
                    self.statements.push(format!("REVOKE CREATE ON {place} FROM {role}"));
                }
                Creation::Otherwise => self.warnings.push(format!(
                    "warning  {} may also CREATE on {place}, by a grant to PUBLIC or to a role that it is a member of",
                    entrance.role
                )),
            }
            if !entrance.has_path {
                self.warnings.push(format!(
                    "warning  {} does not look in {place}: ALTER ROLE {role} SET search_path = {}",
                    entrance.role, entrance.quoted
                ));
            }
        }
        Ok(())
    }

    async fn compare_objects(
        &mut self,
        on: &DatabaseTransaction,
        roles: &Roles,
        tables: &[&str],
        objects: &[Object],
    ) -> Result<(), MigrateError> {
        let granted = catalogue::granted(on, roles).await?;
        let effective = catalogue::effective(on, roles, tables).await?;
        for (role, own) in [
            (&roles.auth, Service::Auth),
            (&roles.requests, Service::Requests),
        ] {
            let mut sequences: BTreeMap<&str, (&Object, BTreeSet<Privilege>)> = BTreeMap::new();
            for of in PRIVILEGES {
                for object in objects.iter().filter(|object| object.table == of.table) {
                    let due = own.due(of, object);
                    if object.is_sequence {
                        let sequence = sequences.entry(&object.quoted);
                        sequence.or_insert((object, BTreeSet::new())).1.extend(due);
                        continue;
                    }
                    let held = catalogue::of(&granted, role, &object.quoted);
                    self.compare(role, object, &due, &held);
                    let taken = plain(&held);
                    let may = effective.iter().filter(|may| {
                        may.role == *role
                            && may.quoted == object.quoted
                            && (may.by_public || !covers(&taken, &may.privilege))
                    });
                    self.warn(role, object, &due, may);
                }
            }
            for (object, due) in sequences.into_values() {
                let held = catalogue::of(&granted, role, &object.quoted);
                self.compare(role, object, &due, &held);
            }
        }
        Ok(())
    }

    /// A table from which something is to be taken is emptied of the role's grants, and
    /// gets all that are due: to revoke a privilege of a table takes it from the columns,
    /// too. Nobody sees the moment between.
    fn compare(
        &mut self,
        role: &str,
        object: &Object,
        due: &BTreeSet<Privilege>,
        held: &BTreeSet<Privilege>,
    ) {
        let kind = if object.is_sequence {
            "SEQUENCE"
        } else {
            "TABLE"
        };
        let place = format!("{kind} {}", object.quoted);
        if due != held && !object.is_ours {
            self.others.insert(object.name.clone());
        }
        let excess = words(held.difference(due), str::to_owned);
        let lacking = words(due.difference(held), str::to_owned);
        if !excess.is_empty() {
            self.changes.push(format!(
                "revokes  {} on {} from {role}",
                excess.join(", "),
                object.name
            ));
            self.statements
                .push(format!("REVOKE ALL ON {place} FROM {}", quoted(role)));
        }
        if !lacking.is_empty() {
            self.changes.push(format!(
                "grants   {} on {} to {role}",
                lacking.join(", "),
                object.name
            ));
        }
        if !lacking.is_empty() || !excess.is_empty() && !due.is_empty() {
            let due = words(due.iter(), quoted);
            self.statements.push(format!(
                "GRANT {} ON {place} TO {}",
                due.join(", "),
                quoted(role)
            ));
        }
    }

    fn warn<'a>(
        &mut self,
        role: &str,
        object: &Object,
        due: &BTreeSet<Privilege>,
        may: impl Iterator<Item = &'a catalogue::Holding>,
    ) {
        let (by_public, otherwise): (Vec<_>, Vec<_>) = may
            .filter(|may| !covers(due, &may.privilege))
            .partition(|may| may.by_public);
        for (ways, by) in [
            (by_public, "a grant to PUBLIC"),
            (
                otherwise,
                "a role that it is a member of, or a grant that is not the owner's",
            ),
        ] {
            let privileges: BTreeSet<Privilege> =
                ways.iter().map(|may| may.privilege.clone()).collect();
            if !privileges.is_empty() {
                self.warnings.push(format!(
                    "warning  {role} may also {} on {}, by {by}",
                    words(privileges.iter(), str::to_owned).join(", "),
                    object.name
                ));
            }
        }
    }
}

/// Whose role it is.
#[derive(Clone, Copy)]
enum Service {
    Auth,
    Requests,
}

impl Service {
    /// What its role should hold on an object.
    fn due(self, of: &TablePrivileges, object: &Object) -> BTreeSet<Privilege> {
        let privileges = match self {
            Self::Auth => of.auth,
            Self::Requests => of.requests,
        };
        let Privileges {
            select,
            insert,
            update,
            delete,
        } = privileges;
        if object.is_sequence {
            let inserts = !matches!(insert, Columns::None);
            return (inserts && object.is_called)
                .then(|| ("USAGE".to_owned(), None))
                .into_iter()
                .collect();
        }
        let mut due = BTreeSet::new();
        for (privilege, columns) in [("SELECT", select), ("INSERT", insert), ("UPDATE", update)] {
            let columns: Vec<Option<String>> = match columns {
                Columns::None => Vec::new(),
                Columns::All => vec![None],
                Columns::Only(names) => names.iter().map(|name| Some((*name).into())).collect(),
            };
            due.extend(columns.into_iter().map(|of| (privilege.to_owned(), of)));
        }
        if delete {
            due.insert(("DELETE".to_owned(), None));
        }
        due
    }
}

/// Whether privileges allow one: that of a table is that of each column.
fn covers(held: &BTreeSet<Privilege>, privilege: &Privilege) -> bool {
    held.contains(privilege) || held.contains(&(privilege.0.clone(), None))
}

/// Without the right to pass them on.
fn plain(held: &BTreeSet<Privilege>) -> BTreeSet<Privilege> {
    held.iter()
        .map(|(privilege, of)| (privilege.replace(PASSED_ON, ""), of.clone()))
        .collect()
}

/// `DELETE`, `SELECT (id, name)`: with the columns of each together.
fn words<'a>(
    privileges: impl Iterator<Item = &'a Privilege>,
    column: fn(&str) -> String,
) -> Vec<String> {
    let mut words: BTreeMap<(&str, bool), Vec<String>> = BTreeMap::new();
    for (privilege, of) in privileges {
        let columns = words.entry((privilege, of.is_some())).or_default();
        columns.extend(of.as_deref().map(column));
    }
    words
        .into_iter()
        .map(|((privilege, _), columns)| match columns.as_slice() {
            [] => privilege.to_owned(),
            columns => format!("{privilege} ({})", columns.join(", ")),
        })
        .collect()
}
