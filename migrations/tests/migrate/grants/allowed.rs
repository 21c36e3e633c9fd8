//! What the services' roles may do, altogether and by whatever way: what the table of
//! privileges says, and not one thing more.

use super::{adopted, made, roles, unique};
use crate::fingerprint::lines;
use database::Database;
use migrations::{PRIVILEGES, Service};
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
    for role in [Role::Auth, Role::Requests].map(Role::name) {
        lines.insert(format!("{role} USAGE schema public"));
        lines.insert(format!("{role} CONNECT database"));
    }
    for (table, service, privileges) in PRIVILEGES {
        let role = match service {
            Service::Auth => Role::Auth.name(),
            Service::Requests => Role::Requests.name(),
        };
        let here = columns.iter().filter_map(|name| name.split_once('.'));
        let here = here.filter(|(of, _)| of == table);
        let here: Vec<&str> = here.map(|(_, column)| column).collect();
        for privilege in privileges.iter().filter(|_| !here.is_empty()) {
            let columns = privilege.trim_end_matches(')').split_once(" (");
            let of_table = (*privilege, here.clone());
            let (privilege, of) = columns.map_or(of_table, |(privilege, columns)| {
                (privilege, columns.split(", ").collect())
            });
            if columns.is_none() {
                lines.insert(format!("{role} {privilege} table {table}"));
            }
            if privilege != "DELETE" {
                let column = |column| format!("{role} {privilege} column {table}.{column}");
                lines.extend(of.into_iter().map(column));
            }
            let serials = serials.iter().filter_map(|line| line.split_once(' '));
            let serials = serials.filter(|(of, _)| privilege == "INSERT" && of == table);
            lines.extend(serials.map(|(_, name)| format!("{role} USAGE sequence {name}")));
        }
    }
    lines
}

/// A third role keeps all that it has, too.
#[tokio::test]
async fn each_role_may_do_what_is_written_and_nothing_else_whatever_it_was_granted_before() {
    for (test, pool) in [made().await, adopted().await] {
        let other = unique("old_application");
        let database = &lines(&pool, "SELECT current_database()::text AS line").await[0];
        test.execute(&format!(
            "CREATE ROLE {other};
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {other}, ticketing_requests, ticketing_auth;
             GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {other}, ticketing_requests, ticketing_auth;
             GRANT SELECT (name) ON partners TO {other}, ticketing_auth WITH GRANT OPTION;
             GRANT SELECT (password), REFERENCES (id) ON users TO ticketing_requests;
             GRANT SELECT ON requests TO ticketing_requests WITH GRANT OPTION;
             GRANT USAGE, CREATE ON SCHEMA public TO {other}, ticketing_auth;
             REVOKE ALL ON SCHEMA public FROM PUBLIC;
             GRANT CREATE ON DATABASE {database} TO ticketing_requests;
             REVOKE ALL ON DATABASE {database} FROM PUBLIC;
             REVOKE SELECT ON roles FROM ticketing_auth;
             REVOKE UPDATE (password) ON users FROM ticketing_auth"
        ))
        .await;
        let others = format!(
            "SELECT concat_ws(' ', of, privilege_type, is_grantable) AS line FROM (
                 SELECT oid::regclass::text AS of, relacl AS acl FROM pg_class
                 UNION ALL SELECT attname, attacl FROM pg_attribute
                 UNION ALL SELECT nspname, nspacl FROM pg_namespace
             ) acls CROSS JOIN LATERAL aclexplode(acl) WHERE grantee = '{other}'::regrole"
        );
        let before = set(&pool, &others).await;
        let granted = migrations::grant(&pool, &roles()).await.unwrap();
        assert_eq!(granted.warnings, Vec::<String>::new());
        assert_eq!(set(&pool, EFFECTIVE).await, expected(&pool).await);
        assert_eq!(set(&pool, &others).await, before);
        assert!(before.contains("name SELECT t") && before.contains("public CREATE f"));
    }
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
    let decided = PRIVILEGES
        .iter()
        .map(|(table, ..)| (*table).to_owned())
        .collect();
    assert_eq!(there, decided);
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
