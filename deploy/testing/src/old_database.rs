//! Databases of the old application in all their forms, and a digest that shows whether a database
//! was changed.

use crate::{
    Kind, TestDatabase,
    fingerprint::{fingerprint, lines},
    later_migrations::{added_columns, columns_added_to},
};
use contract::time::Clock;
use database::Database;
use migrations::Report;
use std::{fmt, sync::Mutex};

/// The old application's schema.
pub const OLD_APPLICATION: &str =
    include_str!("../../../migrations/tests/fixtures/old_application.sql");

const ROWS: &str = include_str!("../../../migrations/tests/fixtures/old_rows.sql");

/// The form of a database.
#[derive(Clone, Copy, Debug)]
pub struct OldDatabase {
    /// A letter from `a` to `e`.
    pub shape: char,
    /// The second family of names of constraints, and no `idx_*`.
    pub other_names: bool,
    /// `users.otp_enabled`.
    pub otp_enabled: bool,
    /// `operation` in `user_type_enum`.
    pub operation: bool,
}

impl fmt::Display for OldDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            shape,
            other_names,
            otp_enabled,
            operation,
        } = self;
        write!(
            f,
            "({shape}), other names: {other_names}, otp_enabled: {otp_enabled}, operation: {operation}"
        )
    }
}

impl OldDatabase {
    /// Of a shape, and otherwise as of the day of `old_application.sql`.
    #[must_use]
    pub fn of_shape(shape: char) -> Self {
        Self {
            shape,
            other_names: false,
            otp_enabled: false,
            operation: false,
        }
    }

    /// All forms with a shape.
    pub fn all_of_shape(shape: char) -> impl Iterator<Item = Self> {
        (0..8).map(move |bits| Self {
            shape,
            other_names: bits & 1 != 0,
            otp_enabled: bits & 2 != 0,
            operation: bits & 4 != 0,
        })
    }

    /// Makes it, with the rows of the fixture.
    pub async fn make(self) -> TestDatabase {
        self.make_with(&[ROWS]).await
    }

    /// Makes it, with the rows of some scripts.
    pub async fn make_with(self, rows: &[&str]) -> TestDatabase {
        let database = TestDatabase::empty(Kind::Postgres).await;
        database.execute(OLD_APPLICATION).await;
        // a value that is added to an enum is not to be used in one transaction
        for script in rows {
            database.execute(script).await;
        }
        let mut script = String::from(self.shape());
        if self.otp_enabled {
            script += "ALTER TABLE users ADD COLUMN otp_enabled boolean DEFAULT true;";
        }
        if self.operation {
            script += "ALTER TYPE user_type_enum ADD VALUE 'operation';";
        }
        if self.other_names {
            script += OTHER_NAMES;
        }
        database.execute(&script).await;
        if self.operation {
            database
                .execute(
                    "UPDATE users SET user_type = 'operation'
                     WHERE role_id = (SELECT id FROM roles WHERE name = 'operational')",
                )
                .await;
        }
        database
    }

    /// From shape (b), which the fixture has. Whole tokens were kept as text in some
    /// databases.
    fn shape(self) -> &'static str {
        match self.shape {
            'a' if self.otp_enabled => {
                "ALTER TABLE user_sessions DROP COLUMN session_id, ADD COLUMN token text UNIQUE, ADD COLUMN refresh_token text UNIQUE;
                 UPDATE user_sessions SET token = 'token ' || id, refresh_token = 'refresh ' || id;
                 ALTER TABLE user_sessions ALTER COLUMN token SET NOT NULL, ALTER COLUMN refresh_token SET NOT NULL;
                 CREATE INDEX idx_user_sessions_token ON user_sessions (token);"
            }
            'a' => {
                "ALTER TABLE user_sessions DROP COLUMN session_id, ADD COLUMN token varchar(500) UNIQUE, ADD COLUMN refresh_token varchar(500) UNIQUE;
                 UPDATE user_sessions SET token = 'token ' || id, refresh_token = 'refresh ' || id;
                 ALTER TABLE user_sessions ALTER COLUMN token SET NOT NULL, ALTER COLUMN refresh_token SET NOT NULL;
                 CREATE INDEX idx_user_sessions_token ON user_sessions (token);"
            }
            'b' => "",
            'c' => "ALTER TABLE user_sessions DROP COLUMN session_id;",
            'd' => {
                "INSERT INTO user_sessions (user_id, session_id, expires_at) VALUES (1, '', now());"
            }
            'e' => {
                "ALTER TABLE user_sessions DROP COLUMN session_id, ADD COLUMN token text, ADD COLUMN refresh_token text;"
            }
            other => panic!("no shape {other}"),
        }
    }
}

/// `*_unique` and `*_id_fk` for `*_key` and `*_fkey`, and none of `idx_*`.
const OTHER_NAMES: &str = r"
    DO $$ DECLARE name text; old record; BEGIN
        FOR old IN
            SELECT conrelid::regclass AS owner, conname, contype, conrelid, conkey, confrelid::regclass AS other
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('u', 'f')
        LOOP
            SELECT string_agg(attname, '_') INTO name FROM pg_attribute
            WHERE attrelid = old.conrelid AND attnum = ANY (old.conkey);
            name := old.owner || '_' || name
                || CASE old.contype WHEN 'u' THEN '_unique' ELSE '_' || old.other || '_id_fk' END;
            EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', old.owner, old.conname, left(name, 63));
        END LOOP;
        FOR name IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'idx\_%' LOOP
            EXECUTE format('DROP INDEX %I', name);
        END LOOP;
    END $$;";

