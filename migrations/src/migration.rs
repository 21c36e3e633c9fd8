//! The migrations of this build, in the order in which they are applied.

use database::{Dialect, NEWEST_MIGRATION};

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

/// What the services wait for, which do not have this crate in them.
const WAITED_FOR: &[u8] = NEWEST_MIGRATION.as_bytes();
const _: () = assert!(
    matches!(NEWEST.as_bytes(), WAITED_FOR),
    "NEWEST_MIGRATION must name the last of MIGRATIONS: otherwise the services would be ready \
     too early, or never"
);

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

/// The first index of trigrams ([`crate::trigrams`]). Later migrations have theirs among
/// their `indexes`.
const SEARCH: &str = text!("0002_partner_work/postgres/search.sql");

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
    indexes: &'static str,
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

    /// The names that its statements give to anything but its [`Migration::indexes`].
    /// Names of keys and sequences are not among them, since the database chooses free ones.
    pub(crate) fn created(&self, dialect: Dialect) -> impl Iterator<Item = &'static str> {
        let texts = self.texts(dialect).create.iter();
        texts.flat_map(|text| text.lines()).filter_map(|line| {
            let statement = line.strip_prefix("CREATE ")?;
            statement
                .split([' ', '('])
                .find(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
        })
    }

    /// The indexes on the application's tables.
    pub(crate) fn indexes(&self, dialect: Dialect) -> impl Iterator<Item = Index> {
        let has_search = self.has_search && dialect == Dialect::Postgres;
        let search = if has_search { SEARCH } else { "" };
        let texts = [self.texts(dialect).indexes, search];
        texts
            .into_iter()
            .flat_map(|text| text.lines().filter_map(Index::read))
    }
}

/// An index on one of the application's tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    /// What follows its name.
    definition: &'static str,
}

impl Index {
    /// Reads a line `CREATE INDEX name ON table …;`, and no other.
    fn read(line: &'static str) -> Option<Self> {
        let statement = line.strip_prefix("CREATE INDEX ")?;
        let (name, definition) = statement.trim_end_matches(';').split_once(' ')?;
        let (table, _) = definition.strip_prefix("ON ")?.split_once(' ')?;
        Some(Self {
            name,
            table,
            definition,
        })
    }

    /// Whether it takes the extension.
    pub(crate) fn is_of_trigrams(&self) -> bool {
        self.definition.contains(" gin_trgm_ops")
    }

    /// What follows its name, where `pg_trgm` lies in this schema: a statement finds no
    /// operator class by the search path, where that does not lead to the extension.
    pub(crate) fn definition(&self, schema_of_trigrams: &str) -> String {
        self.definition.replace(
            " gin_trgm_ops",
            &format!(" {schema_of_trigrams}.gin_trgm_ops"),
        )
    }
}

/// The migration that makes the application's tables, or takes them over where
/// the application has made them. All later ones make tables of our own, and indexes.
pub(crate) const TABLES: &Migration = &MIGRATIONS[0];

/// All of them, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[
    TABLES_MADE,
    PARTNER_WORK,
    THROTTLES,
    AUDIT,
    HOUSEKEEPING,
    FOLDED_SEARCH,
];

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

const HOUSEKEEPING: Migration = Migration {
    name: "0005_housekeeping",
    postgres: Texts {
        create: &[],
        indexes: text!("0005_housekeeping/postgres/indexes.sql"),
        drop: text!("0005_housekeeping/postgres/drop.sql"),
    },
    sqlite: Texts {
        create: &[],
        indexes: text!("0005_housekeeping/sqlite/indexes.sql"),
        drop: text!("0005_housekeeping/sqlite/drop.sql"),
    },
    tables: &[],
    has_search: false,
};

const FOLDED_SEARCH: Migration = Migration {
    name: "0006_folded_search",
    postgres: Texts {
        create: &[],
        indexes: text!("0006_folded_search/postgres/indexes.sql"),
        drop: "",
    },
    // its list is searched without an index
    sqlite: Texts {
        create: &[],
        indexes: "",
        drop: "",
    },
    tables: &[],
    has_search: false,
};
