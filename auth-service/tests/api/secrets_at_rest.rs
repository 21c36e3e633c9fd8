//! No token is in the database, and nothing derived from one.

use crate::{
    life,
    rows::{eventually, text, texts},
    traces::planted,
};
use std::time::Duration;
use testing::{Kind, TestDatabase, auth::Auth};

/// The columns of all tables, as `table.column type`.
async fn columns(database: &TestDatabase) -> Vec<(String, String, String)> {
    let query = match database.kind {
        Kind::Postgres => {
            "SELECT table_name || '.' || column_name || '.' || data_type FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        }
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name || '.' || c.type FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' ORDER BY m.name, c.cid"
        }
    };
    let columns = texts(database, query).await.into_iter().flatten();
    columns
        .map(|column| {
            let mut parts = column.splitn(3, '.').map(str::to_owned);
            let mut part = || parts.next().unwrap();
            (part(), part(), part())
        })
        .collect()
}

/// A query for every column of every table, as text.
async fn dump_query(database: &TestDatabase) -> String {
    let mut selects = Vec::new();
    for (table, column, of_type) in columns(database).await {
        let text = match of_type.to_lowercase().as_str() {
            // a token in it would be read as its letters are
            "bytea" => format!("encode(\"{column}\", 'escape')"),
            _ => format!("CAST(\"{column}\" AS text)"),
        };
        selects.push(format!(
            "SELECT '{table}.{column}: ' || COALESCE({text}, 'NULL') FROM \"{table}\""
        ));
    }
    selects.join(" UNION ALL ")
}

async fn dump(database: &TestDatabase, query: &str) -> String {
    let lines: Vec<String> = texts(database, query).await.into_iter().flatten().collect();
    lines.join("\n")
}

testing::on_both_databases! {
    async fn no_token_is_in_any_table(kind: Kind) {
        let auth = Auth::start(kind).await;
        let secrets = life::live(&auth, async || {
            let unmarked = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE used_at IS NULL AND generation IS NOT NULL";
            // the registration's own session is never used
            eventually("the first use", async || text(&auth.database, unmarked).await.as_deref() == Some("1")).await;
            auth.clock.advance(Duration::from_mins(1));
        })
        .await;
        assert_eq!(secrets.tokens.len(), 10);
        let generation = text(&auth.database, "SELECT CAST(MAX(generation) AS text) FROM user_sessions").await;
        assert_eq!(generation.as_deref(), Some("4"));

        // the last refresh of a life, which is refused
        let last = "SELECT CAST(COUNT(*) AS text) FROM ticketing_audit_events WHERE cause = 'session_ended'";
        eventually("the last event", async || text(&auth.database, last).await.as_deref() != Some("0")).await;

        let query = dump_query(&auth.database).await;
        let dumped = dump(&auth.database, &query).await;
        for shown in ["user_sessions.session_id: ", "users.password: $argon2id$", "users.email: sara@", "ticketing_migrations.", "ticketing_audit_events.cause: email_unknown"] {
            assert!(dumped.contains(shown), "the dump lacks {shown}");
        }
        let detector = secrets.detector();
        assert_eq!(detector.found_in(&dumped), [] as [&str; 0]);

        // and were there a trace of any kind, in any column, it would be found
        for trace in planted(&secrets.tokens[3]) {
            for (table, column) in [("user_sessions", "device_info"), ("roles", "description")] {
                auth.database.execute(&format!("UPDATE {table} SET {column} = 'x{trace}x'")).await;
                assert_ne!(detector.found_in(&dump(&auth.database, &query).await), [] as [&str; 0], "{trace}");
                auth.database.execute(&format!("UPDATE {table} SET {column} = NULL")).await;
            }
        }
        assert_eq!(detector.found_in(&dump(&auth.database, &query).await), [] as [&str; 0]);
    }
}