/// One line a table of the application but `user_sessions`, in any schema: a digest
/// of its rows and of where and by whom they were written, so that an update which
/// changes nothing is seen, too. Columns that `up` adds do not count.
pub async fn checksums(database: &Database) -> Vec<String> {
    checksums_but_log_ins(database, &[]).await
}

/// The same, but for what a log-in may write into the rows of some users.
pub async fn checksums_but_log_ins(database: &Database, users: &[i32]) -> Vec<String> {
    let users: Vec<_> = users.iter().map(ToString::to_string).collect();
    let users = format!("ARRAY[{}]::integer[]", users.join(", "));
    let tables = lines(
        database,
        "SELECT c.oid::regclass::text AS line FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND c.relname <> 'user_sessions' AND c.relname NOT LIKE 'ticketing\\_%' ORDER BY 1",
    )
    .await;
    let mut sums = Vec::new();
    for table in tables {
        let but = |columns: &[&str]| match columns {
            [] => "t::text".to_owned(),
            some => format!("(to_jsonb(t) - '{{{}}}'::text[])::text", some.join(",")),
        };
        let added = columns_added_to(&table);
        let whole = format!("concat_ws(' ', t.ctid, t.xmin, {})", but(&added));
        let row = if table == "users" {
            let some = but(&[added.as_slice(), &["last_login_at", "updated_at"]].concat());
            format!("CASE WHEN t.id = ANY ({users}) THEN {some} ELSE {whole} END")
        } else {
            whole
        };
        let query = format!(
            "SELECT concat_ws(' ', '{table}', count(*), md5(string_agg(written, '|' ORDER BY written COLLATE \"C\"))) AS line
             FROM (SELECT {row} AS written FROM {table} AS t) AS rows"
        );
        let sum = lines(database, &query).await;
        assert!(!sum[0].contains(" 0 "), "no row in {table}");
        sums.extend(sum);
    }
    sums
}

/// The schema without `user_sessions` and what is ours.
pub async fn schema_of_others(database: &Database) -> Vec<String> {
    let mut lines = fingerprint(database).await;
    lines.retain(|line| {
        let added = added_columns()
            .any(|(table, column)| line.starts_with(&format!("column {table} {column} ")));
        let ours = added || line.contains("ticketing_") || line.starts_with("extension pg_trgm ");
        let sessions = ["column user_sessions ", "constraint user_sessions "]
            .iter()
            .any(|start| line.starts_with(start));
        !ours && !sessions && !line.contains(" ON public.user_sessions USING ")
    });
    lines
}

/// The rows of the old application in `user_sessions`, in the columns of theirs
/// that every shape has.
pub async fn old_sessions(database: &Database) -> Vec<String> {
    lines(
        database,
        "SELECT concat_ws(' ', id, user_id, expires_at, device_info, ip_address, created_at, is_active, extra_flag) AS line
         FROM user_sessions ORDER BY id",
    )
    .await
}

/// What the old application of after 8 November 2025 does when somebody logs in,
/// calls, and refreshes.
pub async fn old_log_in(database: &TestDatabase, session_id: &str) {
    database
        .execute(&format!(
            "INSERT INTO user_sessions (user_id, session_id, expires_at, device_info, ip_address)
             VALUES (1, '{session_id}', now() + interval '7 days', 'Firefox', '203.0.113.7')"
        ))
        .await;
    let found = database
        .query_number(&format!(
            "SELECT count(*)::integer FROM user_sessions
             WHERE session_id = '{session_id}' AND is_active = true AND expires_at > now()"
        ))
        .await;
    assert_eq!(found, 1);
    database
        .execute(&format!(
            "UPDATE user_sessions SET is_active = true, expires_at = now() + interval '7 days'
             WHERE session_id = '{session_id}'"
        ))
        .await;
}

/// A session of ours, as auth-service inserts it.
pub async fn our_log_in(database: &TestDatabase) {
    database
        .execute(
            "INSERT INTO user_sessions (user_id, session_id, expires_at, generation, rotated_at, absolute_expires_at)
             VALUES (2, '0b0e7f2e-8f8e-4a52-9d4e-0d0c6f5a7c11', now() + interval '7 days', 1, now(), now() + interval '30 days')
             ON CONFLICT (session_id) DO NOTHING",
        )
        .await;
}

/// A pool on it.
pub async fn open(database: &TestDatabase) -> Database {
    database.open(&Clock::system()).await
}

/// `up`, and all that it says.
pub async fn up(database: &Database) -> (Report, String) {
    let said = Mutex::new(String::new());
    let tell = |line: &str| {
        let mut said = said.lock().unwrap();
        said.push_str(line);
        said.push('\n');
    };
    let report = migrations::up(database, &tell).await.unwrap();
    (report, said.into_inner().unwrap())
}

/// Columns of `user_sessions` as comparable text, whatever their order.
pub async fn session_columns(database: &Database) -> Vec<String> {
    lines(
        database,
        "SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) AS line
         FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE attrelid = 'user_sessions'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'extra_flag'
         ORDER BY attname COLLATE \"C\"",
    )
    .await
}

/// The indexes of ours on the application's tables, as they are defined.
pub async fn our_indexes(database: &Database) -> Vec<String> {
    lines(
        database,
        "SELECT indexdef AS line FROM pg_indexes WHERE indexname LIKE 'ticketing\\_%' AND tablename NOT LIKE 'ticketing\\_%'
         ORDER BY indexname COLLATE \"C\"",
    )
    .await
}
