//! Why a command stopped. Each message says what was found, and what to do about it.

use crate::database_error::{code, detailed, plain, words};
use sea_orm::DbErr;
use std::borrow::Borrow;

/// Why a command stopped. If the message says that nothing was changed, this holds for everything,
/// because the work is one transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The database contains the application's own tables, and cannot be taken over.
    #[error(
        "the database already holds the application's own {0}, which migrate did not make; \
         nothing was changed. Point DATABASE_URL at an empty database"
    )]
    Application(String),

    /// The database contains a part of the application, but not all that the services read.
    #[error(
        "the database holds the application's own {held}, but lacks {lacks}, which the \
         services read; nothing was changed. Point DATABASE_URL at the application's \
         database, or at an empty one"
    )]
    Incomplete {
        /// What exists.
        held: String,
        /// Everything that is missing.
        lacks: String,
    },

    /// `user_sessions` has none of the shapes that the application gave it.
    #[error(
        "user_sessions has {0}, and this is none of the shapes that migrate knows; nothing \
         was changed. Bring it to one of them: token and refresh_token (varchar(500) or \
         text, both not null; or text, both nullable), or session_id (varchar(100), not \
         null, unique), or none of the three"
    )]
    UnknownShape(String),

    /// There are further columns that every insert must fill.
    #[error(
        "{0} must be filled and has no default, so the services could not insert; nothing \
         was changed. Give it a default, or let it be NULL"
    )]
    Unfilled(String),

    /// There are views on a column that would be dropped.
    #[error(
        "{0}, which would be dropped; nothing was changed. Drop the view first, and create it \
         again without that column{1}"
    )]
    Views(String, &'static str),

    /// There are foreign keys to rows that would be deleted.
    #[error(
        "rows of user_sessions must be deleted, and {0} refers to them; nothing was changed. \
         Drop that foreign key first"
    )]
    Referenced(String),

    /// Something else has names that the services use.
    #[error(
        "the database holds {0}, which migrate did not make, and migrate needs the name; nothing \
         was changed. Rename or drop it"
    )]
    NamesTaken(String),

    /// The encoding cannot store all names, or cannot find them.
    #[error(
        "the database's encoding is {0} and not UTF8, so it cannot store names in most scripts, or \
         cannot find them; nothing was changed. Create a database with ENCODING 'UTF8' TEMPLATE \
         template0, and move the tables there with pg_dump and psql"
    )]
    Encoding(String),

    /// The role lacks rights that `up` needs.
    #[error(
        "the role that migrate connects as lacks {0}; nothing was changed. Grant it, or point \
         DATABASE_URL at the database as the role that owns the tables and their schema"
    )]
    RightsLacking(String),

    /// `pg_trgm` does not exist, and this role cannot create it.
    #[error(
        "cannot create the extension pg_trgm, which the search for names and phones needs: {0}; \
         nothing was changed. It comes with PostgreSQL's contrib modules; let a superuser run \
         CREATE EXTENSION pg_trgm, then run the command again"
    )]
    NoTrigrams(String),

    /// `pg_trgm` exists in a schema that this role may not use.
    #[error(
        "cannot use the extension pg_trgm, which the search for names and phones needs: {0}; \
         nothing was changed"
    )]
    TrigramsClosed(String),

    /// `up` or `down` stopped after its first transaction. The work continues in further ones.
    #[error(
        "{doing}: {words}. What was done before that stays done: run the same command again, \
         and it goes on from here"
    )]
    Interrupted {
        /// What failed.
        doing: String,
        /// The database's message.
        words: String,
    },

    /// There are other tables than those that `up` made, which `fresh` does not drop.
    #[error(
        "the database also holds {0}, which migrate did not make; nothing was changed. \
         Move them elsewhere, or use `down --drop-data`, which leaves them alone"
    )]
    OthersTables(String),

    /// `down` or `fresh` would drop tables with their rows.
    #[error(
        "this drops every table that migrate made, with all rows; nothing was changed. \
         Say so with --drop-data"
    )]
    WouldDropData,

    /// Something that `up` did not make depends on what would be dropped.
    #[error(
        "something that migrate did not make depends on its tables; nothing was changed. \
         Drop it first: {0}"
    )]
    Dependents(String),

    /// The tables existed before `up`, so they cannot be made anew; or the record of what `up` made
    /// is missing.
    #[error(
        "the tables existed before migrate was first run, so migrate never drops them; nothing \
         was changed. `migrate down` undoes what `up` made, if the table ticketing_adoption \
         still says what that is. `migrate down --plan` prints beforehand what changes for the \
         old application"
    )]
    Adopted,

    /// A newer build has changed the database.
    #[error(
        "the database holds {0}, which this build of migrate does not know; nothing was \
         changed. Use the newest build"
    )]
    UnknownMigrations(String),

    /// The bookkeeping contains a text that no build writes.
    #[error(
        "the bookkeeping holds the origin or shape {0:?}, which this build of migrate does not \
         know; nothing was changed. Use the newest build"
    )]
    UnknownOrigin(String),

    /// Another `migrate` ran between the two steps, and did the opposite.
    #[error(
        "another migrate ran in between and did the opposite, which is now in effect. \
         `migrate status` says what is applied"
    )]
    Contradicted,

    /// There is no audit log to purge.
    #[error("the database has no audit log yet; nothing was changed. `migrate up` makes it")]
    NoAuditLog,

    /// Grants on SQLite.
    #[error("SQLite has no roles, so there is nothing to grant; nothing was changed")]
    NoRoles,

    /// Grants before `up`.
    #[error(
        "the database lacks migrations of this build; nothing was changed. Run `migrate up`, \
         then this again"
    )]
    NotMigrated,

    /// Both services would have the same role.
    #[error(
        "{0} is named as the role of both services; nothing was changed. Each takes a role \
         of its own"
    )]
    SameRole(String),

    /// A role does not exist.
    #[error(
        "there is no role {0}; nothing was changed. CREATE ROLE makes it, with LOGIN and a \
         password"
    )]
    NoSuchRole(String),

    /// Grants do not limit a role, because it has privileges in another way.
    #[error(
        "grants do not limit {role}: {why}; nothing was changed. Name a role that was created \
         only for the service"
    )]
    Unbound {
        /// The role.
        role: String,
        /// The other way.
        why: String,
    },

    /// Only the owner of the tables may grant.
    #[error(
        "{0}: only the owner may grant and revoke; nothing was changed. Point DATABASE_URL at the \
         database as the role that owns the tables"
    )]
    NotTheOwner(String),

    /// A role got a privilege with GRANT OPTION, and has used the option.
    #[error(
        "a role has granted its privileges to another role, so they cannot be revoked: {0}; nothing \
         was changed. Run that statement with CASCADE, or let the role revoke its grants"
    )]
    PassedOn(String),

    /// Grants or revocations had no effect, of which PostgreSQL only warns.
    #[error(
        "a GRANT or REVOKE had no effect: {0}; nothing was changed. Run this as the role that owns \
         the database, the schema and the tables. Only the role that granted a privilege can \
         revoke it"
    )]
    NotGranted(String),

    /// Another `migrate` is at work.
    #[error(
        "another migrate is still at work on this database; nothing was changed. \
         Run this again when it has ended"
    )]
    Busy,

    /// Somebody uses the tables.
    #[error(
        "a lock could not be taken in time; nothing was changed. Run this again when no long \
         transaction uses the tables"
    )]
    LockTimeout,

    /// No connection.
    #[error("cannot reach the database: {0}. Check DATABASE_URL, and that the database runs")]
    Unreachable(String),

    /// Anything else that the database says. It may have said so at the commit.
    #[error(
        "the database refused: {words}. Either the whole change was made or nothing; \
         `migrate status` says which", words = words(.0)
    )]
    Database(DbErr),
}

