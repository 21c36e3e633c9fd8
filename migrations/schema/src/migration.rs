//! The migrations of this build, in the order in which they are applied.

use database::{Dialect, NEWEST_MIGRATION};

/// One SQL text of a migration.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../", $path))
    };
}

/// The last migration of this build. If it is in the bookkeeping (table `ticketing_migrations`,
/// column `name`), all of them are, because they are applied in order. Later ones may be there,
/// too.
const NEWEST: &str = MIGRATIONS[MIGRATIONS.len() - 1].name;

/// The name that the services wait for. They do not link this crate.
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

/// The application's roles and permissions, as statements for both databases. For empty tables that
/// something else made.
pub const SEED: &str = text!("0001_tables/seed.sql");

/// One step of the schema. A released migration is never edited; a later one changes what it made.
pub struct Migration {
    /// The name in the bookkeeping: a number for the order, and a word.
    pub name: &'static str,
    /// The statements for PostgreSQL.
    postgres: Texts,
    /// The statements for SQLite.
    sqlite: Texts,
}

/// The statements of a migration for one database.
pub struct Texts {
    /// Makes everything except `indexes`, in a database that has none of it.
    pub create: &'static [&'static str],
    /// The indexes on the application's tables, one on each line. A database that is in use gets
    /// them one by one and concurrently, before the rest.
    indexes: &'static str,
    /// Drops exactly what `create` makes. Indexes are dropped with their tables.
    pub drop: &'static str,
}

const NOTHING: Texts = Texts {
    create: &[],
    indexes: "",
    drop: "",
};

impl Migration {
    /// Its statements.
    #[must_use]
    pub fn texts(&self, dialect: Dialect) -> &Texts {
        match dialect {
            Dialect::Postgres => &self.postgres,
            Dialect::Sqlite => &self.sqlite,
        }
    }

    /// The names that its statements define, except those of [`Migration::indexes`]. Names of keys
    /// and sequences are not included, because the database chooses free ones.
    pub fn created(&self, dialect: Dialect) -> impl Iterator<Item = &'static str> {
        self.lines(dialect).filter_map(|line| {
            let statement = line.strip_prefix("CREATE ")?;
            statement
                .split([' ', '('])
                .find(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
        })
    }

    /// The tables that it makes.
    pub fn tables(&self, dialect: Dialect) -> impl Iterator<Item = &'static str> {
        self.lines(dialect).filter_map(|line| {
            let statement = line.strip_prefix("CREATE TABLE ")?;
            statement.split([' ', '(']).next()
        })
    }

    /// The columns that it adds to existing tables, with their tables.
    pub fn columns(&self, dialect: Dialect) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.lines(dialect).filter_map(|line| {
            let statement = line.strip_prefix("ALTER TABLE ")?;
            let (table, column) = statement.split_once(" ADD COLUMN ")?;
            Some((table, column.split(' ').next()?))
        })
    }

    fn lines(&self, dialect: Dialect) -> impl Iterator<Item = &'static str> {
        let texts = self.texts(dialect).create.iter();
        texts.flat_map(|text| text.lines())
    }

    /// The indexes on the application's tables.
    pub fn indexes(&self, dialect: Dialect) -> impl Iterator<Item = Index> {
        let lines = self.texts(dialect).indexes.lines();
        lines.filter_map(Index::read)
    }
}

/// An index on one of the application's tables.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The table that it is on.
    pub table: &'static str,
    /// The rest of the statement after its name.
    definition: &'static str,
}

impl Index {
    /// Reads a line of the form `CREATE INDEX name ON table …;`.
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

    /// Whether it needs the extension `pg_trgm`.
    #[must_use]
    pub fn is_of_trigrams(&self) -> bool {
        self.definition.contains(" gin_trgm_ops")
    }

    /// The rest of the statement, if `pg_trgm` is in this schema. Without the schema, a statement
    /// would not find the operator class if the search path does not include it.
    #[must_use]
    pub fn definition(&self, schema_of_trigrams: &str) -> String {
        self.definition.replace(
            " gin_trgm_ops",
            &format!(" {schema_of_trigrams}.gin_trgm_ops"),
        )
    }
}

