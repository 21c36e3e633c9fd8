//! The migrations of this build, in the order in which they are applied.

use shared::database::Dialect;

/// One text of a migration.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../schema/", $path))
    };
}

/// The last of this build's migrations: where it stands in the bookkeeping
/// (table `ticketing_migrations`, column `name`), all of them do, since they are
/// applied in order and in one transaction. Later ones may stand there, too.
pub const NEWEST: &str = MIGRATIONS[MIGRATIONS.len() - 1].name;

/// This build's migrations, in the order in which they are applied.
pub const NAMES: [&str; MIGRATIONS.len()] = {
    let mut names = [""; MIGRATIONS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = MIGRATIONS[at].name;
        at += 1;
    }
    names
};

/// The application's roles and permissions, as statements for either database,
/// for tables that were made elsewhere and are empty.
pub const SEED: &str = text!("0001_tables/seed.sql");

/// The index of PostgreSQL's that takes an extension, and so may be missing
/// ([`crate::trigrams`]).
pub(crate) const SEARCH: &str = text!("0002_partner_work/postgres/search.sql");

/// One step of the schema. A migration that is released is never edited; the
/// next one changes what it made.
pub(crate) struct Migration {
    /// Its key in the bookkeeping: a number that sorts, and a word.
    pub(crate) name: &'static str,
    /// What it makes on PostgreSQL, and drops again.
    postgres: Texts,
    /// What it makes on SQLite, and drops again.
    sqlite: Texts,
    /// The tables that it makes, on either.
    pub(crate) tables: &'static [&'static str],
    /// Whether [`SEARCH`] comes with it.
    pub(crate) has_search: bool,
}

/// The statements of a migration on one of the databases.
pub(crate) struct Texts {
    /// Makes everything but `indexes` in a database that holds none of it.
    pub(crate) create: &'static [&'static str],
    /// The indexes on the application's tables, a line each: a database that was
    /// taken over gets them one by one and concurrently.
    pub(crate) indexes: &'static str,
    /// Drops exactly that; indexes go with their tables.
    pub(crate) drop: &'static str,
}

impl Migration {
    /// Its statements.
    pub(crate) fn texts(&self, dialect: Dialect) -> &Texts {
        match dialect {
            Dialect::Postgres => &self.postgres,
            Dialect::Sqlite => &self.sqlite,
        }
    }
}

/// The migration that makes the application's tables, or takes them over where
/// the application has made them. All later ones make tables of our own, and indexes.
pub(crate) const TABLES: &Migration = &MIGRATIONS[0];

/// All of them, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[TABLES_MADE, PARTNER_WORK, THROTTLES, AUDIT];

const TABLES_MADE: Migration = Migration {
    name: "0001_tables",
    postgres: Texts {
        create: &[
            text!("0001_tables/postgres/users.sql"),
            text!("0001_tables/postgres/requests.sql"),
            text!("0001_tables/postgres/triggers.sql"),
            text!("0001_tables/seed.sql"),
        ],
        indexes: text!("0001_tables/postgres/indexes.sql"),
        drop: text!("0001_tables/postgres/drop.sql"),
    },
    sqlite: Texts {
        create: &[
            text!("0001_tables/sqlite/users.sql"),
            text!("0001_tables/sqlite/requests.sql"),
            text!("0001_tables/seed.sql"),
        ],
        indexes: text!("0001_tables/sqlite/indexes.sql"),
        drop: text!("0001_tables/sqlite/drop.sql"),
    },
    tables: &[
        "branches",
        "categories",
        "configurations",
        "customers",
        "partner_categories",
        "partners",
        "permissions",
        "pickup_option_types",
        "request_assignments",
        "request_status_log",
        "requests",
        "role_permissions",
        "roles",
        "services",
        "user_sessions",
        "users",
    ],
    has_search: false,
};

const PARTNER_WORK: Migration = Migration {
    name: "0002_partner_work",
    postgres: Texts {
        create: &[text!("0002_partner_work/postgres/tables.sql")],
        indexes: text!("0002_partner_work/postgres/indexes.sql"),
        drop: text!("0002_partner_work/postgres/drop.sql"),
    },
    sqlite: Texts {
        create: &[text!("0002_partner_work/sqlite/tables.sql")],
        indexes: text!("0002_partner_work/sqlite/indexes.sql"),
        drop: text!("0002_partner_work/sqlite/drop.sql"),
    },
    tables: &["ticketing_idempotency_keys"],
    has_search: true,
};

const THROTTLES: Migration = Migration {
    name: "0003_throttles",
    postgres: Texts {
        create: &[text!("0003_throttles/postgres/tables.sql")],
        indexes: "",
        drop: text!("0003_throttles/postgres/drop.sql"),
    },
    sqlite: Texts {
        create: &[text!("0003_throttles/sqlite/tables.sql")],
        indexes: "",
        drop: text!("0003_throttles/sqlite/drop.sql"),
    },
    tables: &["ticketing_throttles"],
    has_search: false,
};

pub(crate) const AUDIT: Migration = Migration {
    name: "0004_audit",
    postgres: Texts {
        create: &[text!("0004_audit/postgres/tables.sql")],
        indexes: "",
        drop: text!("0004_audit/postgres/drop.sql"),
    },
    sqlite: Texts {
        create: &[text!("0004_audit/sqlite/tables.sql")],
        indexes: "",
        drop: text!("0004_audit/sqlite/drop.sql"),
    },
    tables: &["ticketing_audit_events"],
    has_search: false,
};