impl MigrateError {
    /// The error of a command that has already changed something. This error alone may say that
    /// nothing was changed.
    #[must_use]
    pub fn half_way(self, doing: &str) -> Self {
        let words = match self {
            Self::Interrupted { .. } | Self::Contradicted => return self,
            Self::Database(error) => words(&error),
            Self::Unreachable(words) => format!("cannot reach the database: {words}"),
            error => error.to_string().replace("; nothing was changed", ""),
        };
        Self::Interrupted {
            doing: doing.to_owned(),
            words,
        }
    }
}

impl From<DbErr> for MigrateError {
    fn from(error: DbErr) -> Self {
        match (&error, code(&error).as_deref()) {
            (DbErr::ConnectionAcquire(_), _) => Self::Unreachable("no answer in time".to_owned()),
            // SQLite's BUSY: another writer is at work
            (_, Some("5")) => Self::Busy,
            (DbErr::Conn(error), _) => Self::Unreachable(plain(error)),
            // to the operator, a deadlock is a lock that could not be taken
            (_, Some("55P03" | "40P01")) => Self::LockTimeout,
            (DbErr::Exec(error) | DbErr::Query(error), Some("2BP01")) => {
                Self::Dependents(detailed(error))
            }
            _ => Self::Database(error),
        }
    }
}

/// Up to five names, and how many more there are. `None` if there are no names.
#[must_use]
pub fn listed(names: &[impl Borrow<str>]) -> Option<String> {
    const SHOWN: usize = 5;
    let (shown, more) = names.split_at(names.len().min(SHOWN));
    let shown = shown.join(", ");
    match more.len() {
        0 if shown.is_empty() => None,
        0 => Some(shown),
        more => Some(format!("{shown} and {more} more")),
    }
}
