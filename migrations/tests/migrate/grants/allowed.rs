//! What the services' roles may do, altogether and by whatever way: what the table of
//! privileges says, and not one thing more.

use super::{adopted, made, roles};
use crate::fingerprint::lines;
use database::Database;
use migrations::{Columns, PRIVILEGES, Privileges};
use std::collections::BTreeSet;
use testing::Role;

/// What two roles may do with any table, column, sequence, function of the database's
/// own, schema and database, one a line.
const EFFECTIVE: &str = "
    WITH r AS (
        SELECT oid, rolname FROM pg_roles WHERE rolname IN ('ticketing_auth', 'ticketing_requests')
    ), c AS (
        SELECT oid, relname, relkind FROM pg_class
        WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
                                   'pg_toast'::regnamespace)
    )
    SELECT concat_ws(' ', rolname, p, 'table', relname) AS line
    FROM r CROSS JOIN c
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(r.oid, c.oid, p)
    UNION ALL
    SELECT concat_ws(' ', rolname, p, 'column', relname || '.' || attname)
    FROM r CROSS JOIN c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND has_column_privilege(r.oid, c.oid, attnum, p)
    UNION ALL
    SELECT concat_ws(' ', rolname, p, 'sequence', relname)
    FROM r CROSS JOIN c CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) p
    WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege(r.oid, c.oid, p) END
    UNION ALL
    SELECT concat_ws(' ', rolname, p, 'schema', nspname)
    FROM r CROSS JOIN pg_namespace n CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) p
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
        AND has_schema_privilege(r.oid, n.oid, p)
    UNION ALL
    SELECT concat_ws(' ', rolname, p, 'database')
    FROM r CROSS JOIN unnest(ARRAY['CONNECT', 'CREATE']) p
    WHERE has_database_privilege(r.oid, current_database(), p)";

/// The columns of the tables, as `table.column`.
const COLUMNS: &str = "
    SELECT c.relname || '.' || attname AS line
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped";

/// Sequences that a role uses who inserts, by table: serials, told by PostgreSQL.
const SERIALS: &str = "
    SELECT table_name || ' ' || split_part(pg_get_serial_sequence(table_name, 'id'), '.', 2) AS line
    FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'id' AND column_default LIKE 'nextval%'";

async fn set(pool: &Database, query: &str) -> BTreeSet<String> {
    lines(pool, query).await.into_iter().collect()
}

/// The lines of [`EFFECTIVE`] that the table of privileges stands for.
async fn expected(pool: &Database) -> BTreeSet<String> {
    let columns = set(pool, COLUMNS).await;
    let serials = set(pool, SERIALS).await;
    let mut lines = BTreeSet::new();
    for role in [Role::Auth, Role::Requests] {
        let role_name = role.name();
        lines.insert(format!("{role_name} USAGE schema public"));
        lines.insert(format!("{role_name} CONNECT database"));
        for of in PRIVILEGES {
            let table = of.table;
            let here = columns.iter().filter_map(|name| name.split_once('.'));
            let here: Vec<_> = here.filter(|(of, _)| *of == table).collect();
            if here.is_empty() {
                continue;
            }
            let Privileges {
                select,
                insert,
                update,
                delete,
            } = if role == Role::Auth {
                of.auth
            } else {
                of.requests
            };
            if delete {
                lines.insert(format!("{role_name} DELETE table {table}"));
            }
            for (privilege, of) in [("SELECT", select), ("INSERT", insert), ("UPDATE", update)] {
                let names: Vec<&str> = match of {
                    Columns::None => continue,
                    Columns::All => {
                        lines.insert(format!("{role_name} {privilege} table {table}"));
                        here.iter().map(|(_, column)| *column).collect()
                    }
                    Columns::Only(names) => names.to_vec(),
                };
                lines.extend(
                    names
                        .iter()
                        .map(|name| format!("{role_name} {privilege} column {table}.{name}")),
                );
                let serials = serials.iter().filter_map(|line| line.split_once(' '));
                let serials = serials.filter(|(of, _)| privilege == "INSERT" && *of == table);
                lines.extend(
                    serials.map(|(_, sequence)| format!("{role_name} USAGE sequence {sequence}")),
                );
            }
        }
    }
    lines
}

#[tokio::test]
async fn each_role_may_do_in_a_database_of_our_own_what_is_written_and_nothing_else() {
    let (_test, pool) = made().await;
    let expected = expected(&pool).await;
    assert!(expected.contains("ticketing_auth USAGE sequence users_id_seq"));
    assert!(expected.contains("ticketing_requests SELECT column users.name"));
    assert_eq!(set(&pool, EFFECTIVE).await, expected);
}

#[tokio::test]
async fn each_role_may_do_in_a_database_taken_over_what_is_written_and_nothing_else() {
    let (test, pool) = adopted().await;
    test.grant().await;
    assert_eq!(set(&pool, EFFECTIVE).await, expected(&pool).await);
}

/// Who adds a table says here whose it is: without, nobody's, and a service fails.
#[tokio::test]
async fn every_table_of_ours_and_of_the_application_has_been_decided_on() {
    const TABLES: &str =
        "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'";
    let (_made, made) = made().await;
    let (_adopted, adopted) = adopted().await;
    let mut there = set(&made, TABLES).await;
    there.extend(set(&adopted, TABLES).await);
    let decided: BTreeSet<String> = PRIVILEGES.iter().map(|of| of.table.to_owned()).collect();
    assert_eq!(there, decided);
    assert_eq!(PRIVILEGES.len(), decided.len(), "a table twice");
}

/// A default may call a sequence of any name, that belongs to no column; one of an
/// identity column is called without a privilege.
#[tokio::test]
async fn sequences_are_found_by_the_defaults_that_call_them() {
    let (test, pool) = adopted().await;
    test.execute(
        "CREATE SEQUENCE \"Numbers of users\" START 1000;
         ALTER TABLE users ALTER COLUMN id SET DEFAULT nextval('\"Numbers of users\"');
         ALTER SEQUENCE user_sessions_id_seq RENAME TO sessions_numbers;
         ALTER TABLE customers ALTER COLUMN id DROP DEFAULT;
         DROP SEQUENCE customers_id_seq;
         ALTER TABLE customers ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY",
    )
    .await;
    migrations::grant(&pool, &roles()).await.unwrap();
    let auths = set(
        &pool,
        "SELECT relname::text AS line FROM pg_class
         WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege('ticketing_auth', oid, 'USAGE') END",
    )
    .await;
    let auths: Vec<&str> = auths.iter().map(String::as_str).collect();
    assert_eq!(auths, ["Numbers of users", "sessions_numbers"]);
}