/// The migration that makes the application's tables, or takes them over if the application has
/// made them. All later ones make tables of the services, indexes and columns.
pub const TABLES: &Migration = &MIGRATIONS[0];

/// All of them, oldest first. To add one, write it below, name it here, and name it in
/// `NEWEST_MIGRATION` of the crate `database`, without which nothing compiles. SQL of more than
/// a line stands in a folder of its name beside `src/`. The same migration serves a new
/// database, one that is in use, and one of the old application; `migrate` chooses how.
///
/// **A column of a table of the old application**: one line in `create` of either database, in
/// this form, and one in `drop` of PostgreSQL, since `down` gives such a table back:
///
/// ```sql
/// ALTER TABLE requests ADD COLUMN priority integer
/// ALTER TABLE requests DROP COLUMN priority
/// ```
///
/// It is nullable and has no default, so that no row is touched, the old application goes on
/// inserting, and the table is locked for an instant. `up` refuses a
/// database in which the table has such a column already. What the services write into the
/// column is granted in `grants/privileges.rs`.
/// The tests read from here which columns there are.
///
/// **An index on such a table**: a line `CREATE INDEX ticketing_… ON table …;` in `indexes`.
/// They are built before the rest of the migration, so an index on a new column belongs to the
/// next one. One that is needed no more is dropped in `create` of a new migration (`DROP INDEX
/// IF EXISTS`), and its line goes from the old one.
pub const MIGRATIONS: &[Migration] = &[
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
            SEED,
        ],
        indexes: text!("0001_tables/postgres/indexes.sql"),
        drop: text!("0001_tables/postgres/drop.sql"),
    },
    sqlite: Texts {
        create: &[
            text!("0001_tables/sqlite/users.sql"),
            text!("0001_tables/sqlite/requests.sql"),
            SEED,
        ],
        indexes: text!("0001_tables/sqlite/indexes.sql"),
        drop: text!("0001_tables/sqlite/drop.sql"),
    },
};

const PARTNER_WORK: Migration = Migration {
    name: "0002_partner_work",
    postgres: Texts {
        create: &[text!("0002_partner_work/postgres/tables.sql")],
        indexes: text!("0002_partner_work/postgres/indexes.sql"),
        drop: "DROP TABLE ticketing_idempotency_keys",
    },
    sqlite: Texts {
        create: &[text!("0002_partner_work/sqlite/tables.sql")],
        indexes: text!("0002_partner_work/sqlite/indexes.sql"),
        drop: "DROP TABLE ticketing_idempotency_keys",
    },
};

const THROTTLES: Migration = Migration {
    name: "0003_throttles",
    postgres: Texts {
        create: &[text!("0003_throttles/postgres/tables.sql")],
        drop: "DROP TABLE ticketing_throttles",
        ..NOTHING
    },
    sqlite: Texts {
        create: &[text!("0003_throttles/sqlite/tables.sql")],
        drop: "DROP TABLE ticketing_throttles",
        ..NOTHING
    },
};

/// The migration that makes the audit log.
pub const AUDIT: Migration = Migration {
    name: "0004_audit",
    postgres: Texts {
        create: &[text!("0004_audit/postgres/tables.sql")],
        drop: "DROP TABLE ticketing_audit_events",
        ..NOTHING
    },
    sqlite: Texts {
        create: &[text!("0004_audit/sqlite/tables.sql")],
        drop: "DROP TABLE ticketing_audit_events",
        ..NOTHING
    },
};

const HOUSEKEEPING: Migration = Migration {
    name: "0005_housekeeping",
    postgres: Texts {
        indexes: text!("0005_housekeeping/indexes.sql"),
        ..NOTHING
    },
    sqlite: Texts {
        indexes: text!("0005_housekeeping/indexes.sql"),
        ..NOTHING
    },
};

const FOLDED_SEARCH: Migration = Migration {
    name: "0006_folded_search",
    postgres: Texts {
        indexes: text!("0006_folded_search/postgres/indexes.sql"),
        ..NOTHING
    },
    // its list is searched without an index
    sqlite: NOTHING,
};
