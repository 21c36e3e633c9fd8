//! What the database's catalogue says about the objects, about the roles' privileges, and about
//! what an operator should know.

use super::{PRIVILEGES, Roles, TablePrivileges};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, TryGetableMany, Value};

/// A role, a privilege of an object or of one of its columns, and the object.
pub(super) type Holding = (String, String, String);

/// Precedes a query of the objects: the tables of these names (`$1`) where the search path looks
/// first, with their sequences and schemas, and the database. A sequence belongs to a column, or
/// is called by a default, or both. One of an identity column is called without a privilege.
macro_rules! with_objects {
    ($query:literal) => {
        concat!(
            "WITH tables AS (
                SELECT oid, relname::text AS of_table, relnamespace FROM pg_class
                WHERE pg_table_is_visible(oid) AND relkind IN ('r', 'p') AND relname::text = ANY ($1)
            ), sequences AS (
                SELECT d.refobjid AS oid, of_table
                FROM tables t JOIN pg_attrdef a ON a.adrelid = t.oid
                JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
                    AND d.refclassid = 'pg_class'::regclass
                UNION
                SELECT d.objid, NULL
                FROM tables t JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
                WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            ), objects AS (
                SELECT 'TABLE' AS kind, oid, oid::regclass::text AS name, of_table FROM tables
                UNION SELECT 'SEQUENCE', oid, oid::regclass::text, of_table
                FROM sequences JOIN pg_class USING (oid) WHERE relkind = 'S'
                UNION SELECT 'SCHEMA', relnamespace, relnamespace::regnamespace::text, NULL FROM tables
                UNION SELECT 'DATABASE', oid, quote_ident(datname), NULL FROM pg_database
                WHERE datname = current_database()
            )",
            $query
        )
    };
}

/// The objects, as GRANT names them. Each has the table that it is, or the tables whose defaults
/// call the sequence.
pub(super) async fn objects(
    on: &impl ConnectionTrait,
) -> Result<Vec<(String, Vec<String>)>, DbErr> {
    const OBJECTS: &str = with_objects!(
        "SELECT kind || ' ' || name, array_remove(array_agg(of_table), NULL) FROM objects
         GROUP BY kind, name ORDER BY kind, name"
    );
    query(on, OBJECTS, vec![tables().into()]).await
}

/// The roles' privileges: whether each was granted to the role itself, and how the role gets it.
/// TEMPORARY is left out, because PUBLIC has it by default.
pub(super) async fn held(
    on: &impl ConnectionTrait,
    roles: &Roles,
) -> Result<Vec<(String, String, String, bool, String)>, DbErr> {
    const HELD: &str = with_objects!(
        ", acls AS (
            SELECT kind, name, NULL AS of_column, relacl AS acl FROM objects JOIN pg_class USING (oid)
            WHERE kind IN ('TABLE', 'SEQUENCE')
            UNION ALL SELECT kind, name, attname, attacl FROM objects o JOIN pg_attribute ON attrelid = o.oid
            WHERE kind = 'TABLE' AND NOT attisdropped
            UNION ALL SELECT kind, name, NULL, nspacl FROM objects JOIN pg_namespace USING (oid)
            WHERE kind = 'SCHEMA'
            UNION ALL SELECT kind, name, NULL, coalesce(datacl, acldefault('d', datdba))
            FROM objects JOIN pg_database USING (oid) WHERE kind = 'DATABASE'
        )
        SELECT rolname::text,
               concat(privilege_type, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END, ' (' || of_column || ')'),
               kind || ' ' || name,
               grantee = r.oid,
               CASE grantee WHEN r.oid THEN 'granted by ' || grantor::regrole WHEN 0 THEN 'by a grant to PUBLIC'
                   ELSE 'as a member of ' || grantee::regrole END
        FROM acls CROSS JOIN LATERAL aclexplode(acl)
        JOIN pg_roles r ON grantee = 0 OR pg_has_role(r.oid, grantee, 'USAGE')
        WHERE rolname::text = ANY ($2) AND (grantee = r.oid OR privilege_type <> 'TEMPORARY')
        ORDER BY 1, 3, 2"
    );
    query(on, HELD, vec![tables().into(), roles.names().into()]).await
}

/// Warnings for the operator: ways around the grants, a search path that does not lead to the tables,
/// and triggers that run as the service that changes a row. The triggers of the application are left
/// out, because they change only that row.
pub(super) async fn warnings(
    on: &impl ConnectionTrait,
    roles: &Roles,
) -> Result<Vec<String>, DbErr> {
    const WARNINGS: &str = with_objects!(
        ", r AS (
            SELECT oid, rolname::text AS role, rolcreaterole, rolreplication, EXISTS (
                SELECT FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS setting
                WHERE setting LIKE 'search\\_path=%' AND s.setrole IN (r.oid, 0)
                    AND s.setdatabase IN (0, (SELECT oid FROM objects WHERE kind = 'DATABASE'))
            ) AS has_path
            FROM pg_roles r WHERE rolname::text = ANY ($2)
        )
        SELECT format('warning  %s %s, so it can do more than its grants allow', role, why)
        FROM r CROSS JOIN LATERAL (
            SELECT 'has CREATEROLE' AS why WHERE rolcreaterole
            UNION ALL SELECT 'has REPLICATION' WHERE rolreplication
            UNION ALL SELECT 'is a member of ' || rolname FROM pg_roles p
            WHERE rolname IN ('pg_read_all_data', 'pg_write_all_data') AND pg_has_role(r.oid, p.oid, 'USAGE')
        ) AS beyond
        UNION ALL
        SELECT format('warning  %s does not look in SCHEMA %s: ALTER ROLE %I SET search_path = %s', role, name, role, name)
        FROM r CROSS JOIN objects
        WHERE kind = 'SCHEMA' AND NOT has_path AND name NOT IN ('public', quote_ident(role))
        UNION ALL
        SELECT format('warning  the trigger %s on %s runs as the service''s role, which may do nothing else '
                      'for it: make its function SECURITY DEFINER', tgname, of_table)
        FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid JOIN pg_proc p ON p.oid = g.tgfoid
        WHERE of_table = ANY ($3) AND NOT tgisinternal AND NOT prosecdef
            AND proname <> 'update_updated_at_column'
        ORDER BY 1"
    );
    let is_written = |(_, _, privileges): &&TablePrivileges| {
        let mut privileges = privileges.iter();
        privileges.any(|privilege| !privilege.starts_with("SELECT"))
    };
    let written = PRIVILEGES.iter().filter(is_written);
    let written: Vec<_> = written.map(|(table, ..)| (*table).to_owned()).collect();
    let values = vec![tables().into(), roles.names().into(), written.into()];
    query(on, WARNINGS, values).await
}

fn tables() -> Vec<String> {
    let tables = PRIVILEGES.iter();
    tables.map(|(table, ..)| (*table).to_owned()).collect()
}

/// Runs a query, and reads its rows in the order of its columns.
pub(super) async fn query<Row: TryGetableMany>(
    on: &impl ConnectionTrait,
    text: &'static str,
    values: Vec<Value>,
) -> Result<Vec<Row>, DbErr> {
    let statement = Statement::from_sql_and_values(Dialect::Postgres.backend(), text, values);
    let rows = on.query_all_raw(statement).await?;
    rows.iter()
        .map(QueryResult::try_get_many_by_index)
        .collect()
}
